"""Links faces from one sampled frame to the next where there is no doubt."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fer_core.tracking.descriptors import looks_apart
from fer_core.tracking.sightings import Floats, Sightings, Whole

REACH, REACH_PER_S = 0.6, 4.0
"""How far a face may move to be the same, in sides of the face: at once, and more per second."""

MOST_REACH = 2.0
MOST_GROWTH = 0.5
"""Largest change of the logarithm of its side."""

LOOKS_WORTH = 40.0
"""Difference of looks that counts as much as moving by a side."""

SURE_COST, MARGIN = 1.2, 0.5
"""A link is sure at a cost below, where every rival of it costs so much more."""

TOUCHING = 1.3
"""Faces whose middles are closer, in their sides, may be taken for each other where one is lost."""

PAIRS = 1 << 16
"""Pairs that are looked at in one go, which bounds memory."""


def link_surely(seen: Sightings) -> Whole:
    """Returns for each face the one in the next sampled frame that is surely the same, or -1.

    A link is sure where each of the two faces has the other as the one that by place, size and
    looks fits it by far best, in the same shot.
    """
    following = np.full(len(seen), -1, np.int64)
    for one, other in _pair_up(seen, 1):
        cost = _cost_of(seen, one, other)
        near = np.isfinite(cost)
        one, other, cost = one[near], other[near], cost[near]
        sure = (cost < SURE_COST) & (cost + MARGIN < _rival_cost(one, cost))
        sure &= cost + MARGIN < _rival_cost(other, cost)
        following[one[sure]] = other[sure]
    is_first, is_last = ~is_linked(following), following < 0
    for one, other in pair_beside(seen, TOUCHING):
        following[other[is_last[one]]] = -1
        entered = other[is_first[one]]
        following[np.isin(following, entered)] = -1
    return following


def pair_beside(seen: Sightings, reach: float) -> Iterator[tuple[Whole, Whole]]:
    """Yields the pairs of faces in one frame, each twice, that are closer than so many sides."""
    for one, other in _pair_up(seen, 0):
        side = (seen.side[one] + seen.side[other]) / 2
        away = np.hypot(seen.x[other] - seen.x[one], seen.y[other] - seen.y[one])
        near = (away < reach * side) & (one != other)
        yield one[near], other[near]


def _pair_up(seen: Sightings, ahead: int) -> Iterator[tuple[Whole, Whole]]:
    """Yields all pairs of a face and one so many sampled frames ahead, many frames at a time."""
    counts = np.diff(seen.starts)
    pairs = np.cumsum(counts[: len(counts) - ahead] * counts[ahead:])
    first = 0
    while first < len(pairs):
        before = pairs[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(pairs, before + PAIRS, side="right")))
        one = np.arange(seen.starts[first], seen.starts[last])
        frame = seen.frame[one] + ahead
        yield pair_ranges(one, seen.starts[frame], seen.starts[frame + 1])
        first = last


def pair_ranges(one: Whole, first: Whole, end: Whole) -> tuple[Whole, Whole]:
    """Pairs each of `one` with the whole numbers from its `first` up to but without its `end`."""
    counts = end - first
    ends = np.cumsum(counts)
    step = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
    return np.repeat(one, counts), np.repeat(first, counts) + step


def _cost_of(seen: Sightings, one: Whole, other: Whole) -> Floats:
    """Returns what it costs to take pairs for the same face, infinite where it cannot be."""
    gap_s = (seen.ms[other] - seen.ms[one]) / 1000
    side = (seen.side[one] + seen.side[other]) / 2
    away = np.hypot(seen.x[other] - seen.x[one], seen.y[other] - seen.y[one]) / side
    growth = np.abs(np.log(seen.side[other] / seen.side[one]))
    cost = np.full(len(one), np.inf)
    alike = (away < np.minimum(REACH + REACH_PER_S * gap_s, MOST_REACH)) & (growth < MOST_GROWTH)
    alike &= (seen.shot[one] == seen.shot[other]) & (1000 * gap_s <= seen.gap_ms)
    near = np.flatnonzero(alike)
    cost[near] = away[near] + growth[near]
    if seen.looks is not None:
        apart = looks_apart(seen.looks[one[near]], seen.looks[other[near]])
        cost[near] += apart / LOOKS_WORTH
    return cost


def _rival_cost(group: Whole, cost: Floats) -> Floats:
    """Returns for each pair the least cost among the others of its group."""
    rival = np.full(len(group), np.inf)
    if not len(group):
        return rival
    order = np.lexsort((cost, group))
    ranked, least = group[order], cost[order]
    same = ranked[1:] == ranked[:-1]
    first = np.concatenate([[True], ~same])
    second = np.full(len(group), np.inf)
    second[:-1][same] = least[1:][same]  # of the first in each group, this is the runner-up
    best = least[np.maximum.accumulate(np.where(first, np.arange(len(group)), 0))]
    rival[order] = np.where(first, second, best)
    return rival


def chain(following: Whole) -> Whole:
    """Numbers the chains that links make, from 0 in the order of their first faces.

    Args:
        following: int64 (n,), position of the next face of the same chain, later, or -1.

    Returns:
        int64 (n,), the number of each face's chain.
    """
    heads = np.ones(len(following), np.bool_)
    heads[following[following >= 0]] = False
    before = np.arange(len(following))
    linked = np.flatnonzero(following >= 0)
    before[following[linked]] = linked
    while True:  # every turn doubles how far back each face has looked
        further = before[before]
        if np.array_equal(further, before):
            break
        before = further
    return np.asarray((np.cumsum(heads) - 1)[before], np.int64)


def is_linked(following: Whole) -> NDArray[np.bool_]:
    """Tells of each face whether another comes before it in its chain."""
    linked = np.zeros(len(following), np.bool_)
    linked[following[following >= 0]] = True
    return linked
