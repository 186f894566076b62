"""Targets from teachers: pictures are shown both ways round, and teachers count alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer_core.learn.distillation import mix_targets, teacher_scores


def sees_left(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Says happy where the left half is bright, else sad."""
    scores = np.zeros((len(crops), 7), np.float32)
    bright = crops[:, :, :24].mean(axis=(1, 2)) > 100
    scores[np.arange(len(crops)), np.where(bright, 3, 5)] = 1
    return scores


def says_angry(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.eye(7, dtype=np.float32)[np.zeros(len(crops), int)]


def test_both_sides_and_all_teachers_count_alike() -> None:
    crops = np.zeros((2, 48, 48), np.uint8)
    crops[0, :, :24] = 200
    assert teacher_scores([sees_left], crops).tolist() == [
        [0, 0, 0, 0.5, 0, 0.5, 0],
        [0, 0, 0, 0, 0, 1, 0],
    ]
    mean = teacher_scores([sees_left, says_angry], crops)
    assert mean.tolist()[1] == [0.5, 0, 0, 0, 0, 0.5, 0]


def test_targets_keep_their_share() -> None:
    targets, scores = np.eye(7, dtype=np.float32)[[1]], np.eye(7, dtype=np.float32)[[2]]
    np.testing.assert_allclose(mix_targets(targets, scores, 0.7), [[0, 0.3, 0.7, 0, 0, 0, 0]])
