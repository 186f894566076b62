"""Runs of faces that are linked already, and what is known at both ends of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer_core.tracking.descriptors import settle_looks
from fer_core.tracking.sightings import Floats, Sightings, Whole
from fer_core.tracking.tracklets import pair_beside

NEAREST = 15
"""How many faces at the end of a run tell what it looks like."""

BESIDE = 1.5
"""Not those with another so near, in sides: it may hide the clothes."""

PACE_SAMPLES, PACE_MS = 5, 1500
"""Over how many samples, and no longer, the pace at the end of a run is measured."""


@dataclass(frozen=True)
class Runs:
    """Runs of faces that are linked already, with what is known at their ends.

    Attributes:
        first: int64 (m,), position of the first face of each.
        last: int64 (m,), of the last.
        pace: float64 (2, m, 2): at the start and at the end, x and y in pixels per second.
        looks: float32 (2, m, LOOKS_SIZE): at the start and at the end; None where not known.
    """

    first: Whole
    last: Whole
    pace: Floats
    looks: NDArray[np.float32] | None


def describe_runs(seen: Sightings, number: Whole) -> Runs:
    """Gathers what is known at the ends of runs, numbered from 0 without a gap."""
    order = np.argsort(number, kind="stable")
    bounds = np.searchsorted(number[order], np.arange(number.max(initial=-1) + 2))
    first, last = bounds[:-1], bounds[1:] - 1
    pace = np.stack([_pace(seen, order, first, last, 1), _pace(seen, order, last, first, -1)])
    looks = None
    if seen.looks is not None:
        alone = choose_alone(seen, number)
        told = order[alone[order]]
        ends = np.searchsorted(number[told], np.arange(len(first) + 1))
        at_start = _mean_looks(seen.looks, told, ends[:-1], ends[1:] - 1, 1)
        looks = np.stack([at_start, _mean_looks(seen.looks, told, ends[1:] - 1, ends[:-1], -1)])
    return Runs(order[first], order[last], pace, looks)


def choose_alone(seen: Sightings, number: Whole) -> NDArray[np.bool_]:
    """Tells which faces show what their run looks like: those by themselves, if it has any."""
    alone = np.ones(len(seen), np.bool_)
    for one, _ in pair_beside(seen, BESIDE):
        alone[one] = False
    count = np.bincount(number[alone], minlength=number.max(initial=-1) + 1)
    return np.asarray(alone | (count[number] == 0), np.bool_)


def _pace(seen: Sightings, order: Whole, at: Whole, far: Whole, step: int) -> Floats:
    """Returns how fast runs move at one end, (m, 2), from `at` inwards but not beyond `far`."""
    inner, here = at.copy(), order[at]
    for _ in range(PACE_SAMPLES - 1):
        further = np.where(inner == far, inner, inner + step)
        close = np.abs(seen.ms[order[further]] - seen.ms[here]) <= PACE_MS
        inner = np.where(close, further, inner)
    there = order[inner]
    taken_s = (seen.ms[there] - seen.ms[here]) / 1000
    moved = np.stack([seen.x[there] - seen.x[here], seen.y[there] - seen.y[here]], axis=1)
    still = taken_s == 0
    taken_s[still] = 1
    return np.where(still[:, np.newaxis], 0.0, moved / taken_s[:, np.newaxis])


def _mean_looks(
    looks: NDArray[np.float32], order: Whole, at: Whole, far: Whole, step: int
) -> NDArray[np.float32]:
    """Returns what runs look like at one end, on average over a few faces, (m, LOOKS_SIZE)."""
    total, count = looks[order[at]].copy(), np.ones(len(at), np.float32)
    for turn in range(1, NEAREST):
        inside = np.flatnonzero(np.abs(far - at) >= turn)
        total[inside] += looks[order[at[inside] + step * turn]]
        count[inside] += 1
    return settle_looks(total, count)
