"""How well a face can be seen: how its head is held, how sharp and how bright its crop is."""

from __future__ import annotations

import math
from cmath import phase
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.faces import Face

NOSE_PER_EYES = 0.42
"""How far the nose comes forward, in distances of the eyes: median over 313 heads that are turned
by 50 to 85 degrees, as the distance of their eyes beside that to the mouth tells."""

EYES_TOGETHER = 0.4
"""Of a head turned so far that its eyes are closer than this share of the way to the mouth, which
is some 65 degrees, the line through them may point anywhere."""


class Visibility(NamedTuple):
    """Columns of `faces` of these names.

    Attributes:
        roll: degrees by which the head leans clockwise, as seen; None where its eyes are not known.
        yaw: degrees by which it is turned aside, to the right as seen above 0; None likewise.
        sharpness: see `sharpness`.
        brightness: see `brightness`.
    """

    roll: float | None
    yaw: float | None
    sharpness: float
    brightness: float


def see_face(face: Face, crop: NDArray[np.uint8]) -> Visibility:
    """Returns how well a face can be seen in its crop, uint8 (48, 48)."""
    roll = None if face.yaw is None else face.tilt
    return Visibility(roll, face.yaw, sharpness(crop), brightness(crop))


def pose_of_points(points: NDArray[np.floating], tilt: float) -> tuple[float, float]:
    """Returns tilt and yaw of a head: degrees clockwise, and aside, to the right as seen above 0.

    The nose moves aside by the sine, while the eyes come together by the cosine. Of a head from the
    side the way from eyes to mouth tells its tilt, of others the line through the eyes.

    Args:
        points: float (5, 2), x and y in pixels: left eye, right eye, nose, left and right corner
            of the mouth; left as seen in the picture.
        tilt: of the line through the eyes, in degrees, over some time maybe.
    """
    left, right, nose, *mouth = (complex(*point) for point in points.tolist())
    across, ahead, down = right - left, nose - (left + right) / 2, (sum(mouth) - left - right) / 2
    level = across
    if abs(across) < EYES_TOGETHER * abs(down):
        level = down / 1j  # turned by a quarter, from downwards to the right
        tilt = math.degrees(phase(level))
    aside = (ahead / level).real * abs(level) if level else 0.0
    return tilt, math.degrees(math.atan2(aside, NOSE_PER_EYES * abs(across)))


def brightness(crop: NDArray[np.uint8]) -> float:
    """Returns the mean grey of a crop uint8 (48, 48), 0 to 255."""
    return cv2.mean(crop)[0]


def sharpness(crop: NDArray[np.uint8]) -> float:
    """Returns the variance of the Laplacian of a crop uint8 (48, 48) over that of its greys.

    Dividing keeps a picture of little contrast from counting as blurred.
    """
    edges = cv2.Laplacian(crop, cv2.CV_16S)
    return _variance(edges) / max(_variance(crop), 1.0)


def _variance(picture: NDArray[np.integer[Any]]) -> float:
    """Returns what `picture.var()` does; OpenCV takes a quarter of the time."""
    _, deviation = cv2.meanStdDev(picture)
    return float(deviation[0, 0]) ** 2
