"""How a head is held, and how sharp and bright its crop is."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fer_core.detection.detector import load_detector
from fer_core.detection.detector_settings import DEFAULT, HAAR, DetectorSettings
from fer_core.faces import Box, Face
from fer_core.visibility import NOSE_PER_EYES, brightness, pose_of_points, see_face, sharpness
from tests.corpus.rooms import add_head, draw_room, load_composite, turn_aside


def project(yaw: float, roll: float) -> NDArray[np.float32]:
    """The five points of a head 60 pixels between the eyes, turned and leaning by degrees."""
    nose = [0, 35, 60 * NOSE_PER_EYES]
    head = np.array([[-30, 0, 0], [30, 0, 0], nose, [-24, 60, 0], [24, 60, 0]])
    cosine, sine = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
    flat = np.stack([cosine * head[:, 0] + sine * head[:, 2], head[:, 1]], axis=1)
    cosine, sine = math.cos(math.radians(roll)), math.sin(math.radians(roll))
    return np.asarray(flat @ np.array([[cosine, sine], [-sine, cosine]]) + 200, np.float32)


@pytest.mark.parametrize("yaw", [-80, -30, 0, 10, 45])
@pytest.mark.parametrize("roll", [-40, 0, 25])
def test_yaw_is_that_of_the_head_however_it_leans(yaw: float, roll: float) -> None:
    assert pose_of_points(project(yaw, roll), roll) == pytest.approx((roll, yaw), abs=0.5)


@pytest.mark.parametrize("yaw", [-85, 85])
@pytest.mark.parametrize("roll", [-20, 0, 30])
@pytest.mark.parametrize("eye", [0, 1])
def test_of_a_head_from_the_side_the_eyes_alone_tell_nothing(yaw: int, roll: int, eye: int) -> None:
    """They are 5 pixels apart, so that an eye which is seen 8 too low turns their line around."""
    points = project(yaw, roll)
    points[eye, 1] += 8
    tilt, aside = pose_of_points(points, 120.0)
    assert tilt == pytest.approx(roll, abs=4)
    assert aside == pytest.approx(yaw, abs=15)


@pytest.mark.parametrize("settings", [DEFAULT, HAAR], ids=["yunet", "haar"])
def test_a_head_that_is_turned_and_one_that_leans_are_told(
    settings: DetectorSettings,
) -> None:
    detector = load_detector(settings)
    poses = []
    for yaw in (-30, 0, 30):
        head = turn_aside(load_composite("neutral", 110), yaw)
        (found,) = detector(add_head(draw_room(), head, 180, 80))
        assert found.yaw is not None
        poses.append(found.yaw)
    left, straight, right = poses
    assert abs(straight) < 10
    assert left < straight < right
    assert right - left > 12
    (leaning,) = detector(add_head(draw_room(), load_composite("happy", 110, 20), 180, 80))
    crop = load_composite("happy", 48)
    assert see_face(leaning, crop).roll == pytest.approx(20, abs=6)


def test_a_blurred_crop_is_less_sharp_and_a_dark_one_less_bright() -> None:
    crop = load_composite("happy", 48)
    blurred = np.asarray(cv2.GaussianBlur(crop, (0, 0), 2), np.uint8)
    assert sharpness(blurred) < 0.5 * sharpness(crop)
    assert sharpness(crop // 2) == pytest.approx(sharpness(crop), rel=0.1)  # contrast is no blur
    assert brightness(crop // 2) == pytest.approx(brightness(crop) / 2, abs=1)
    assert sharpness(np.full((48, 48), 77, np.uint8)) == 0


def test_of_a_picture_that_is_a_face_the_pose_is_not_known() -> None:
    seen = see_face(Face(Box(0, 0, 48, 48), Box(0, 0, 48, 48)), load_composite("happy", 48))
    assert (seen.roll, seen.yaw) == (None, None)
