"""Boxes of faces, and the crops the network sees."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE


class Box(NamedTuple):
    """A rectangle in whole pixels of the frame in display orientation, y downwards, from 0."""

    x: int
    y: int
    width: int
    height: int


def crop_face(grey: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Cuts a face out and resizes it to what the network takes.

    Args:
        grey: uint8 (height, width), 0-255.
        box: lies inside the frame.

    Returns:
        uint8 (48, 48), averaged where the box is larger and interpolated where it is smaller.
    """
    patch = grey[box.y : box.y + box.height, box.x : box.x + box.width]
    larger = min(patch.shape) >= CROP_SIZE
    method = cv2.INTER_AREA if larger else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(patch, (CROP_SIZE, CROP_SIZE), interpolation=method), np.uint8)
