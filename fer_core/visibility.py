"""How well a face can be seen: how its head is held, how sharp and how bright its crop is."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.faces import Face


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
