"""Boxes of faces, and the crops the network sees."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE

SAMPLED, APART = 4 * CROP_SIZE, 3
"""Side of what a face is turned level in, in pixels; of one so large that these would lie farther
apart in the frame than APART pixels, more. To turn every pixel of a large face would take some five
times as long, and the crop be another by 0.2 grey levels."""


class Box(NamedTuple):
    """A rectangle in whole pixels of the frame in display orientation, y downwards, from 0."""

    x: int
    y: int
    width: int
    height: int


class Face(NamedTuple):
    """A face in a frame.

    Attributes:
        box: what the frame shows of it, at least one pixel.
        square: around the whole of it, what its crop shows; may reach over the frame.
        score: how sure the detector is, where it tells; larger is surer.
        tilt: degrees by which the head leans clockwise, as seen; its crop is turned back by it.
        yaw: degrees by which the head is turned aside, to the right as seen above 0; None where
            neither that nor `tilt` is known.
        sure: whether it surely is one, or was while it was followed.
    """

    box: Box
    square: Box
    score: float | None = None
    tilt: float = 0.0
    yaw: float | None = None
    sure: bool = True


def square_box(middle: tuple[float, float], side: float, size: tuple[int, int]) -> Box:
    """Returns a square in whole pixels; it may reach over the frame.

    Its middle stays the face's: moved into the frame, its crop would show the face aside.

    Args:
        middle: x and y.
        side: in pixels; the shorter side of the frame is the most.
        size: width and height of the frame.
    """
    whole = max(1, min(round(side), *size))
    x, y = (round(at - whole / 2) for at in middle)
    return Box(x, y, whole, whole)


def clip_box(box: Box, size: tuple[int, int]) -> Box:
    """Returns what of a box lies in a frame of a width and height, at least one pixel."""
    x, y = (min(max(at, 0), most - 1) for at, most in zip(box[:2], size, strict=True))
    right, lower = min(box.x + box.width, size[0]), min(box.y + box.height, size[1])
    return Box(x, y, max(1, right - x), max(1, lower - y))


def keep_largest(faces: list[Face], most: int) -> list[Face]:
    """Returns the `most` largest of faces at most, in the order they have."""
    if len(faces) <= most:
        return faces
    order = sorted(range(len(faces)), key=lambda at: -faces[at].box.width * faces[at].box.height)
    return [faces[at] for at in sorted(order[:most])]


def crop_face(grey: NDArray[np.uint8], square: Box, tilt: float = 0.0) -> NDArray[np.uint8]:
    """Cuts a face out and resizes it to what the network takes.

    Args:
        grey: uint8 (height, width), 0-255.
        square: what is cut out; where it reaches over the frame, the frame's edge is repeated.
        tilt: degrees by which the head leans clockwise; the crop shows it upright, around the
            middle of its square.

    Returns:
        uint8 (48, 48), averaged where the square is larger and interpolated where it is smaller.
    """
    patch = grey[square.y : square.y + square.height, square.x : square.x + square.width]
    if tilt or clip_box(square, grey.shape[::-1]) != square:
        patch = _level(grey, square, tilt)
    larger = min(patch.shape) >= CROP_SIZE
    method = cv2.INTER_AREA if larger else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(patch, (CROP_SIZE, CROP_SIZE), interpolation=method), np.uint8)


def _level(grey: NDArray[np.uint8], box: Box, tilt: float) -> NDArray[np.uint8]:
    """Returns what a box shows once the frame is turned back around the middle of the box."""
    side = min(box.width, max(SAMPLED, box.width // APART))
    middle = box.x + (box.width - 1) / 2, box.y + (box.height - 1) / 2
    turn = cv2.getRotationMatrix2D(middle, tilt, side / box.width)  # positive: against the clock
    turn[:, 2] += (side - 1) / 2 - np.array(middle)
    return np.asarray(
        cv2.warpAffine(
            grey, turn, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ),
        np.uint8,
    )
