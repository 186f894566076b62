"""Smooths the scores of each track over time, looking both ways."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer_core.sightings import Whole

Scores = NDArray[np.float32]
"""float32 (n, 7), each row sums to 1."""

WINDOW_MS = 600
"""Samples up to half of this before and after a sample are looked at."""

SPREAD = 0.25
"""How far scores usually lie from their median: as the root of the sum of squares."""

VALUES = 1 << 21
"""Scores that are looked at in one go, which bounds memory."""


def smooth_scores(scores: Scores, ms: Whole, track: Whole, window_ms: float = WINDOW_MS) -> Scores:
    """Returns scores with the noise and the short flips taken out, float32 (n, 7).

    Each becomes the mean of those around it in its track, weighted by how near they are to the
    median of them all: one step of an M-estimate that starts at the median (Huber 1981). What
    differs for less than half the window has no say, and a lasting change stays where it is, both
    as with a median filter (Tukey 1977), while the mean takes out noise better.

    Args:
        scores: float32 (n, 7), each row sums to 1.
        ms: int64 (n,), time of each.
        track: int64 (n,), track of each.
        window_ms: length of the window, in which both its ends count.
    """
    order = np.lexsort((ms, track))
    smooth = np.empty_like(scores)
    ordered, times, tracks = scores[order], ms[order], track[order]
    reach = _count_reach(times, tracks, window_ms / 2)
    step = max(1, VALUES // ((2 * reach + 1) * scores.shape[1]))
    around = np.arange(-reach, reach + 1)
    for first in range(0, len(order), step):
        rows = np.arange(first, min(first + step, len(order)))[:, np.newaxis]
        places = np.clip(rows + around, 0, len(order) - 1)
        inside = (np.abs(times[places] - times[rows]) <= window_ms / 2) & (rows + around == places)
        inside &= tracks[places] == tracks[rows]
        smooth[order[rows[:, 0]]] = _settle(ordered[places], inside)
    return smooth


def _count_reach(times: Whole, tracks: Whole, half_ms: float) -> int:
    """Returns how many samples, at most, lie on one side of a window."""
    if not len(times):
        return 0
    # One axis on which tracks follow each other, further apart than any window.
    length = int(np.ptp(times)) + 2 * int(half_ms) + 2
    axis = times - times.min() + np.unique(tracks, return_inverse=True)[1] * length
    after = np.searchsorted(axis, axis + half_ms, side="right")
    return int((after - np.arange(len(axis))).max()) - 1


def _settle(around: Scores, inside: NDArray[np.bool_]) -> Scores:
    """Returns the robust mean of windows, (m, 7).

    Args:
        around: float32 (m, k, 7), the scores in each window.
        inside: bool (m, k), which of them count; of each window at least one does.
    """
    hidden = np.where(inside[..., np.newaxis], around, np.float32(2))  # sorts behind all others
    ranked = np.sort(hidden, axis=1)
    count = inside.sum(axis=1)
    low, high = ((count - 1) // 2)[:, np.newaxis], (count // 2)[:, np.newaxis]
    rows, column = np.arange(len(around))[:, np.newaxis], np.arange(around.shape[2])
    median = (ranked[rows, low, column] + ranked[rows, high, column]) / 2
    away = ((around - median[:, np.newaxis]) ** 2).sum(axis=2) / SPREAD**2
    away -= np.where(inside, away, np.inf).min(axis=1, keepdims=True)  # the nearest weighs 1
    weight = np.where(inside, np.exp(-away / 2), 0)
    weight /= weight.sum(axis=1, keepdims=True)
    mean = np.einsum("mk,mkc->mc", weight, around)
    return np.asarray(mean / mean.sum(axis=1, keepdims=True), np.float32)
