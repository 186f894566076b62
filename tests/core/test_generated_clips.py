"""The clips of the benches show what their truth says, and the same for the same seed."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fer_core.detection.detector import load_detector
from fer_core.detection.detector_settings import HAAR
from fer_core.faces import Box
from tests.bench.clips import ROOT
from tests.bench.generated import (
    SCENARIOS,
    TrueFace,
    Truth,
    make_clip,
    paste_clip,
    people,
    score_boxes,
)


def read_grey(path: Path) -> list[NDArray[np.uint8]]:
    with av.open(str(path)) as clip:
        return [np.asarray(frame.to_ndarray(format="gray")) for frame in clip.decode(video=0)]


def find_boxes(frames: list[NDArray[np.uint8]]) -> list[list[Box]]:
    detect = load_detector(HAAR)
    return [[face.box for face in detect(frame)] for frame in frames]


def every(truth: Truth, step: int) -> Truth:
    return replace(truth, faces=truth.faces[::step], partial=truth.partial[::step])


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    return path, make_clip(path, SCENARIOS["calm_3"], seed=5, seconds=1)


def test_faces_are_where_the_truth_says(clip: tuple[Path, Truth]) -> None:
    path, truth = clip
    frames = read_grey(path)
    assert len(frames) == len(truth.faces) == 25
    assert frames[0].shape == (360, 640)
    assert all(len(faces) == 3 for faces in truth.faces)
    assert all((one != other).any() for one, other in itertools.pairwise(frames))
    boxes = find_boxes(frames[::5])
    assert score_boxes(every(truth, 5), boxes).recall > 0.8
    moved = [[box._replace(x=box.x + box.width // 2) for box in found] for found in boxes]
    assert score_boxes(every(truth, 5), moved).recall == 0


def test_a_clip_follows_from_its_seed(clip: tuple[Path, Truth], tmp_path: Path) -> None:
    path, truth = clip
    again = make_clip(tmp_path / "again.mp4", SCENARIOS["calm_3"], seed=5, seconds=1)
    assert again == truth
    assert (tmp_path / "again.mp4").read_bytes() == path.read_bytes()
    other = make_clip(tmp_path / "other.mp4", SCENARIOS["calm_3"], seed=6, seconds=0.2)
    assert other.faces[0] != truth.faces[0]
    assert (read_grey(tmp_path / "other.mp4")[0] != read_grey(path)[0]).mean() > 0.5


def test_a_tilted_head_turns_around_the_middle_of_its_box(tmp_path: Path) -> None:
    path = tmp_path / "tilted.mp4"
    truth = make_clip(path, SCENARIOS["tilted"], seed=3, seconds=6)
    frames, upright = read_grey(path), []
    for index in range(0, 150, 20):
        for face in truth.faces[index]:
            upright.append(turned_back(frames[index], face))
    assert max(abs(face.tilt) for faces in truth.faces for face in faces) > 29
    found = find_boxes(upright)
    assert np.mean([len(boxes) > 0 for boxes in found]) > 0.8


def turned_back(grey: NDArray[np.uint8], face: TrueFace) -> NDArray[np.uint8]:
    """Cuts out a face upright, with half its width around it, as a picture of 160 x 160."""
    angle, ratio = np.radians(face.tilt), 2 * face.width / 160
    y, x = (np.mgrid[0:160, 0:160] - 80) * ratio
    from_x = face.x + face.width / 2 + x * np.cos(angle) - y * np.sin(angle)
    from_y = face.y + face.height / 2 + x * np.sin(angle) + y * np.cos(angle)
    rows = np.clip(np.rint(from_y), 0, grey.shape[0] - 1).astype(int)
    columns = np.clip(np.rint(from_x), 0, grey.shape[1] - 1).astype(int)
    return np.asarray(grey[rows, columns])


def test_a_face_counts_while_it_is_seen(tmp_path: Path) -> None:
    truth = make_clip(tmp_path / "clip.mp4", SCENARIOS["entering"], seed=1, seconds=4)
    counts = [len(faces) for faces in truth.faces]
    assert min(counts) == 0 < max(counts)
    assert any(truth.partial)
    for face in (face for faces in truth.faces for face in faces):
        wide = min(face.x + face.width, 640) - max(face.x, 0)
        high = min(face.y + face.height, 360) - max(face.y, 0)
        assert wide * high > 0.5 * face.width * face.height


def test_pictures_are_pasted_into_a_video(clip: tuple[Path, Truth], tmp_path: Path) -> None:
    composite = cv2.imread(str(ROOT / "sample_data/composites/happy.png"), cv2.IMREAD_GRAYSCALE)
    crops = np.asarray(cv2.resize(composite, (48, 48), interpolation=cv2.INTER_AREA))[np.newaxis]
    path = tmp_path / "pasted.mp4"
    truth = paste_clip(path, clip[0], seed=2, seconds=0.2, faces=crops)
    frames = read_grey(path)
    assert len(frames) == len(truth.faces) == 5
    assert score_boxes(truth, find_boxes(frames)).recall > 0.8
    behind = frames[0][:20].astype(int) - read_grey(clip[0])[0][:20]
    assert np.abs(behind).mean() < 5


def test_faces_that_cannot_be_found_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "TRIES", 2)
    crops = np.zeros((1, 48, 48), np.uint8)
    with pytest.raises(ValueError, match="frontal"):
        make_clip(tmp_path / "dark.mp4", SCENARIOS["calm_1"], seed=1, seconds=1, faces=crops)


def test_boxes_are_paired_one_to_one() -> None:
    face = TrueFace(100, 100, 100, 100, 0, 0)
    edge = TrueFace(-50, 100, 100, 100, 0, 1)
    truth = Truth((640, 360), 25, ((face,), (face,), ()), ((edge,), (), ()))
    near, twice, far = Box(110, 100, 100, 100), Box(95, 95, 110, 110), Box(400, 100, 90, 90)
    score = score_boxes(truth, [[near, Box(-45, 100, 100, 100)], [near, twice, far], [far]])
    assert (score.frames, score.faces, score.hits, score.false_faces) == (3, 2, 2, 3)
    assert score.recall == 1
    assert score.false_per_frame == 1
    assert (score + score).faces == 4
