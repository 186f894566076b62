"""The face check that ships: what it takes for a face, and where it puts it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fer_core.detection import face_check
from fer_core.detection.detector_settings import CHECK_SHA256
from fer_core.detection.face_check import FaceCheck
from fer_core.detection.place import FACE_SIDE, Place
from fer_core.emotions import NAMES
from fer_core.errors import ModelError
from fer_core.model import CHECK_NAME, find_model_dir
from tests.pipelines.jobs import SAMPLES

MIDDLE, SIDE = 150.0, 92.0


def draw(name: str, tilt: float = 0.0) -> NDArray[np.uint8]:
    """A composite of 120 pixels in the middle of a frame, leaning clockwise."""
    face = cv2.imread(str(SAMPLES / f"composites/{name}.png"), cv2.IMREAD_GRAYSCALE)
    frame = np.full((300, 300), 120, np.uint8)
    frame[90:210, 90:210] = cv2.resize(face, (120, 120), interpolation=cv2.INTER_AREA)
    turn = cv2.getRotationMatrix2D((MIDDLE, MIDDLE), -tilt, 1.0)
    return np.asarray(cv2.warpAffine(frame, turn, (300, 300), borderValue=120), np.uint8)


@pytest.mark.parametrize("name", NAMES)
def test_faces_pass_from_beside_and_the_box_is_put_right(name: str) -> None:
    check, grey = FaceCheck(), draw(name)
    straight = check.confirm(grey, Place(MIDDLE, MIDDLE, SIDE))
    assert straight.surety > 2
    for across, down, growth in ((0.15, 0, 1.2), (0, -0.15, 0.85), (-0.12, 0.12, 1.0)):
        place = Place(MIDDLE + across * SIDE, MIDDLE + down * SIDE, SIDE * growth)
        seen = check.confirm(grey, place)
        assert seen.surety > 0
        assert abs(seen.place.x - straight.place.x) < 0.1 * SIDE
        assert abs(seen.place.y - straight.place.y) < 0.1 * SIDE
        assert seen.place.side == pytest.approx(straight.place.side, rel=0.15)


@pytest.mark.parametrize("tilt", [-30, -15, 15, 30])
def test_a_leaning_face_is_found_with_its_tilt(tilt: float) -> None:
    seen = FaceCheck().confirm(draw("neutral", tilt), Place(MIDDLE, MIDDLE, SIDE))
    assert seen.surety > 0
    assert seen.place.tilt == pytest.approx(tilt, abs=8)


@pytest.mark.parametrize(
    "place",
    [
        Place(MIDDLE, MIDDLE + 0.3 * SIDE, 0.35 * SIDE),  # a mouth
        Place(MIDDLE - 0.2 * SIDE, MIDDLE - 0.15 * SIDE, 0.3 * SIDE),  # an eye
        Place(MIDDLE + 0.8 * SIDE, MIDDLE, SIDE),
        Place(MIDDLE, MIDDLE, 3 * SIDE),
    ],
)
def test_parts_of_a_face_and_what_is_around_it_are_none(place: Place) -> None:
    check = FaceCheck()
    assert all(check.look(draw(name), place).surety < 0 for name in ("happy", "neutral", "sad"))


def test_what_is_no_face_is_none() -> None:
    check, rng = FaceCheck(), np.random.default_rng(0)
    place = Place(MIDDLE, MIDDLE, SIDE)
    noise = rng.integers(0, 256, (300, 300), np.uint8)
    stripes = np.tile(np.array([0, 255], np.uint8).repeat(15), (300, 10))
    for grey in (np.full((300, 300), 90, np.uint8), noise, stripes):
        assert check.look(grey, place).surety < 0
    assert check.take_looks() == 3
    assert check.take_looks() == 0


@pytest.mark.parametrize("seed", range(8))
def test_an_empty_wall_with_the_noise_of_a_video_is_none(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(90, 1, (200, 200))
    wall = np.rint(cv2.GaussianBlur(noise, (0, 0), 2)).astype(np.uint8)
    assert FaceCheck().confirm(wall, Place(100, 100, 91)).surety < -50


def test_points_go_into_the_window_and_back() -> None:
    place = Place(70, 40, 64, tilt=30)
    points = np.array([[70, 40], [102, 40], [70, 72], [10, 20], [90, 90]], np.float32)
    inside = place.into_window(points)
    np.testing.assert_allclose(inside[0], 0, atol=1e-6)
    # What leans clockwise is turned back: a point to the right rises.
    np.testing.assert_allclose(inside[1], [0.433, -0.25], atol=1e-3)
    np.testing.assert_allclose(place.out_of_window(inside), points, atol=1e-3)
    assert FACE_SIDE < 48


def test_the_card_tells_of_the_file_that_ships() -> None:
    card = json.loads((find_model_dir(name=CHECK_NAME) / "card.json").read_text())
    assert card["files"] == {"model.tflite": CHECK_SHA256}
    assert 50_000 < card["parameters"] < 100_000
    assert card["data"]


def test_another_network_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(face_check, "CHECK_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="another face check"):
        FaceCheck()
