"""A place in a frame where a face is or may be, and the window through which the check sees it."""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE

Grey: TypeAlias = NDArray[np.uint8]
"""A grey picture, uint8 (height, width)."""

IS_NEAR = 0.4
"""Two places are the same face where their middles are closer than this share of the larger."""
FACE_SIDE = 32
"""Side that a place has in its window of CROP_SIZE pixels; the rest lies around it."""


class Place(NamedTuple):
    """Where a face is or may be.

    Attributes:
        x: middle, in pixels of the frame from its left edge.
        y: middle, from its top edge.
        side: of the square around it, in pixels.
        tilt: degrees by which the head leans clockwise.
    """

    x: float
    y: float
    side: float
    tilt: float = 0.0

    def is_near(self, other: Place) -> bool:
        """Tells whether the two are the same face."""
        reach = IS_NEAR * max(self.side, other.side)
        return abs(self.x - other.x) < reach and abs(self.y - other.y) < reach

    def _turn(self) -> NDArray[np.float32]:
        """Returns the matrix that turns vectors (as rows) as the head leans."""
        cosine, sine = math.cos(math.radians(self.tilt)), math.sin(math.radians(self.tilt))
        return np.array([[cosine, sine], [-sine, cosine]], np.float32)

    def into_window(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turns points of a frame, float32 (n, 2), into sides, as the window shows them."""
        relative = (points - np.array(self[:2], np.float32)) @ self._turn().T
        return np.asarray(relative / self.side, np.float32)

    def out_of_window(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Undoes `into_window`."""
        turned = points * self.side @ self._turn()
        return np.asarray(turned + np.array(self[:2], np.float32), np.float32)


def cut_window(grey: Grey, place: Place) -> Grey:
    """Cuts out what the check is shown of a place, turned upright; the frame's edges are repeated.

    Args:
        grey: uint8 (height, width).
        place: its middle.

    Returns:
        uint8 (CROP_SIZE, CROP_SIZE).
    """
    factor = int(place.side / FACE_SIDE)
    if factor > 1:  # averaged first: sampling alone would turn fine texture into noise
        grey, place = _shrink_around(grey, place, factor)
    turn, scale = math.radians(place.tilt), FACE_SIDE / place.side
    cosine, sine = math.cos(turn) * scale, math.sin(turn) * scale
    x, y, middle = place.x - 0.5, place.y - 0.5, CROP_SIZE / 2 - 0.5
    across, down = middle - cosine * x - sine * y, middle + sine * x - cosine * y
    matrix = np.array([[cosine, sine, across], [-sine, cosine, down]])
    size, border = (CROP_SIZE, CROP_SIZE), cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(grey, matrix, size, borderMode=border), np.uint8)


def _shrink_around(grey: Grey, place: Place, factor: int) -> tuple[Grey, Place]:
    """Shrinks what lies around a place by about a factor; returns it and the place in it."""
    step = max(1, factor // 4)  # a mean of four rows of pixels is enough
    factor -= factor % step  # and OpenCV is quick where it is whole
    turn, half = math.radians(place.tilt), CROP_SIZE / FACE_SIDE / 2
    reach = place.side * half * (abs(math.cos(turn)) + abs(math.sin(turn))) + factor
    left, top = max(0, int(place.x - reach)), max(0, int(place.y - reach))
    part = grey[top : int(place.y + reach) + 1, left : int(place.x + reach) + 1]
    height, width = part.shape[0] // factor, part.shape[1] // factor
    if not height or not width:
        return grey, place
    whole = part[: height * factor : step, : width * factor]
    small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    x, y = (place.x - left) / factor, (place.y - top) / factor
    return np.asarray(small, np.uint8), Place(x, y, place.side / factor, place.tilt)
