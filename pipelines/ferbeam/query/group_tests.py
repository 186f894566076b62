"""Do two groups of viewers differ, and when: permutation tests, corrected for many looks.

The statistic is Welch's t, for groups whose spread may differ. Viewers change groups at random, all
their seconds with them, in every way there is, or in many: so nothing is assumed of the law of the
scores, nor of seconds that follow each other (Maris, Oostenveld 2007). The corrected p of a second
is the share of exchanges whose largest t of all seconds is as large (Westfall, Young 1993): of a
null stimulus one in twenty has any second below 0.05.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]

EXCHANGES = 5000
"""Ways to form the groups that are tried: all, where there are no more; else so many by chance."""

SEED = 20261128
LEAST_VIEWERS = 2
"""Of each group; with fewer there is no spread, and no answer."""

CONFIDENCE = 0.95
DUST = 1e-9
"""A spread below, or a difference of two t below, is one of the last digits."""

CHUNK = 1 << 21
"""Numbers in one go, which bounds memory."""


@dataclass(frozen=True)
class Difference:
    """How two groups differ at each of n times.

    Attributes:
        count: int64 (2, n), viewers of each group that are seen.
        mean: float64 (2, n).
        low: float64 (n,), of the 95 % interval by Welch of the difference, first less second.
        high: likewise.
        p: float64 (n,), of each time by itself.
        p_corrected: float64 (n,), over all times.
    """

    count: NDArray[np.int64]
    mean: Floats
    low: Floats
    high: Floats
    p: Floats
    p_corrected: Floats


def compare_groups(values: Floats, in_first: NDArray[np.bool_]) -> Difference:
    """Compares two groups of viewers.

    Args:
        values: float64 (viewers, n), NaN where a viewer is not seen.
        in_first: bool (viewers,), whether each is of the first group.
    """
    chosen = exchange(in_first)
    observed = _Moments(values, chosen[:1])
    seen = np.abs(observed.t()[0])
    beyond, largest = np.zeros(len(seen)), np.empty(len(chosen))
    step = max(1, CHUNK // max(1, values.shape[1]))
    for first in range(0, len(chosen), step):
        part = np.abs(_Moments(values, chosen[first : first + step]).t())
        beyond += (np.nan_to_num(part) >= seen - DUST).sum(axis=0)
        largest[first : first + step] = np.nan_to_num(part).max(axis=1, initial=0)
    corrected = (largest[:, np.newaxis] >= seen - DUST).mean(axis=0)
    unknown = np.isnan(seen)
    low, high = observed.interval()
    return Difference(
        observed.count[:, 0].astype(np.int64),
        observed.mean[:, 0] + observed.middle,
        low[0],
        high[0],
        np.where(unknown, np.nan, beyond / len(chosen)),
        np.where(unknown, np.nan, corrected),
    )


def exchange(in_first: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Returns ways to form groups of these sizes, float64 (m, viewers): 1 in the first, else 0.

    What is observed comes first.
    """
    many, first = len(in_first), int(in_first.sum())
    if comb(many, first) <= EXCHANGES:
        members = np.array(list(combinations(range(many), first)))
        ways = np.zeros((len(members), many))
        np.put_along_axis(ways, members, 1.0, axis=1)
        same = (ways == in_first).all(axis=1)
        return np.concatenate([ways[same], ways[~same]])
    dice = np.random.default_rng(SEED)
    ways = np.tile(in_first.astype(np.float64), (EXCHANGES, 1))
    ways[1:] = dice.permuted(ways[1:], axis=1)
    return ways


class _Moments:
    """Number, mean and variance of two groups at each time, for several ways to form them."""

    def __init__(self, values: Floats, ways: Floats) -> None:
        known = ~np.isnan(values)
        whole = known.sum(axis=0)
        self.middle = np.where(known, values, 0).sum(axis=0) / np.maximum(whole, 1)
        level = np.where(known, values - self.middle, 0)
        of_first = np.stack([ways @ part for part in (known.astype(float), level, level**2)])
        of_all = np.stack([whole.astype(float), level.sum(axis=0), (level**2).sum(axis=0)])
        both = np.stack([of_first, of_all[:, np.newaxis] - of_first])
        self.count, total, squares = np.moveaxis(both, 1, 0)
        enough = self.count >= LEAST_VIEWERS
        with np.errstate(invalid="ignore", divide="ignore"):
            self.mean = np.where(self.count > 0, total / self.count, np.nan)
            left = np.maximum(squares - self.count * self.mean**2, 0)
            self.error = np.where(enough, left / (self.count - 1) / self.count, np.nan)

    def t(self) -> Floats:
        """Returns Welch's t, float64 (m, n); NaN where a group is too small."""
        spread = np.sqrt(self.error.sum(axis=0) + DUST**2)
        return np.asarray((self.mean[0] - self.mean[1]) / spread, np.float64)

    def interval(self) -> tuple[Floats, Floats]:
        """Returns the bounds of the difference, float64 (m, n) each."""
        with np.errstate(invalid="ignore", divide="ignore"):
            freedom = self.error.sum(axis=0) ** 2 / (self.error**2 / (self.count - 1)).sum(axis=0)
        reach = stdtrit(freedom, (1 + CONFIDENCE) / 2) * np.sqrt(self.error.sum(axis=0))
        difference = self.mean[0] - self.mean[1]
        return difference - reach, difference + reach
