"""The colours of a frame, made where a detector asks for them."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Colours = NDArray[np.uint8]
"""uint8 (height, width, 3): blue, green, red, in display orientation."""

Colour = Callable[[int, int], Colours]
"""From a width and height to a frame of that size in its colours."""


def colour_of_grey(grey: NDArray[np.uint8]) -> Colour:
    """Returns the colours of what is known in grey alone, uint8 (height, width)."""

    def scale(width: int, height: int) -> Colours:
        return np.asarray(cv2.cvtColor(fit_size(grey, width, height), cv2.COLOR_GRAY2BGR), np.uint8)

    return scale


def fit_size(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Scales a picture, uint8 (h, w) or (h, w, 3)."""
    if picture.shape[:2] == (height, width):
        return picture
    smaller = picture.shape[1] > width
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (width, height), interpolation=method), np.uint8)
