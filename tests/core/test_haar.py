"""Faces that haar proposes are confirmed, followed and let go, on clips whose faces are known."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fer_core.detection.detector import Detector, load_detector
from fer_core.detection.detector_settings import HAAR
from fer_core.faces import Face, clip_box
from fer_core.video.container import decode_frames, open_video
from fer_core.video.grey import grey_of
from tests.bench.generated import SCENARIOS, Score, Truth, make_clip, score_boxes
from tests.corpus.scenes import load_face

FRAME_MS = 40
SETTINGS = HAAR
Frames = list[NDArray[np.uint8]]


@cache
def shown(scenario: str, seconds: float = 3.0) -> tuple[Frames, Truth]:
    """Returns the frames of a generated clip, and where its faces are."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        truth = make_clip(path, SCENARIOS[scenario], 11, seconds)
        with open_video(path) as video:
            return [grey_of(frame) for frame in decode_frames(video)], truth


def detect_all(detector: Detector, frames: Frames) -> list[list[Face]]:
    """Gives a detector the frames of one segment."""
    return [detector(grey, FRAME_MS if at else None) for at, grey in enumerate(frames)]


def score(found: list[list[Face]], truth: Truth) -> Score:
    return score_boxes(truth, [[face.box for face in faces] for faces in found])


@pytest.mark.parametrize("scenario", ["calm_1", "calm_3", "fast", "side_light", "small"])
def test_faces_are_followed_with_few_whole_searches(scenario: str) -> None:
    frames, truth = shown(scenario)
    detector = load_detector(SETTINGS)
    result = score(detect_all(detector, frames), truth)
    assert result.recall > 0.9
    assert result.false_per_frame < 0.1
    assert detector.take_counts()["scans"] < 0.1 * len(frames)


def test_a_frame_without_a_face_costs_no_search_while_it_stays_the_same() -> None:
    frames, _ = shown("empty")
    detector = load_detector(replace(SETTINGS, redetect_ms=1000))
    assert not any(detect_all(detector, frames[:1] * 60))
    assert detector.take_counts()["scans"] == 1


def test_leaning_heads_are_found_and_their_tilt_is_told() -> None:
    frames, truth = shown("tilted", 7.0)
    found = detect_all(load_detector(SETTINGS), frames)
    assert score(found, truth).recall > 0.85
    errors = [
        face.tilt - true.tilt
        for faces, trues in zip(found, truth.faces, strict=True)
        for face in faces
        for true in trues
        if abs(true.tilt) > 20 and abs(face.box.x - true.x) < true.width / 3
    ]
    assert len(errors) > 20
    assert np.mean(np.abs(errors)) < 12


def test_a_face_that_appears_is_found_before_the_next_whole_search() -> None:
    frames, _ = shown("calm_1")
    size = frames[0].shape
    detector = load_detector(replace(SETTINGS, redetect_ms=60_000))
    still = [np.full(size, 120, np.uint8)] * 5
    clip = [*still]
    for at in range(10):
        grey = np.full(size, 120, np.uint8)
        grey[:, size[1] // 4 : size[1] * 3 // 4] = frames[at][:, size[1] // 4 : size[1] * 3 // 4]
        clip.append(grey)
    found = detect_all(detector, clip)
    assert [len(faces) for faces in found[:5]] == [0] * 5
    assert len(found[-1]) == 1


def test_a_face_is_found_close_beside_one_that_is_followed() -> None:
    person = cv2.cvtColor(load_face(140), cv2.COLOR_RGB2GRAY)
    one = np.full((240, 400), 130, np.uint8)
    one[50:190, 60:200] = person
    both = one.copy()
    both[50:190, 159:259] = person[:, 38:138]  # its face begins where the other ends
    detector = load_detector(replace(SETTINGS, redetect_ms=FRAME_MS))
    found = detect_all(detector, [one, one, both, both])
    assert [len(faces) for faces in found] == [1, 1, 2, 2]
    first, second = (face.box for face in found[-1])
    assert second.x - (first.x + first.width) < 14


def test_faces_in_the_dark_are_found_also_beside_one_that_is_followed() -> None:
    """OpenCV itself passes over windows with so little contrast."""
    person = cv2.cvtColor(load_face(140), cv2.COLOR_RGB2GRAY)
    one = np.full((240, 400), 130, np.uint8)
    one[50:190, 40:180] = person
    both = one.copy()
    both[50:190, 220:360] = person
    dark = [np.asarray(grey // 7, np.uint8) for grey in (one, both, both)]
    assert dark[1].std() < 10
    detector = load_detector(replace(SETTINGS, redetect_ms=FRAME_MS))
    assert [len(faces) for faces in detect_all(detector, dark)] == [1, 2, 2]


def test_a_cut_is_searched_at_once_and_leaves_no_face_behind() -> None:
    frames, truth = shown("calm_1")
    empty, _ = shown("empty")
    detector = load_detector(replace(SETTINGS, redetect_ms=60_000))
    dark = [grey // 3 for grey in empty[:10]]
    found = detect_all(detector, [*dark, *frames[:10], *dark])
    counts = [len(faces) for faces in found]
    assert counts == [0] * 10 + [1] * 10 + [0] * 10
    boxes = [[face.box for face in faces] for faces in found[10:20]]
    assert score_boxes(truth, boxes).recall == 1


def test_nothing_is_remembered_where_a_segment_starts() -> None:
    frames, _ = shown("tilted", 7.0)
    second = frames[60:120]
    used = load_detector(SETTINGS)
    detect_all(used, frames[:60])
    assert detect_all(used, second) == detect_all(load_detector(SETTINGS), second)


def test_a_face_is_followed_out_of_focus_but_not_for_ever() -> None:
    sharp = shown("calm_1")[0][0]
    softer = [cv2.GaussianBlur(sharp, (0, 0), 0.6 * step) for step in range(1, 41)]
    found = detect_all(load_detector(SETTINGS), [sharp, *softer])
    assert len(found[12]) == 1
    assert not found[-1]


def test_a_face_is_lost_when_something_else_stands_there() -> None:
    sharp = shown("calm_1")[0][0]
    (face,) = load_detector(SETTINGS)(sharp)
    box = face.box
    gone = sharp.copy()
    gone[box.y : box.y + box.height, box.x : box.x + box.width] = 90
    found = detect_all(load_detector(SETTINGS), [sharp, gone, gone])
    assert [len(faces) for faces in found] == [1, 0, 0]


@pytest.mark.parametrize("shape", [(1, 1), (23, 400), (24, 24), (2000, 31), (90, 160)])
def test_frames_of_any_shape_are_searched_also_within_a_segment(shape: tuple[int, int]) -> None:
    detector = load_detector(SETTINGS)
    detector(shown("calm_1")[0][0])
    noise = np.random.default_rng(0).integers(0, 256, (3, *shape), np.uint8)
    assert [detector(grey, FRAME_MS) for grey in noise] == [[], [], []]


def test_a_face_that_leaves_is_framed_as_before_and_boxed_as_far_as_it_is_seen() -> None:
    grey = shown("calm_1")[0][0]
    box = load_detector(SETTINGS)(grey)[0].box
    detector = load_detector(SETTINGS)
    detector(grey)
    counts, squares = [], []
    for shift in range(4, box.x + box.width + 40, 4):
        moved = cv2.copyMakeBorder(grey[:, shift:], 0, 0, 0, shift, cv2.BORDER_REPLICATE)
        found = detector(moved, FRAME_MS)
        assert all(face.box == clip_box(face.square, moved.shape[::-1]) for face in found)
        squares += [face.square for face in found]
        counts.append(len(found))
    assert counts[0] == 1
    assert counts[-1] == 0
    assert min(square.x for square in squares) < -0.2 * box.width
    assert max(abs(square.width - box.width) for square in squares) < 0.2 * box.width
