"""The same face keeps its track; others get their own."""

from __future__ import annotations

import numpy as np
import pytest

from fer_core.emotions import NAMES
from fer_core.records import FACES
from fer_core.tracking.descriptors import SCENE_SIZE, find_cuts
from fer_core.tracking.tracks import link_tracks
from tests.core.linked import Places, make_marks, make_rows, tracks_of


def every(step_ms: int, faces: list[Places]) -> list[tuple[int, Places]]:
    return [(number * step_ms, places) for number, places in enumerate(faces)]


def test_faces_that_move_keep_their_tracks() -> None:
    seen = every(100, [[(100 + 9 * turn, 50), (400 - 5 * turn, 60)] for turn in range(20)])
    assert tracks_of(seen) == [[0, 1]] * 20


def test_tracks_are_numbered_as_they_begin_not_as_rows_are_sorted() -> None:
    alone: list[Places] = [[(300, 50)]] * 3
    both: list[Places] = [[(20, 50), (300, 50)]] * 3
    assert tracks_of(every(100, alone + both)) == [[0]] * 3 + [[1, 0]] * 3


@pytest.mark.parametrize(("missing", "same"), [(1, True), (9, True), (10, False), (25, False)])
def test_a_face_keeps_its_track_for_a_second_without_being_found(missing: int, same: bool) -> None:
    here: list[Places] = [[(100, 50)]] * 5
    tracks = tracks_of(every(100, here + [[]] * missing + here))
    assert tracks[0] == [0]
    assert tracks[-1] == ([0] if same else [1])


@pytest.mark.parametrize(("step_ms", "same"), [(2000, True), (3000, True)])
def test_slow_sampling_bridges_one_and_a_half_intervals(step_ms: int, same: bool) -> None:
    here: list[Places] = [[(100, 50)]] * 4
    assert tracks_of(every(step_ms, here)) == [[0]] * 4
    assert tracks_of(every(step_ms, [*here, [], *here]))[-1] == [1]


def test_times_need_not_be_even() -> None:
    times = [0, 30, 200, 230, 260, 900, 1000, 1700, 1710]
    seen: list[tuple[int, Places]] = [(ms, [(100 + ms // 40, 50)]) for ms in times]
    assert tracks_of(seen) == [[0]] * len(times)


def test_a_face_is_given_up_where_it_was_looked_for_not_where_frames_were_held() -> None:
    """Ten frames a second, then one that is held for four seconds at a time, as on a screen."""
    face: Places = [(100, 100)]
    start = every(100, [face] * 20)
    held = [(2000, face), (6000, face), (10_000, face)]
    assert tracks_of([*start, *held]) == [[0]] * 23
    assert tracks_of([*start, held[0], (6000, []), held[2]])[-1] == [1]


def test_a_face_in_motion_is_found_where_it_was_heading() -> None:
    """Two that walk at one pace, one missed for a while: by place alone they would be swapped."""
    walk = [[(40 + 18 * turn, 50), (160 + 18 * turn, 50)] for turn in range(16)]
    seen: list[Places] = [*walk]
    seen[6:12] = [[first] for first, _ in walk[6:12]]
    tracks = tracks_of(every(100, seen))
    assert tracks == [[0, 1]] * 6 + [[0]] * 6 + [[0, 1]] * 4


def test_looks_tell_two_faces_apart_that_meet_and_go_back() -> None:
    paths = [60, 75, 90, 105, 115, 122], [240, 220, 200, 180, 162, 145]
    near: list[Places] = [[(one, 50), (other, 50)] for one, other in zip(*paths, strict=True)]
    met: list[Places] = [[(130, 50)]] * 6
    seen = every(100, near + met + near[::-1])
    who_is_left = [40] * 6
    looks = [40, 200] * 6 + who_is_left + [40, 200] * 6
    assert tracks_of(seen, looks) == [[0, 1]] * 6 + [[0]] * 6 + [[0, 1]] * 6
    exchanged = [40, 200] * 6 + who_is_left + [200, 40] * 6
    assert tracks_of(seen, exchanged) == [[0, 1]] * 6 + [[0]] * 6 + [[1, 0]] * 6


def test_a_face_keeps_its_track_for_longer_behind_another() -> None:
    still = (200, 50)
    before: list[Places] = [[(60, 50), still]] * 6
    passing: list[Places] = [[(80 + 12 * turn, 50)] for turn in range(20)]
    after: list[Places] = [[still, (330, 50)]] * 6
    looks = [40, 200] * 6 + [40] * 20 + [200, 40] * 6
    assert tracks_of(every(100, before + passing + after), looks)[-1] == [1, 0]
    away: list[Places] = [[(60, 50)]] * 20
    looks = [40, 200] * 6 + [40] * 20 + [40, 200] * 6
    assert tracks_of(every(100, before + away + before), looks)[-1] == [0, 2]


def test_a_cut_ends_all_tracks() -> None:
    here: list[Places] = [[(100, 50)]] * 8
    assert tracks_of(every(100, here), scenes=[1] * 4 + [2] * 4) == [[0]] * 4 + [[1]] * 4


def test_neither_a_lamp_nor_a_lost_frame_is_a_cut() -> None:
    scene = np.random.default_rng(1).integers(60, 140, SCENE_SIZE).astype(np.uint8)
    other = np.random.default_rng(2).integers(60, 140, SCENE_SIZE).astype(np.uint8)
    scenes = [scene, np.zeros_like(scene), scene, scene // 2, (1.4 * scene).astype(np.uint8), other]
    assert find_cuts(np.array(scenes)).tolist() == [False] * 5 + [True]


def test_a_crowd_is_linked_as_well() -> None:
    rng = np.random.default_rng(3)
    places = [(80 * (number % 12), 80 * (number // 12)) for number in range(60)]
    seen: list[Places] = []
    for _ in range(30):
        shaken = rng.integers(-4, 5, (60, 2))
        seen.append(
            [(x + int(dx), y + int(dy)) for (x, y), (dx, dy) in zip(places, shaken, strict=True)]
        )
    assert tracks_of(every(100, seen)) == [list(range(60))] * 30


def test_the_rows_are_filled_in_and_otherwise_stay() -> None:
    faces, frames = make_rows(every(100, [[(100, 50), (300, 50)], [(101, 50)], []]))
    linked, tracks = link_tracks(faces, frames)
    assert linked.schema.equals(FACES)
    told = ["track_id", "person_id", "smoothed_emotion", "smoothed_confidence"]
    assert linked.drop_columns(told).equals(faces.drop_columns(told))
    assert linked["track_id"].to_pylist() == [0, 1, 0]
    assert linked["person_id"].to_pylist() == [0, 1, 0]
    assert linked["smoothed_emotion"].to_pylist() == [NAMES[3]] * 3
    assert linked["smoothed_confidence"].to_pylist() == pytest.approx([1.0] * 3)
    assert tracks.timestamp_ms.tolist() == [0, 0, 100]
    assert tracks.boxes[1].tolist() == [300, 50, 60, 60]
    assert (tracks.gap_ms, tracks.interval_ms) == (1000, 100)


@pytest.mark.parametrize("frames", [0, 1, 3])
def test_a_video_without_faces_has_no_tracks(frames: int) -> None:
    faces, sampled = make_rows(every(100, [[]] * frames))
    linked, tracks = link_tracks(faces, sampled)
    assert (linked.num_rows, len(tracks)) == (0, 0)
    assert linked.schema.equals(FACES)


def test_what_does_not_belong_together_is_refused() -> None:
    faces, frames = make_rows(every(100, [[(100, 50)], [(100, 50)]]))
    with pytest.raises(ValueError, match="marks"):
        link_tracks(faces, frames, make_marks(faces[:1], [1], [1, 1]))
    with pytest.raises(ValueError, match="no sampled frame"):
        link_tracks(faces, frames[:1])
