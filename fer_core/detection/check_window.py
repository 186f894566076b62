"""The window that the face check looks at, and what its numbers mean."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE
from fer_core.detection.place import Grey, Place, cut_window

FACE_SIDE = 32
"""Side that the place has in its window of CROP_SIZE pixels; the rest lies around it."""

OUTPUTS = 14
"""A logit that there is a face; its middle, x and y from the place's, and the logarithm of its
side, in sides of the place; the five points likewise, see `place_of_points`."""


def cut_check_window(grey: Grey, place: Place) -> Grey:
    """Cuts out what the check is shown of a place, turned upright, uint8 (48, 48)."""
    return cut_window(grey, place, FACE_SIDE, (CROP_SIZE / FACE_SIDE - 1) / 2)


def _turn(tilt: float) -> NDArray[np.float32]:
    """Returns the matrix that turns vectors (as rows) clockwise, as seen, by degrees."""
    angle = math.radians(tilt)
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.array([[cosine, sine], [-sine, cosine]], np.float32)


def into_window(points: NDArray[np.float32], place: Place) -> NDArray[np.float32]:
    """Turns points of a frame, float32 (n, 2), into sides of a place, as its window shows them."""
    relative = (points - np.array([place.x, place.y], np.float32)) @ _turn(-place.tilt)
    return np.asarray(relative / place.side, np.float32)


def out_of_window(points: NDArray[np.float32], place: Place) -> NDArray[np.float32]:
    """Undoes `into_window`."""
    turned = points * place.side @ _turn(place.tilt)
    return np.asarray(turned + np.array([place.x, place.y], np.float32), np.float32)
