"""Targets from teachers: all count alike, and each view is shown to them once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer_core.learn.distillation import Ensemble, Teachers


def sees_left(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Says happy where the left half is bright, else sad."""
    scores = np.zeros((len(crops), 7), np.float32)
    bright = crops[:, :, :24].mean(axis=(1, 2)) > 100
    scores[np.arange(len(crops)), np.where(bright, 3, 5)] = 1
    return scores


def says_angry(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.eye(7, dtype=np.float32)[np.zeros(len(crops), int)]


def test_all_networks_count_alike_and_a_mirror_image_as_much_as_the_picture() -> None:
    crops = np.zeros((3, 48, 48), np.uint8)
    crops[0, :, :24] = 200
    crops[1] = 200
    assert Ensemble([sees_left, says_angry])(crops).tolist() == [
        [0.5, 0, 0, 0.25, 0, 0.25, 0],
        [0.5, 0, 0, 0.5, 0, 0, 0],
        [0.5, 0, 0, 0, 0, 0.5, 0],
    ]


def test_targets_keep_their_share_and_teachers_are_asked_once_about_a_view(tmp_path: Path) -> None:
    targets, asked = np.eye(7, dtype=np.float32)[[1]], list[int]()

    def says_angry_once(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        asked.append(len(crops))
        return says_angry(crops)

    teachers = Teachers(says_angry_once, 0.7, 2, tmp_path)
    for view in (0, 1, 0):
        mixed = teachers.mix_targets(targets, view, np.zeros((1, 48, 48), np.uint8))
        np.testing.assert_allclose(mixed, [[0.7, 0.3, 0, 0, 0, 0, 0]])
    assert asked == [1, 1]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["teachers-0.npy", "teachers-1.npy"]
