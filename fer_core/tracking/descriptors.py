"""What a face and a whole frame look like, in a few bytes: to tell people and scenes apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.faces import Box

Grey: TypeAlias = NDArray[np.uint8]
"""A grey picture, uint8 (height, width)."""

FACE_SIDE = 8
CLOTHES_WIDE, CLOTHES_HIGH = 3, 2
CLOTHES = slice(FACE_SIDE**2, FACE_SIDE**2 + CLOTHES_WIDE * CLOTHES_HIGH)
LOOKS_SIZE = CLOTHES.stop + 1
"""Bytes of a face's looks: its cells, those of the clothes below, and whether these are seen."""

CLOTHES_TOP, CLOTHES_BOTTOM, CLOTHES_ASIDE = 0.9, 1.9, 0.6
"""Where the clothes are, from the middle of the face and in sides of the face."""

LEAST_SEEN = 0.3
"""Clothes of which the frame shows less than this, in sides of the face, tell nothing."""

FINEST = 24
"""Pixels across the clothes that are enough for their mean."""

FACE_WORTH = 0.4
"""How much a grey level counts in the face, beside one in the clothes, which do not move."""

SCENE_WIDE, SCENE_HIGH = 16, 9
SCENE_SIZE = SCENE_WIDE * SCENE_HIGH
"""Bytes of what a frame looks like: the mean grey of as many cells."""

LEAST_CHANGE, LEAST_DIFFERENCE = 10.0, 0.3
"""At a cut most cells differ by more: in grey levels, and also as if both were lit alike."""


@dataclass(frozen=True, eq=False)
class Descriptors:
    """What is noted beside the rows of a video, to link its faces by.

    Attributes:
        looks: uint8 (n, LOOKS_SIZE), of each row of `faces`.
        scenes: uint8 (m, SCENE_SIZE), of each row of `frames`; all 0 where it is not known.
        sure: bool (n,), which rows of `faces` surely are faces.
    """

    looks: NDArray[np.uint8]
    scenes: NDArray[np.uint8]
    sure: NDArray[np.bool_]


def join_descriptors(
    looks: list[NDArray[np.uint8]], scenes: list[NDArray[np.uint8]], sure: list[bool]
) -> Descriptors:
    """Puts what is noted of faces and frames together."""
    return Descriptors(
        np.stack(looks) if looks else np.empty((0, LOOKS_SIZE), np.uint8),
        np.stack(scenes) if scenes else np.empty((0, SCENE_SIZE), np.uint8),
        np.array(sure, np.bool_),
    )


def describe_face(grey: Grey, square: Box, crop: Grey) -> NDArray[np.uint8]:
    """Returns the looks of a face and the clothes below it, uint8 (LOOKS_SIZE,).

    Args:
        grey: the frame, uint8 (height, width).
        square: around the face, its middle in the frame or near it.
        crop: uint8 (48, 48), the face upright.
    """
    looks = np.zeros(LOOKS_SIZE, np.uint8)
    face = cv2.resize(crop, (FACE_SIDE, FACE_SIDE), interpolation=cv2.INTER_AREA)
    looks[: CLOTHES.start] = face.reshape(-1)
    side = square.width
    x, y = square.x + side / 2, square.y + square.height / 2
    top, bottom = round(y + CLOTHES_TOP * side), round(y + CLOTHES_BOTTOM * side)
    if grey.shape[0] - top >= LEAST_SEEN * side:
        left, right = max(0, round(x - CLOTHES_ASIDE * side)), round(x + CLOTHES_ASIDE * side)
        step = max(1, side // FINEST)
        looks[CLOTHES] = _shrink(
            grey[top:bottom:step, left:right:step], (CLOTHES_WIDE, CLOTHES_HIGH)
        )
        looks[-1] = 1
    return looks


def describe_scene(grey: Grey) -> NDArray[np.uint8]:
    """Returns what a frame, uint8 (height, width), looks like: uint8 (SCENE_SIZE,)."""
    step = max(1, min(grey.shape) // (8 * SCENE_HIGH))
    return _shrink(grey[::step, ::step], (SCENE_WIDE, SCENE_HIGH))


def looks_apart(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns how far pairs of looks, (n, LOOKS_SIZE) each, are apart in grey levels, (n,)."""
    apart = np.abs(one[:, :-1] - other[:, :-1])
    face = FACE_WORTH * apart[:, : CLOTHES.start].mean(axis=1)
    clothes = apart[:, CLOTHES].mean(axis=1)
    seen = (one[:, -1] > 0) & (other[:, -1] > 0)
    return np.asarray(face + np.where(seen, clothes, face), np.float32)


def settle_looks(
    sums: NDArray[np.floating[Any]], counts: NDArray[np.number[Any]]
) -> NDArray[np.float32]:
    """Returns looks on average, float32 (m, LOOKS_SIZE), of sums over so many faces.

    Clothes are averaged over those faces that show them: beyond the frame's edge they are all 0.
    """
    looks = np.asarray(sums / counts[:, np.newaxis], np.float64)
    looks[:, CLOTHES] = sums[:, CLOTHES] / np.maximum(sums[:, -1:], 1)
    return looks.astype(np.float32)


def find_cuts(scenes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tells of each of the frames, uint8 (n, SCENE_SIZE), whether a cut lies before it.

    A frame that could not be decoded, all 0, is taken for one more of the same scene. Both the
    grey levels of most cells must have changed and what is left of it once brightness and contrast
    are made equal, so neither a lamp nor a person who passes is a cut.
    """
    cuts = np.zeros(len(scenes), np.bool_)
    known = np.flatnonzero(scenes.any(axis=1))
    if len(known) < 2:
        return cuts
    levels = scenes[known].astype(np.float32)
    change = np.median(np.abs(np.diff(levels, axis=0)), axis=1)
    even = levels - levels.mean(axis=1, keepdims=True)
    even /= levels.std(axis=1, keepdims=True) + 4
    difference = np.median(np.abs(np.diff(even, axis=0)), axis=1)
    cuts[known[1:]] = (change > LEAST_CHANGE) & (difference > LEAST_DIFFERENCE)
    return cuts


def _shrink(part: Grey, size: tuple[int, int]) -> NDArray[np.uint8]:
    shrunk = cv2.resize(np.ascontiguousarray(part), size, interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, np.uint8).reshape(-1)
