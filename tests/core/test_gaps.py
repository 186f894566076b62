"""Which run of a face goes on with which: the best of all choices, however it is computed."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from fer_core.tracking import gaps

Pairs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def draw_pairs(seed: int, count: int, runs: int) -> Pairs:
    """Draws pairs of runs, each once, and what is gained by linking them."""
    random = np.random.default_rng(seed)
    one, other = np.unique(random.integers(0, runs, (count, 2)), axis=0).T
    return one, other, random.uniform(0.1, 10, len(one))


def gained(pairs: Pairs) -> float:
    """Returns the most that can be gained, by trying all choices."""
    one, other, gain = (part.tolist() for part in pairs)
    best: float = max(
        sum(gain[at] for at in chosen)
        for size in range(1, len(one) + 1)
        for chosen in combinations(range(len(one)), size)
        if len({one[at] for at in chosen}) == size == len({other[at] for at in chosen})
    )
    return best


@pytest.mark.parametrize("few", [0, gaps.FEW])
@pytest.mark.parametrize("seed", range(10))
def test_the_most_is_gained(seed: int, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "FEW", few)
    pairs = draw_pairs(seed, 9, 4)
    one, other = gaps.assign(*pairs)
    assert len(set(one.tolist())) == len(one) == len(set(other.tolist()))
    gains = {(a, b): gain for a, b, gain in zip(*(part.tolist() for part in pairs), strict=True)}
    assert sum(gains[ends] for ends in zip(one.tolist(), other.tolist(), strict=True)) == (
        pytest.approx(gained(pairs))
    )


def test_many_are_chosen_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = draw_pairs(0, 300, 120)
    few = gaps.assign(*pairs)
    monkeypatch.setattr(gaps, "FEW", 0)
    many = gaps.assign(*pairs)
    assert [part.tolist() for part in few] == [part.tolist() for part in many]
