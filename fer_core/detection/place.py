"""A place in a frame where a face is or may be, and the window around it."""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Grey: TypeAlias = NDArray[np.uint8]
"""A grey picture, uint8 (height, width)."""


IS_NEAR = 0.4
"""Two places are the same face where their middles are closer than this share of the larger."""


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


def cut_window(grey: Grey, place: Place, side: int, pad: float) -> Grey:
    """Cuts a square window around a place, turned upright and scaled; edges are repeated.

    Args:
        grey: uint8 (height, width).
        place: its middle.
        side: of the place in the window, in pixels.
        pad: what is shown around it on each side, in sides of the place.

    Returns:
        uint8 (n, n), n = side * (1 + 2 * pad), rounded.
    """
    length = round(side * (1 + 2 * pad))
    factor = int(place.side / side)
    if factor > 1:  # averaged first: sampling alone would turn fine texture into noise
        grey, place = _shrink_around(grey, place, pad, factor)
    turn, scale = math.radians(place.tilt), side / place.side
    cosine, sine = math.cos(turn) * scale, math.sin(turn) * scale
    x, y, middle = place.x - 0.5, place.y - 0.5, length / 2 - 0.5
    across, down = middle - cosine * x - sine * y, middle + sine * x - cosine * y
    matrix = np.array([[cosine, sine, across], [-sine, cosine, down]])
    border = cv2.BORDER_REPLICATE
    window = cv2.warpAffine(grey, matrix, (length, length), borderMode=border)
    return np.asarray(window, np.uint8)


def _shrink_around(grey: Grey, place: Place, pad: float, factor: int) -> tuple[Grey, Place]:
    """Shrinks what lies around a place by about a factor; returns it and the place in it."""
    step = max(1, factor // 4)  # a mean of four rows of pixels is enough
    factor -= factor % step  # and OpenCV is quick where it is whole
    turn = math.radians(place.tilt)
    reach = place.side * (0.5 + pad) * (abs(math.cos(turn)) + abs(math.sin(turn))) + factor
    left, top = max(0, int(place.x - reach)), max(0, int(place.y - reach))
    part = grey[top : int(place.y + reach) + 1, left : int(place.x + reach) + 1]
    height, width = part.shape[0] // factor, part.shape[1] // factor
    if not height or not width:
        return grey, place
    whole = part[: height * factor : step, : width * factor]
    small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    x, y = (place.x - left) / factor, (place.y - top) / factor
    return np.asarray(small, np.uint8), Place(x, y, place.side / factor, place.tilt)
