"""Do viewers show the same at the same time: each one's curve beside that of all others.

The correlation of a viewer with the mean of the others (Nastase and others 2019), over the seconds
in which both are known. What chance gives is found by curves that are turned around in time, each
by a lag of its own: they keep how smooth they are, and lose only when something happens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SURROGATES = 999
SEED = 20261128
STILL = 1e-12
"""A curve that varies by less does not at all."""

CHUNK = 1 << 17
"""Numbers in one go, which bounds memory."""

LEAST_SECONDS = 10
"""Seconds that a viewer and the others must share, so that a correlation says anything."""


@dataclass(frozen=True)
class Synchrony:
    """How far viewers go together.

    Attributes:
        correlation: float64 (viewers + 1,), of each with the others, and the mean of these last;
            NaN where too little is known.
        chance: float64, likewise, the mean over what is turned in time.
        p: float64, likewise, the share of these, with what is observed, that is as large.
    """

    correlation: Floats
    chance: Floats
    p: Floats


def measure_synchrony(curves: Floats) -> Synchrony:
    """Measures how far viewers go together.

    Args:
        curves: float64 (viewers, seconds), NaN where one is not seen.
    """
    found = correlate_with_others(curves)
    if np.isnan(found).all():
        return Synchrony(found, found, found)
    viewers, seconds = curves.shape
    dice = np.random.default_rng(SEED)
    lags = dice.integers(0, max(seconds, 1), (SURROGATES, viewers, 1))
    moments, rows = np.arange(seconds), np.arange(viewers)[:, np.newaxis]
    step = max(1, CHUNK // max(1, curves.size))
    turned = np.concatenate(
        [
            correlate_with_others(curves[rows, (moments + lags[at : at + step]) % max(seconds, 1)])
            for at in range(0, SURROGATES, step)
        ]
    )
    reached = 1 + (turned >= found).sum(axis=0)
    known = ~np.isnan(turned)
    chance = np.where(known, turned, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    unknown = np.isnan(found)
    return Synchrony(
        found,
        np.where(unknown, np.nan, chance),
        np.where(unknown, np.nan, reached / (SURROGATES + 1)),
    )


def correlate_with_others(curves: Floats) -> Floats:
    """Returns Pearson's correlation of each with the mean of the others, and the mean of these.

    Args:
        curves: float64 (..., viewers, seconds), NaN where one is not seen.

    Returns:
        float64 (..., viewers + 1), NaN where a curve does not vary or too few seconds are shared.
    """
    known = ~np.isnan(curves)
    level = np.where(known, curves, 0)
    beside = known.sum(axis=-2, keepdims=True) - known
    with np.errstate(invalid="ignore", divide="ignore"):
        others = np.where(beside > 0, (level.sum(axis=-2, keepdims=True) - level) / beside, 0)
        shared = known & (beside > 0)
        count = shared.sum(axis=-1, keepdims=True)
        one, other = (
            np.where(shared, part - (part * shared).sum(axis=-1, keepdims=True) / count, 0)
            for part in (level, others)
        )
        spread = np.sqrt((one**2).sum(axis=-1) * (other**2).sum(axis=-1))
        each = (one * other).sum(axis=-1) / spread
        each[(count[..., 0] < LEAST_SECONDS) | ~(spread > STILL)] = np.nan
        told = ~np.isnan(each)
        mean = np.where(told, each, 0).sum(axis=-1) / told.sum(axis=-1)
    return np.concatenate([each, mean[..., np.newaxis]], axis=-1)
