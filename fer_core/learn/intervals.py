"""Bootstrap intervals: how far a figure could be off by the choice of pictures alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
SEED = 0
TAILS = (2.5, 97.5)
"""Percentiles that bound 95 %."""

Statistic: TypeAlias = Callable[[NDArray[np.intp]], NDArray[np.float64]]
"""Positions of pictures (n,), with repeats, to figures (k,)."""


def resample(
    statistic: Statistic, count: int, resamples: int = RESAMPLES, seed: int = SEED
) -> NDArray[np.float64]:
    """Measures figures on pictures drawn with replacement.

    Args:
        statistic: see Statistic.
        count: number of pictures n, at least 1.
        resamples: how many draws of n pictures.
        seed: the same seed gives the same draws.

    Returns:
        float64 (resamples, k).
    """
    rng = np.random.default_rng(seed)
    return np.stack([statistic(rng.integers(0, count, count)) for _ in range(resamples)])


def percentile_intervals(draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the 95 % intervals of k figures from draws (resamples, k), float64 (2, k)."""
    return np.asarray(np.percentile(draws, TAILS, axis=0), np.float64)


def mirrored_intervals(
    values: NDArray[np.float64], draws: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Returns 95 % intervals of errors that chance can only enlarge, float64 (2, k).

    A calibration error is a mean of absolute gaps: a sample adds noise to each gap, and a resample
    adds it once more. The percentiles of the draws would lie above the truth by both, so that the
    draws are mirrored about the figure measured (the basic bootstrap; Davison and Hinkley 1997).

    Args:
        values: float64 (k,), the figures of all pictures.
        draws: float64 (resamples, k).
    """
    low, high = percentile_intervals(draws)
    mirrored = np.stack([2 * values - high, 2 * values - low])
    return np.asarray(np.maximum(mirrored, 0), np.float64)
