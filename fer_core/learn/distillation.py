"""Targets from teachers: what trained networks see in a picture, beside what people said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fer_core.classify import Classifier


def teacher_scores(teachers: Sequence[Classifier], crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns the mean scores of the teachers on each crop and its mirror image.

    Args:
        teachers: crops to scores, at least one.
        crops: uint8 (n, 48, 48).

    Returns:
        float32 (n, 7), each row summing to 1.
    """
    mirrored = np.ascontiguousarray(crops[:, :, ::-1])
    views = [teacher(view) for teacher in teachers for view in (crops, mirrored)]
    mean: NDArray[np.float32] = np.mean(views, axis=0, dtype=np.float32)
    return mean


def mix_targets(
    targets: NDArray[np.float32], scores: NDArray[np.float32], share: float
) -> NDArray[np.float32]:
    """Mixes targets with teachers' scores (distillation: Hinton et al. 2015, arXiv 1503.02531).

    Args:
        targets: float32 (n, 7), each row summing to 1.
        scores: float32 (n, 7), each row summing to 1; calibrated, so that they are as soft as
            the votes and no further temperature is needed.
        share: of the teachers, 0 to 1.
    """
    mixed: NDArray[np.float32] = ((1 - share) * targets + share * scores).astype(np.float32)
    return mixed
