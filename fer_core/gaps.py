"""Links runs of a face across gaps: all of a video at once, by optimal assignment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer_core.looks import looks_apart
from fer_core.sightings import Floats, Sightings, Whole
from fer_core.tracklets import PAIRS, pair_beside, pair_ranges

NEAREST = 10
"""How many faces at the end of a run tell what it looks like."""

BESIDE = 1.5
"""Not those with another so near, in sides: it may hide the clothes."""

LEAST_WORTH = 0.6
"""What it is worth to go on with a run of one face, beside a long one."""

PACE_SAMPLES, PACE_MS = 5, 1500
"""Over how many samples, and no longer, the pace at the end of a run is measured."""

COAST_S = 0.6
"""A face goes on at its pace for about so long when it is no longer seen."""

LOST_COST = 9.0
"""A link that costs more is none: the face is taken for another."""

STRAY, STRAY_PER_S = 0.25, 0.7
"""How far from where it is expected a face is usual, in its sides: at once, and per second."""

USUAL_GROWTH, USUAL_LOOKS = 0.2, 8.0
"""Usual change of the logarithm of its side, and of its looks in grey levels."""

MISS_COST, MOST_MISS_COST = 0.5, 2.0
"""For each sampled frame in which a face is not found although it is there."""

MOST_AWAY = 4.0
"""Farther from where it is expected no face is looked for, in its sides."""

HIDDEN_MS = 3000
"""A face keeps its track for so long behind another."""

COVER = 0.8
"""A face whose middle is nearer than this, in sides, may hide another."""


@dataclass(frozen=True)
class Runs:
    """Runs of faces that are linked already, with what is known at their ends.

    Attributes:
        first: int64 (m,), position of the first face of each.
        last: int64 (m,), of the last.
        count: int64 (m,), how many faces each has.
        pace: float64 (2, m, 2): at the start and at the end, x and y in pixels per second.
        looks: float32 (2, m, LOOKS_SIZE): at the start and at the end; None where not known.
    """

    first: Whole
    last: Whole
    count: Whole
    pace: Floats
    looks: NDArray[np.float32] | None


def link_gaps(seen: Sightings, number: Whole) -> Whole:
    """Returns for each face the one after a gap that goes on with its run, or -1.

    Which run goes on with which is chosen for all of them at once, so that the sum of the costs is
    least (Zhang, Li, Nevatia 2008, without their terms for births and deaths).

    Args:
        seen: the faces.
        number: int64 (n,), the run of each.
    """
    runs = describe_runs(seen, number)
    found = [_weigh(seen, runs, one, other) for one, other in _candidates(seen, runs)]
    following = np.full(len(seen), -1, np.int64)
    if found:
        one, other, cost = (np.concatenate(parts) for parts in zip(*found, strict=True))
        worth = 1 - (1 - LEAST_WORTH) / runs.count
        gain = LOST_COST * (worth[one] + worth[other]) / 2 - cost
        one, other = assign(one, other, gain, len(runs.first))
        following[runs.last[one]] = runs.first[other]
    return following


def describe_runs(seen: Sightings, number: Whole) -> Runs:
    """Gathers what is known at the ends of runs, numbered from 0 without a gap."""
    order = np.argsort(number, kind="stable")
    bounds = np.searchsorted(number[order], np.arange(number.max(initial=-1) + 2))
    first, last = bounds[:-1], bounds[1:] - 1
    pace = np.stack([_pace(seen, order, first, last, 1), _pace(seen, order, last, first, -1)])
    looks = None
    if seen.looks is not None:
        alone = _choose_alone(seen, number)
        told = order[alone[order]]
        ends = np.searchsorted(number[told], np.arange(len(first) + 1))
        at_start = _mean_looks(seen.looks, told, ends[:-1], ends[1:] - 1, 1)
        looks = np.stack([at_start, _mean_looks(seen.looks, told, ends[1:] - 1, ends[:-1], -1)])
    return Runs(order[first], order[last], last - first + 1, pace, looks)


def _choose_alone(seen: Sightings, number: Whole) -> NDArray[np.bool_]:
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
    return np.asarray(total / count[:, np.newaxis], np.float32)


def _candidates(seen: Sightings, runs: Runs) -> Iterator[tuple[Whole, Whole]]:
    """Yields pairs of runs of which one may go on with the other, a part of the video at a time."""
    begin, end = seen.ms[runs.first], seen.ms[runs.last]
    by_begin = np.argsort(begin, kind="stable")
    after = np.searchsorted(begin[by_begin], end, side="right")
    longest_ms = max(seen.gap_ms, HIDDEN_MS)
    until = np.searchsorted(begin[by_begin], end + longest_ms, side="right")
    done, sums = 0, np.cumsum(until - after)
    while done < len(sums):
        before = sums[done - 1] if done else 0
        upto = max(done + 1, int(np.searchsorted(sums, before + PAIRS, side="right")))
        part = slice(done, upto)
        one, place = pair_ranges(np.arange(done, min(upto, len(sums))), after[part], until[part])
        yield one, by_begin[place]
        done = upto


def _weigh(seen: Sightings, runs: Runs, one: Whole, other: Whole) -> tuple[Whole, Whole, Floats]:
    """Returns the pairs of runs that may be the same face, and what each of these links costs."""
    last, first = runs.last[one], runs.first[other]
    gap_s = (seen.ms[first] - seen.ms[last]) / 1000
    side = (seen.side[last] + seen.side[first]) / 2
    coast_s = COAST_S * (1 - np.exp(-gap_s / COAST_S))
    way = np.stack([seen.x[first] - seen.x[last], seen.y[first] - seen.y[last]], axis=1)
    away = [
        np.hypot(*(way - coast_s[:, np.newaxis] * pace).T) / side
        for pace in (runs.pace[1, one], runs.pace[0, other])
    ]
    growth = np.log(seen.side[first] / seen.side[last])
    missed = np.maximum(seen.frame[first] - seen.frame[last] - 1, 0)
    stray = (away[0] + away[1]) / 2
    cost = (
        2 * np.log1p((stray / (STRAY + STRAY_PER_S * gap_s)) ** 2 / 4)
        + (growth / USUAL_GROWTH) ** 2 / 2
    )
    cost += np.minimum(MISS_COST * missed, MOST_MISS_COST)
    near = np.flatnonzero(
        (cost < LOST_COST) & (stray < MOST_AWAY) & (seen.shot[first] == seen.shot[last])
    )
    one, other, cost = one[near], other[near], cost[near]
    if runs.looks is not None:
        apart = looks_apart(runs.looks[1, one], runs.looks[0, other])
        cost = cost + (apart / USUAL_LOOKS) ** 2 / 2
    kept = np.flatnonzero(cost < LOST_COST)
    one, other, cost = one[kept], other[kept], cost[kept]
    last, first = runs.last[one], runs.first[other]
    short = seen.ms[first] - seen.ms[last] <= seen.gap_ms
    long = np.flatnonzero(~short)
    short[long] = _was_hidden(seen, last[long], first[long])
    return one[short], other[short], cost[short]


def _was_hidden(seen: Sightings, last: Whole, first: Whole) -> NDArray[np.bool_]:
    """Tells of gaps whether another face came in front of both ends while they lasted."""
    gap, passer = pair_ranges(
        np.arange(len(last)), seen.starts[seen.frame[last]], seen.starts[seen.frame[first] + 1]
    )
    hidden = np.ones(len(last), np.bool_)
    for end in (last, first):
        away = np.hypot(seen.x[passer] - seen.x[end[gap]], seen.y[passer] - seen.y[end[gap]])
        covers = (away < COVER * seen.side[passer]) & (passer != last[gap]) & (passer != first[gap])
        hidden &= np.bincount(gap[covers], minlength=len(last)) > 0
    return hidden


def assign(one: Whole, other: Whole, gain: Floats, count: int) -> tuple[Whole, Whole]:
    """Chooses among pairs, of `count` runs, those with the largest sum of gains.

    No run goes on with two others or from two others, and none has to.
    """
    # Not above: SciPy takes a second and 50 MB, and only the process that links needs it.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    better = gain > 0
    if not better.any():
        return one[better], other[better]
    one, other, gain = one[better], other[better], gain[better]
    runs, most = np.arange(count), gain.max() + 1  # a weight of 0 would be no entry
    weights = np.concatenate([most - gain, np.full(count, most)])
    places = np.concatenate([one, runs]), np.concatenate([other, count + runs])
    table = coo_array((weights, places), shape=(count, 2 * count)).tocsr()
    row, column = min_weight_full_bipartite_matching(table)
    linked = column < count
    return row[linked].astype(np.int64), column[linked].astype(np.int64)
