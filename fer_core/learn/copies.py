"""Copies of training pictures: figures of a model on these say little about new pictures."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE
from fer_core.learn.labels import LabelledFaces

NEAR = 0.93
"""Correlation above which two crops are near copies: of 40 such pairs of FER2013 between here and
0.97, looked at one by one, 38 were the same photograph; of 20 between 0.90 and here eight."""
_EDGE = 3
_SIDE = 16
_AT_ONCE = 128


def copies_of(faces: LabelledFaces, others: LabelledFaces) -> NDArray[np.bool_]:
    """Marks the faces that are the same, pixel by pixel, as one of the others; bool (n,)."""
    known = {crop.tobytes() for crop in others.crops}
    return np.array([crop.tobytes() in known for crop in faces.crops], bool)


def _looks(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns the middle of each crop, made small, with mean 0 and length 1, float32 (n, 256)."""
    middle = slice(_EDGE, CROP_SIZE - _EDGE)
    small = np.empty((len(crops), _SIDE, _SIDE), np.float32)
    for index, crop in enumerate(crops):
        part = crop[middle, middle].astype(np.float32)
        cv2.resize(part, (_SIDE, _SIDE), dst=small[index], interpolation=cv2.INTER_AREA)
    looks = small.reshape(len(crops), -1)
    looks -= looks.mean(axis=1, keepdims=True)
    looks /= np.maximum(np.linalg.norm(looks, axis=1, keepdims=True), 1)
    return looks


def near_copies_of(faces: LabelledFaces, others: LabelledFaces) -> NDArray[np.bool_]:
    """Marks the faces that are one of the others cropped, saved or mirrored anew; bool (n,).

    Identical ones are among them. What is the same photograph in quite another crop is not found.
    """
    near = copies_of(faces, others)
    if not len(others):
        return near
    known = _looks(others.crops).T
    for looks in (_looks(faces.crops), _looks(faces.crops[:, :, ::-1])):
        for first in range(0, len(faces), _AT_ONCE):
            rows = slice(first, first + _AT_ONCE)
            near[rows] |= (looks[rows] @ known).max(axis=1) > NEAR
    return near
