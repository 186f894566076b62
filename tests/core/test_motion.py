"""Boxes move along their track between samples."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from fer_core.shown_face import ShownFace
from fer_core.tracking.motion import faces_at
from tests.core.linked import make_tracks


def places(shown: list[ShownFace]) -> list[tuple[int, float]]:
    return [(face.track_id, face.x) for face in shown]


TWO = make_tracks([(0, 0, 100), (0, 1, 300), (100, 0, 110), (100, 1, 290), (200, 0, 130)])


@pytest.mark.parametrize(
    ("ms", "wanted"),
    [
        (0, [(0, 100), (1, 300)]),
        (50, [(0, 105), (1, 295)]),
        (100, [(0, 110), (1, 290)]),
        (140, [(0, 118), (1, 290)]),
        (160, [(0, 122)]),
        (200, [(0, 130)]),
        (250, [(0, 130)]),
        (251, []),
        (-50, [(0, 100), (1, 300)]),
        (-51, []),
    ],
)
def test_boxes_move_linearly(ms: int, wanted: list[tuple[int, float]]) -> None:
    shown = places(faces_at(TWO, ms))
    assert [track for track, _ in shown] == [track for track, _ in wanted]
    assert [x for _, x in shown] == pytest.approx([x for _, x in wanted])


def test_the_face_has_its_box_and_its_scores() -> None:
    tracks = make_tracks([(0, 7, 100), (100, 7, 200)])
    tracks.scores[1] = np.eye(7)[5]
    (face,) = faces_at(tracks, 25)
    assert (face.track_id, face.x, face.y, face.width, face.height) == (7, 125, 20, 50, 60)
    np.testing.assert_allclose(face.scores, [0, 0, 0, 0.75, 0, 0.25, 0])
    assert face.scores.dtype == np.float32
    assert (face.emotion, face.confidence) == (3, 1.0)  # the confidence of the sample before


def test_a_face_is_shown_through_a_gap_of_a_second_but_not_a_longer_one() -> None:
    tracks = make_tracks([(0, 0, 100), (1000, 0, 200), (2001, 0, 300)])
    assert places(faces_at(tracks, 500)) == [(0, 150)]
    assert places(faces_at(tracks, 1500)) == []


def test_held_faces_are_shown_before_and_after() -> None:
    tracks = make_tracks([(2000, 0, 100), (2100, 0, 120), (5000, 1, 300)])
    held = [places(faces_at(tracks, ms, cover=True)) for ms in (999, 1000, 3100, 3101)]
    assert held == [[], [(0, 100)], [(0, 120)], []]
    assert places(faces_at(tracks, 4000, cover=True)) == [(1, 300)]
    assert places(faces_at(tracks, 6000, cover=True)) == [(1, 300)]


def test_in_a_long_gap_a_cover_lies_at_both_ends_and_moves_between_them() -> None:
    tracks = make_tracks([(0, 0, 100), (1500, 0, 300)])
    assert places(faces_at(tracks, 750, cover=True)) == [(0, 200), (0, 100), (0, 300)]


def test_a_cover_stays_until_a_sample_no_longer_finds_the_face() -> None:
    tracks = make_tracks([(4000, 0, 100)], interval_ms=2000)
    shown = [len(faces_at(tracks, ms, cover=True)) for ms in (1999, 2000, 6000, 6001)]
    assert shown == [0, 1, 1, 0]


def test_slow_sampling_does_not_hold_for_long() -> None:
    tracks = make_tracks([(5000, 0, 100)], interval_ms=5000)
    assert [len(faces_at(tracks, ms)) for ms in (4799, 4800, 5200, 5201)] == [0, 1, 1, 0]


def test_a_part_shows_what_the_whole_does() -> None:
    rng = np.random.default_rng(1)
    rows = [(100 * turn, track, 100 * track + turn) for turn in range(300) for track in range(3)]
    tracks = make_tracks([row for row in rows if rng.random() < 0.8])
    part = pickle.loads(pickle.dumps(tracks.between(9000, 13000)))
    assert 0 < len(part) < len(tracks) / 5
    for ms in range(10000, 12001, 40):
        whole = faces_at(tracks, ms, cover=True)
        assert places(whole) == places(faces_at(part, ms, cover=True))


def test_no_tracks_show_nothing() -> None:
    assert faces_at(make_tracks([]), 100, cover=True) == []
    assert len(TWO.between(500, 600)) == len(TWO.between(600, 500)) == 0


def test_the_confidence_beside_a_face_is_held_for_half_a_second_or_until_the_emotion_changes() -> (
    None
):
    tracks = make_tracks([(ms, 0, 100) for ms in range(0, 2000, 100)])
    tracks.scores[:, 3] = np.linspace(0.6, 0.9, 20)
    tracks.scores[17:, 3], tracks.scores[17:, 6] = 0.1, 0.8
    shown = [faces_at(tracks, ms)[0] for ms in range(0, 1900, 40)]
    held = [(face.emotion, face.confidence) for face in shown]
    changes = [at * 40 for at in range(1, len(held)) if held[at] != held[at - 1]]
    assert changes == [520, 1000, 1520, 1680, 1720]
    np.testing.assert_allclose([held[0], held[-1]], [(3, 0.6), (6, 0.8)], rtol=1e-6)
    assert len({float(face.scores.max()) for face in shown[:40]}) == 40
