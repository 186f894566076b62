"""Links runs of a face across gaps: all of a video at once, by optimal assignment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fer_core.tracking.descriptors import looks_apart
from fer_core.tracking.runs import Runs, describe_runs
from fer_core.tracking.sightings import Floats, Sightings, Whole
from fer_core.tracking.tracklets import PAIRS, pair_ranges

COAST_S = 0.6
"""A face goes on at its pace for about so long when it is no longer seen."""

LOST_COST, LOST_HIDDEN_COST = 10.0, 8.0
"""A link that costs more is none: the face is taken for another."""

STRAY, STRAY_PER_S = 0.3, 0.7
"""How far from where it is expected a face is usual, in its sides: at once, and per second."""

USUAL_GROWTH, USUAL_LOOKS = 0.4, 8.0
"""Usual change of the logarithm of its side, and of its looks in grey levels."""

MISS_COST, MOST_MISS_COST = 0.5, 2.0
"""For each sampled frame in which a face is not found although it is there."""

MOST_AWAY = 4.0
"""Farther from where it is expected no face is looked for, in its sides."""

HIDDEN_MS = 3000
"""A face keeps its track for so long behind another."""

TOGETHER = 1000
"""Pairs of runs that are chosen from in one go, at least, where there are so many."""

FEW = 400
"""Up to so many pairs are chosen from without SciPy."""

COVER = 1.2
"""A face whose middle is nearer than this, in sides, may hide another."""


def link_gaps(seen: Sightings, number: Whole) -> Whole:
    """Returns for each face the one after a gap that goes on with its run, or -1.

    Which run goes on with which is chosen for all of them at once, so that the sum of the costs is
    least (Zhang, Li, Nevatia 2008, without their terms for births and deaths).

    Args:
        seen: the faces.
        number: int64 (n,), the run of each.
    """
    following = np.full(len(seen), -1, np.int64)
    if not number.any():  # one run, as of most short clips: nothing goes on with it
        return following
    runs = describe_runs(seen, number)
    found = [_weigh(seen, runs, one, other) for one, other in _candidates(seen, runs)]
    if found:
        one, other, gain = (np.concatenate(parts) for parts in zip(*found, strict=True))
        one, other = assign(one, other, gain)
        following[runs.last[one]] = runs.first[other]
    return following


def _candidates(seen: Sightings, runs: Runs) -> Iterator[tuple[Whole, Whole]]:
    """Yields pairs of runs of which one may go on with the other, a part of the video at a time."""
    begin, end = seen.ms[runs.first], seen.ms[runs.last]
    by_begin = np.argsort(begin, kind="stable")
    longest_ms = max(seen.gap_ms, HIDDEN_MS)
    after = np.searchsorted(begin[by_begin], end, side="right")
    until = np.searchsorted(begin[by_begin], end + longest_ms, side="right")
    done, sums = 0, np.cumsum(until - after)
    while done < len(sums):
        before = sums[done - 1] if done else 0
        upto = max(done + 1, int(np.searchsorted(sums, before + PAIRS, side="right")))
        part = np.arange(done, upto)
        one, place = pair_ranges(part, after[part], until[part])
        yield one, by_begin[place]
        done = upto


def _weigh(seen: Sightings, runs: Runs, one: Whole, other: Whole) -> tuple[Whole, Whole, Floats]:
    """Returns the pairs of runs that may be the same face, and what is gained by linking each."""
    last, first = runs.last[one], runs.first[other]
    gap_ms = seen.ms[first] - seen.ms[last]
    gain = np.where(gap_ms <= seen.gap_ms, LOST_COST, LOST_HIDDEN_COST)
    gain -= _cost_of_move(seen, runs, one, other)
    gain[seen.shot[first] != seen.shot[last]] = 0
    near = gain > 0
    one, other, gain, gap_ms = one[near], other[near], gain[near], gap_ms[near]
    if runs.looks is not None:
        apart = looks_apart(runs.looks[1, one], runs.looks[0, other])
        told = 2 * np.minimum(1 + gap_ms / 1000, 2)
        gain -= told * np.log1p((apart / USUAL_LOOKS) ** 2 / 4)
    kept = gain > 0
    long = kept & (gap_ms > seen.gap_ms)
    kept[long] = _was_hidden(seen, runs.last[one[long]], runs.first[other[long]])
    return one[kept], other[kept], gain[kept]


def _cost_of_move(seen: Sightings, runs: Runs, one: Whole, other: Whole) -> Floats:
    """Returns what pairs of runs cost by place, pace, size and the samples that are missing."""
    last, first = runs.last[one], runs.first[other]
    gap_s = (seen.ms[first] - seen.ms[last]) / 1000
    coast_s = COAST_S * (1 - np.exp(-gap_s / COAST_S))
    way = np.stack([seen.x[first] - seen.x[last], seen.y[first] - seen.y[last]], axis=1)
    ahead, back = (
        np.hypot(*(way - coast_s[:, np.newaxis] * pace).T)
        for pace in (runs.pace[1, one], runs.pace[0, other])
    )
    stray = (ahead + back) / (seen.side[last] + seen.side[first])  # the means of both
    growth = np.log(seen.side[first] / seen.side[last])
    missed = np.maximum(seen.frame[first] - seen.frame[last] - 1, 0)
    # Heads jerk, and boxes lag: large distances are not as rare as a normal law would have them.
    cost = 2 * np.log1p((stray / (STRAY + STRAY_PER_S * gap_s)) ** 2 / 4)
    cost += (growth / USUAL_GROWTH) ** 2 / 2 + np.minimum(MISS_COST * missed, MOST_MISS_COST)
    cost[stray > MOST_AWAY] = np.inf
    return np.asarray(cost, np.float64)


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


def assign(one: Whole, other: Whole, gain: Floats) -> tuple[Whole, Whole]:
    """Chooses pairs of runs so that the sum of their gains is largest.

    No run goes on with two others or from two others, and none has to.

    Args:
        one: int64 (n,), the run that goes on.
        other: int64 (n,), the run that it goes on with; no pair comes twice.
        gain: float64 (n,), more than 0.
    """
    if len(np.unique(one)) == len(one) and len(np.unique(other)) == len(other):
        return one, other  # no two compete: all are chosen
    if len(one) <= FEW:
        chosen = _choose_few(one, other, gain)
        return one[chosen], other[chosen]
    # Not above: SciPy takes 0.2 s and 50 MB, and most videos need it not.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    chosen = np.zeros(len(one), np.bool_)
    size = 1 + max(int(one.max()), int(other.max()))
    graph = coo_array((gain, (one, size + other)), shape=(2 * size, 2 * size))
    island = connected_components(graph, directed=False)[1][one]
    order = np.argsort(island, kind="stable")
    ends = np.flatnonzero(np.diff(island[order], append=-1)) + 1
    first = 0
    while first < len(order):  # whole islands at a time: the time grows with the square
        end = min(int(np.searchsorted(ends, first + TOGETHER)), len(ends) - 1)
        last = int(ends[end])
        part = order[first:last]
        chosen[part] = _choose(one[part], other[part], gain[part])
        first = last
    return one[chosen], other[chosen]


def _choose(one: Whole, other: Whole, gain: Floats) -> NDArray[np.bool_]:
    """Tells which of the pairs are in the best assignment."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    names, row = np.unique(one, return_inverse=True)
    goals, column = np.unique(other, return_inverse=True)
    alone = np.arange(len(names))  # each may also go on with nothing, in a column of its own
    most = gain.max() + 1  # a weight of 0 would be no entry
    weights = np.concatenate([most - gain, np.full(len(names), most)])
    places = np.concatenate([row, alone]), np.concatenate([column, len(goals) + alone])
    table = coo_array((weights, places)).tocsr()
    best = np.empty(len(names), np.int64)
    rows, columns = min_weight_full_bipartite_matching(table)
    best[rows] = columns
    return np.asarray(best[row] == column, np.bool_)


def _choose_few(one: Whole, other: Whole, gain: Floats) -> NDArray[np.bool_]:
    """Does what `_choose` does, of a few pairs: SciPy takes longer to load than they take."""
    row, column = (np.unique(ends, return_inverse=True)[1] for ends in (one, other))
    rows, columns = row.max() + 1, column.max() + 1
    costs = np.full((rows, columns + rows), np.inf)
    costs[row, column] = -gain
    alone = np.arange(rows)  # each may also go on with nothing, in a column of its own
    costs[alone, columns + alone] = 0.0
    return np.asarray(_match(costs)[row] == column, np.bool_)


def _match(costs: Floats) -> Whole:
    """Returns the column of each row of costs, float64 (n, m), that make the least sum.

    By shortest augmenting paths (Jonker and Volgenant 1987): row after row is given a column, and
    others change theirs for it. Infinite costs are never paid; each row must be able to have one.
    """
    count, width = costs.shape
    owner, prices, chosen = np.full(width, -1), np.zeros(width), np.full(count, -1)
    for row in range(count):
        way, came, done = np.full(width, np.inf), np.full(width, -1), np.zeros(width, np.bool_)
        at, length = row, 0.0
        while at >= 0:
            steps = costs[at] - prices
            if at != row:
                steps -= steps[chosen[at]]  # it gives up what it has paid for its own
            nearer = ~done & (length + steps < way)
            way[nearer], came[nearer] = length + steps[nearer], at
            column = int(np.argmin(np.where(done, np.inf, way)))
            length, done[column], at = float(way[column]), True, int(owner[column])
        prices[done] -= length - way[done]
        while at != row:  # back along the way: each takes the column that was reached from it
            at = int(came[column])
            owner[column] = at
            chosen[at], column = column, chosen[at]
    return chosen
