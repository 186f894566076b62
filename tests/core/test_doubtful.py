"""What is followed and never sure is no face; what is sure once, or seen once, is one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from fer_core.records import FACES, FRAMES
from fer_core.tracking.doubtful import Found, part_doubtful
from fer_core.tracking.tracks import link_tracks
from tests.core.linked import make_marks, make_rows, make_tracks

LEFT, RIGHT = (100, 50), (300, 50)


def found_in(*scores: Sequence[float | None]) -> Found:
    """A video of two faces, 100 ms from frame to frame, by their scores: the left one's first."""
    places = [[place for place, _ in zip((LEFT, RIGHT), own, strict=False)] for own in scores]
    faces, frames = make_rows([(100 * number, own) for number, own in enumerate(places)])
    told = pa.array([score for own in scores for score in own], pa.float32())
    at = FACES.get_field_index("detector_score")
    faces = faces.set_column(at, FACES.field(at), told)
    looks = [60 if place == LEFT else 180 for own in places for place in own]
    return Found(faces, frames, make_marks(faces, looks, [1] * len(scores)))


def test_a_track_that_never_is_sure_goes_and_what_is_left_is_counted_anew() -> None:
    found = found_in((0.75, 0.9), (0.79, 0.7), (0.7,), ())
    sure, doubtful = part_doubtful(found, 0.8)
    assert doubtful is not None
    for part, boxes, counts, first in (
        (sure, [300, 300], [1, 1, 0, 0], 1),
        (doubtful, [100] * 3, [1, 1, 1, 0], 0),
    ):
        assert part.faces.schema.equals(FACES)
        assert part.frames.schema.equals(FRAMES)
        assert part.faces["box_x"].to_pylist() == boxes
        assert part.faces["face_index"].to_pylist() == [0] * len(boxes)
        assert part.frames["face_count"].to_pylist() == counts
        told = ["ok" if count else "no_face" for count in counts]
        assert part.frames["status"].to_pylist() == told
        assert part.marks.looks[:, 0].tolist() == [found.marks.looks[first, 0]] * len(boxes)
        assert len(part.marks.scenes) == 4
        link_tracks(part.faces, part.frames, part.marks)


@pytest.mark.parametrize(
    "scores",
    [
        [(0.6,), (0.8,), (0.6,)],  # sure once
        [(None,), (None,)],  # not told
        [(0.6,), ()],  # seen once: nothing speaks against it but what it is itself
        [(0.6,)],
        [(), ()],
    ],
)
def test_what_is_sure_once_or_seen_once_stays(scores: list[tuple[float | None, ...]]) -> None:
    found = found_in(*scores)
    assert part_doubtful(found, 0.8) == (found, None)


def test_a_frame_that_is_lost_stays_so() -> None:
    found = found_in((0.6,), (), (0.6,))
    at = FRAMES.get_field_index("status")
    lost = pa.array(["ok", "decode_error", "ok"])
    frames = found.frames.set_column(at, FRAMES.field(at), lost)
    sure, _ = part_doubtful(Found(found.faces, frames, found.marks), 0.8)
    assert sure.frames["status"].to_pylist() == ["no_face", "decode_error", "no_face"]
    assert sure.faces.num_rows == 0


def test_tracks_beside_others_are_numbered_after_them() -> None:
    tracks = make_tracks([(0, 0, 10), (100, 0, 11), (200, 1, 300)])
    both = tracks.beside(make_tracks([(0, 0, 500), (100, 0, 501)]))
    assert both.timestamp_ms.tolist() == [0, 0, 100, 100, 200]
    assert both.track_id.tolist() == both.person_id.tolist() == [0, 2, 0, 2, 1]
    assert both.boxes[:, 0].tolist() == [10, 500, 11, 501, 300]
    assert both.scores.shape == (5, 7)
    assert both.looked_ms.shape == (5, 2)
    none = make_tracks([])
    np.testing.assert_array_equal(none.beside(tracks).track_id, tracks.track_id)
    np.testing.assert_array_equal(tracks.beside(none).track_id, tracks.track_id)
