"""Smoothing takes out flips and noise, and leaves lasting changes where they are."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from fer_core.tracking.smoothing import smooth_scores

Values = NDArray[np.float32]


def scores_of(emotions: list[int], strength: float = 0.8) -> Values:
    scores = np.full((len(emotions), 7), (1 - strength) / 6, np.float32)
    scores[np.arange(len(emotions)), emotions] = strength
    return scores


def smooth(scores: Values, ms: list[int] | None = None, track: list[int] | None = None) -> Values:
    count = len(scores)
    times = np.array(range(0, 100 * count, 100) if ms is None else ms, np.int64)
    return smooth_scores(scores, times, np.array(track or [0] * count, np.int64))


def shown(scores: Values) -> list[int]:
    return [int(best) for best in scores.argmax(axis=1)]


@pytest.mark.parametrize("place", [0, 1, 7, 18, 19])
@pytest.mark.parametrize("step_ms", [20, 40, 100, 200, 400])
def test_a_single_flip_goes(place: int, step_ms: int) -> None:
    emotions = [3] * 20
    emotions[place] = 0
    times = [step_ms * number for number in range(20)]
    assert shown(smooth(scores_of(emotions), times)) == [3] * 20


@pytest.mark.parametrize("step_ms", [20, 40, 100, 200, 400, 1000])
@pytest.mark.parametrize("strengths", [(0.9, 0.4), (0.4, 0.9), (0.7, 0.7)])
def test_a_lasting_change_stays_where_it_is(step_ms: int, strengths: tuple[float, float]) -> None:
    one, other = (
        scores_of([emotion] * 30, part) for emotion, part in zip((3, 5), strengths, strict=True)
    )
    times = [step_ms * number for number in range(60)]
    best = shown(smooth(np.concatenate([one, other]), times))
    assert best[:29] == [3] * 29
    assert best[31:] == [5] * 29


def test_a_change_stays_where_the_rate_changes() -> None:
    times = [*range(0, 3000, 200), *range(3000, 4000, 20)]
    emotions = [3] * 15 + [5] * 50
    best = shown(smooth(scores_of(emotions), times))
    assert abs(best.index(5) - 15) <= 1
    assert set(best[best.index(5) :]) == {5}


@pytest.mark.parametrize("seed", range(5))
def test_noise_and_flips_go_and_changes_move_by_one_sample_at_most(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = np.repeat([3, 4, 0, 3, 6, 4], 25)
    scores = np.array([rng.dirichlet(25 * row + 0.05) for row in scores_of(true.tolist(), 0.7)])
    flips = rng.choice(np.arange(1, 149, 3), 10, replace=False)
    scores[flips] = scores_of(((true[flips] + rng.integers(1, 7, 10)) % 7).tolist(), 0.9)
    raw, best = shown(scores.astype(np.float32)), np.array(shown(smooth(scores.astype(np.float32))))
    assert sum(one != other for one, other in itertools.pairwise(raw)) > 20
    changes = np.flatnonzero(np.diff(best)) + 1
    assert len(changes) == 5
    assert np.abs(changes - [25, 50, 75, 100, 125]).max() <= 1


def test_scores_sum_to_one_whatever_they_are() -> None:
    scores = np.random.default_rng(1).dirichlet(np.full(7, 0.05), 500).astype(np.float32)
    smoothed = smooth(scores)
    assert smoothed.dtype == np.float32
    np.testing.assert_allclose(smoothed.sum(axis=1), 1, atol=1e-6)
    assert smoothed.min() >= 0


def test_tracks_do_not_mix() -> None:
    one, other = scores_of([3] * 10), scores_of([5] * 10)
    both = np.empty((20, 7), np.float32)
    both[::2], both[1::2] = one, other
    times = [100 * (number // 2) for number in range(20)]
    smoothed = smooth(both, times, [0, 1] * 10)
    np.testing.assert_allclose(smoothed, both, atol=1e-6)


def test_nothing_passes_over_a_long_gap() -> None:
    times = [0, 100, 200, 1100, 1200, 1300]
    assert shown(smooth(scores_of([3, 3, 3, 5, 5, 5]), times)) == [3, 3, 3, 5, 5, 5]


def test_far_apart_samples_stay_as_they_are() -> None:
    scores = scores_of([3, 5, 3, 5])
    np.testing.assert_allclose(smooth(scores, [0, 2000, 4000, 6000]), scores, atol=1e-6)


def test_no_scores_give_none() -> None:
    assert smooth(np.empty((0, 7), np.float32)).shape == (0, 7)
