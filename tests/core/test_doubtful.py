"""What is followed and never sure is no face; what is sure once, or seen once, is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from fer_core.records import FACES, FRAMES
from fer_core.tracking.doubtful import Found, part_doubtful
from fer_core.tracking.tracks import link_tracks
from tests.core.linked import make_marks, make_rows, make_tracks

LEFT, RIGHT = (100, 50), (300, 50)


def found_in(*sure: Sequence[bool]) -> Found:
    """A video of two faces, 100 ms from frame to frame, by whether they are sure: first the left.

    The looks of the left one are of 60 grey levels, of the other 180.
    """
    places = [[place for place, _ in zip((LEFT, RIGHT), own, strict=False)] for own in sure]
    faces, frames = make_rows([(100 * number, own) for number, own in enumerate(places)])
    looks = [60 if place == LEFT else 180 for own in places for place in own]
    marks = make_marks(faces, looks, [1] * len(sure))
    told = np.array([each for own in sure for each in own], np.bool_)
    return Found(faces, frames, replace(marks, sure=told))


def test_a_track_that_never_is_sure_goes_and_what_is_left_is_counted_anew() -> None:
    found = found_in((False, True), (False, False), (False,), ())
    sure, doubtful = part_doubtful(found)
    assert doubtful is not None
    for part, boxes, counts, look in (
        (sure, [300, 300], [1, 1, 0, 0], 180),
        (doubtful, [100] * 3, [1, 1, 1, 0], 60),
    ):
        assert part.faces.schema.equals(FACES)
        assert part.frames.schema.equals(FRAMES)
        assert part.faces["box_x"].to_pylist() == boxes
        assert part.faces["face_index"].to_pylist() == [0] * len(boxes)
        assert part.frames["face_count"].to_pylist() == counts
        told = ["ok" if count else "no_face" for count in counts]
        assert part.frames["status"].to_pylist() == told
        assert part.marks.looks[:, 0].tolist() == [look] * len(boxes)
        assert len(part.marks.scenes) == 4
        link_tracks(part.faces, part.frames, part.marks)


@pytest.mark.parametrize(
    "sure",
    [
        [(False,), (True,), (False,)],  # sure once
        [(False,), ()],  # seen once: nothing speaks against it but what it is itself
        [(False,)],
        [(), ()],
    ],
)
def test_what_is_sure_once_or_seen_once_stays(sure: list[tuple[bool, ...]]) -> None:
    found = found_in(*sure)
    assert part_doubtful(found) == (found, None)


def test_a_frame_that_is_lost_stays_so() -> None:
    found = found_in((False,), (), (False,))
    at = FRAMES.get_field_index("status")
    lost = pa.array(["ok", "decode_error", "ok"])
    frames = found.frames.set_column(at, FRAMES.field(at), lost)
    sure, _ = part_doubtful(Found(found.faces, frames, found.marks))
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
