"""Smooths the scores of each track over time, looking both ways."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer_core.tracking.sightings import Whole

Scores = NDArray[np.float32]
"""float32 (n, 7), each row sums to 1."""

WINDOW_MS = 600
"""Samples up to half of this before and after a sample are looked at."""

SPREAD = 0.4
"""How far scores usually lie from their median: as the root of the sum of squares."""

VALUES = 1 << 20
"""Scores that are looked at in one go, which bounds memory."""


def smooth_scores(scores: Scores, ms: Whole, track: Whole, window_ms: float = WINDOW_MS) -> Scores:
    """Returns scores with the noise and the short flips taken out, float32 (n, 7).

    Each becomes the mean of those around it in its track, weighted by how near they are to the
    median of them all: one step of an M-estimate that starts at the median (Huber 1981). What
    differs for less than half the window has no say, and a lasting change stays where it is, both
    as with a median filter (Tukey 1977), while the mean takes out more of the noise.

    A window holds as many samples after as before, or else changes would be drawn to where samples
    are dense; at least one, if it is no further away than a whole window. At the ends of a track,
    and of a gap longer than a window, it holds what there is on the other side.

    Args:
        scores: float32 (n, 7), each row sums to 1.
        ms: int64 (n,), time of each.
        track: int64 (n,), track of each.
        window_ms: length of the window, in which both its ends count.
    """
    order = np.lexsort((ms, track))
    smooth = np.empty_like(scores)
    ordered = scores[order]
    before, after = _measure_windows(ms[order], track[order], window_ms)
    reach = max(before.max(initial=0), after.max(initial=0))
    around = np.arange(-reach, reach + 1)
    step = max(1, VALUES // (len(around) * scores.shape[1]))
    for first in range(0, len(order), step):
        rows = np.arange(first, min(first + step, len(order)))
        inside = (around >= -before[rows, np.newaxis]) & (around <= after[rows, np.newaxis])
        places = np.clip(rows[:, np.newaxis] + around, 0, len(order) - 1)
        smooth[order[rows]] = _settle(ordered[places], inside)
    return smooth


def _measure_windows(ms: Whole, track: Whole, window_ms: float) -> tuple[Whole, Whole]:
    """Returns how many samples belong to the window of each, before it and after it.

    Args:
        ms: int64 (n,), rising in each track.
        track: int64 (n,), rising.
        window_ms: length of a window.
    """
    count = len(ms)
    rows = np.arange(count)
    starts = np.ones(count, np.bool_)  # of pieces: tracks, or what is between their long gaps
    starts[1:] = (track[1:] != track[:-1]) | (np.diff(ms) > window_ms)
    firsts = np.flatnonzero(starts)
    piece = np.cumsum(starts) - 1
    most_before = rows - firsts[piece]
    most_after = np.append(firsts[1:], count)[piece] - 1 - rows
    # One axis on which pieces follow each other, further apart than any window.
    steps = np.where(starts[1:], 2 * window_ms, np.diff(ms))
    axis = np.concatenate([np.zeros(min(count, 1)), np.cumsum(steps)])
    before = rows - np.searchsorted(axis, axis - window_ms / 2, side="left")
    after = np.searchsorted(axis, axis + window_ms / 2, side="right") - 1 - rows
    # Three samples make a majority; the first and the last of a piece take both from one side.
    before = np.maximum(before, np.minimum(most_before, np.where(most_after == 0, 2, 1)))
    after = np.maximum(after, np.minimum(most_after, np.where(most_before == 0, 2, 1)))
    both = np.minimum(before, after)
    return (
        np.where(after == most_after, before, both),
        np.where(before == most_before, after, both),
    )


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
    weight = np.where(inside, np.exp(-np.maximum(away, 0) / 2), 0)
    weight /= weight.sum(axis=1, keepdims=True)
    mean = np.einsum("mk,mkc->mc", weight, around)
    return np.asarray(mean / mean.sum(axis=1, keepdims=True), np.float32)
