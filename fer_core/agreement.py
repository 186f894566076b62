"""How well raters agree, from sums that add up over videos: so a bootstrap of videos is quick.

A rater says of every step of time whether an expression is there (0 or 1), or how strong it is.
A figure is of one expression or of several together, each beside its own chance: where every step
bears one label, kappa and alpha of all expressions together are those of the labels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Interval = tuple[int, int]
"""Begin and end of an event in milliseconds."""
LEVEL = 0.95
DRAWS = 2000
SEED = 0


@dataclass(frozen=True)
class Figure:
    """A figure and its interval.

    Attributes:
        value: NaN where it is not defined: nobody ever said so, for example.
        low: lower end of the 95 % interval, NaN where there are too few videos for one.
        high: upper end.
    """

    value: float
    low: float
    high: float


def count_pairs(one: Values, other: Values) -> Values:
    """Counts what two raters said of the same steps, float64 (4,): 00, 01, 10, 11."""
    return np.bincount((2 * one + other).astype(np.int64), minlength=4).astype(np.float64)


def kappa_of(counts: Values) -> Values:
    """Returns Cohen's kappa (1960; pooled: De Vries et al., 2008) of what two raters said.

    Args:
        counts: of `count_pairs`, float64 (..., expressions, 4).
    """
    both_no, second, first, both = np.moveaxis(counts, -1, 0)
    whole = both_no + second + first + both
    seen = both_no + both
    chance = (first + both) * (second + both) + (both_no + second) * (both_no + first)
    return _divide((seen * whole - chance).sum(-1), (whole**2 - chance).sum(-1))


def count_coincidences(ratings: Values) -> Values:
    """Counts the coincidences of any number of raters, float64 (4,): 00, 01, 10, 11.

    Args:
        ratings: float64 (raters, steps), 0 or 1, NaN where one said nothing.
    """
    said = np.isfinite(ratings)
    yes, raters = np.nansum(ratings, axis=0), said.sum(axis=0)
    kept = raters > 1
    yes, raters = yes[kept], raters[kept]
    no, others = raters - yes, raters - 1
    mixed = (yes * no / others).sum()
    return np.array(
        [(no * (no - 1) / others).sum(), mixed, mixed, (yes * (yes - 1) / others).sum()]
    )


def alpha_of(coincidences: Values) -> Values:
    """Returns Krippendorff's alpha for nominal values (Krippendorff, 2004).

    Args:
        coincidences: of `count_coincidences`, float64 (..., expressions, 4).
    """
    no, mixed, _, yes = np.moveaxis(coincidences, -1, 0)
    of_no, of_yes = no + mixed, yes + mixed
    whole = of_no + of_yes
    return 1 - _divide((mixed * (whole - 1)).sum(-1), (of_no * of_yes).sum(-1))


def sum_values(one: Values, other: Values) -> Values:
    """Sums how strong two raters call the same steps, float64 (6,), for `icc_of`."""
    return np.array(
        [len(one), one.sum(), other.sum(), one @ one, other @ other, one @ other], np.float64
    )


def icc_of(sums: Values) -> Values:
    """Returns ICC(A,1), two-way, absolute agreement, single rater (McGraw and Wong, 1996).

    NaN where the first rater never says anything else: there is nothing to agree on.

    Args:
        sums: of `sum_values`, float64 (..., expressions, 6).
    """
    steps, one, other, one_2, other_2, product = np.moveaxis(sums, -1, 0)
    common = _divide((one + other) ** 2, 2 * steps)
    rows = (one_2 + other_2 + 2 * product) / 2 - common
    raters = _divide(one**2 + other**2, steps) - common
    rest = np.maximum(one_2 + other_2 - common - rows - raters, 0)
    row_mean, rest_mean = _divide(rows, steps - 1), _divide(rest, steps - 1)
    spread = _divide(2 * (raters - rest_mean), steps)
    varies = (steps * one_2 > one**2).any(-1)
    agreed = _divide((row_mean - rest_mean).sum(-1), (row_mean + rest_mean + spread).sum(-1))
    return np.where(varies, agreed, np.nan)


def merge_events(events: Sequence[Interval], gap_ms: int = 0) -> list[Interval]:
    """Returns events in order, those that overlap or lie within a gap of each other as one."""
    merged: list[Interval] = []
    for begin, end in sorted(events):
        if merged and begin - merged[-1][1] <= gap_ms:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((begin, end))
    return merged


def match_events(
    wanted: Sequence[Interval], found: Sequence[Interval], tolerance_ms: int
) -> Values:
    """Counts events that both found, only the second, and only the first, float64 (3,).

    Two are the same where they overlap, or lie within the tolerance; each is matched once.

    Args:
        wanted: of the first rater, merged.
        found: of the second, merged.
        tolerance_ms: between the end of one and the begin of the other.
    """
    at = to = both = 0
    while at < len(wanted) and to < len(found):
        (begin, end), (other_begin, other_end) = wanted[at], found[to]
        if begin - tolerance_ms <= other_end and other_begin - tolerance_ms <= end:
            both, at, to = both + 1, at + 1, to + 1
        elif end < other_end:
            at += 1
        else:
            to += 1
    return np.array([both, len(found) - both, len(wanted) - both], np.float64)


def f1_of(counts: Values) -> Values:
    """Returns F1 of counts as of `match_events`, float64 (..., expressions, 3)."""
    both, second, first = np.moveaxis(counts.sum(-2), -1, 0)
    return _divide(2 * both, 2 * both + second + first)


def estimate(sums: Values, figure_of: Callable[[Values], Values]) -> Figure:
    """Returns a figure of all videos, and the interval of a bootstrap over them.

    Args:
        sums: float64 (videos, expressions, n), what adds up over videos.
        figure_of: makes a figure of such sums, float64 (..., expressions, n) to (...).
    """
    value = float(figure_of(sums.sum(axis=0)))
    if len(sums) < 2:
        return Figure(value, np.nan, np.nan)
    dice = np.random.default_rng(SEED)
    times = dice.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), DRAWS)
    drawn = figure_of(np.tensordot(times.astype(np.float64), sums, 1))
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return Figure(value, np.nan, np.nan)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Figure(value, float(low), float(high))


def runs_of(said: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Returns where stretches of what is true begin and end, end not included."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], said, [False]]).astype(np.int8)))
    return [
        (int(begin), int(end)) for number, (begin, end) in enumerate(pairwise(edges))
        if number % 2 == 0
    ]  # fmt: skip


def _divide(above: Values, below: Values) -> Values:
    """Divides; NaN where there is nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(below) != 0, np.asarray(above) / below, np.nan)
