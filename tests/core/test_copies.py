"""Copies are found by their pixels; near copies though cropped, saved or mirrored anew."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fer_core.learn.copies import copies_of, near_copies_of
from fer_core.learn.labels import LabelledFaces


def faces_of(crops: NDArray[np.uint8]) -> LabelledFaces:
    return LabelledFaces(
        crops, np.zeros(len(crops), np.int64), np.zeros((len(crops), 10), np.float32)
    )


def textures(count: int, seed: int) -> NDArray[np.uint8]:
    """Draws soft patches of light that no two pictures share."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 7, 7), np.uint8)
    return np.stack([cv2.resize(each, (48, 48), interpolation=cv2.INTER_CUBIC) for each in coarse])


def test_copies_are_found_by_their_pixels() -> None:
    faces = faces_of(textures(2, seed=0))
    assert copies_of(faces, faces.take(np.array([1]))).tolist() == [False, True]


@pytest.mark.parametrize("change", ["none", "brighter", "saved", "mirrored", "cropped"])
def test_a_near_copy_is_found(change: str) -> None:
    crop = textures(1, seed=1)[0]
    changes = {
        "none": crop,
        "brighter": crop // 2 + 60,
        "saved": cv2.imdecode(cv2.imencode(".jpg", crop, [1, 30])[1], 0),
        "mirrored": crop[:, ::-1],
        "cropped": cv2.resize(crop[1:47, 1:47], (48, 48)),
    }
    others = faces_of(np.concatenate([textures(50, seed=2), crop[None]]))
    faces = faces_of(np.stack([textures(1, seed=3)[0], np.asarray(changes[change], np.uint8)]))
    assert near_copies_of(faces, others).tolist() == [False, True]
    assert copies_of(faces, others).tolist() == [False, change == "none"]


def test_many_faces_and_a_flat_one_are_told_apart() -> None:
    """More than are compared at once; an even grey is like nothing but itself."""
    crops = textures(300, seed=4)
    crops[7] = 90
    faces, known = faces_of(crops), np.arange(0, 300, 7)
    near = near_copies_of(faces, faces.take(known))
    assert np.flatnonzero(near).tolist() == known.tolist()
    assert not near_copies_of(faces, faces_of(crops[:0])).any()
