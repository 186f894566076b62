"""Agreement of raters: the figures are those of statsmodels, krippendorff and pingouin."""

from __future__ import annotations

import krippendorff
import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.inter_rater import cohens_kappa

from fer_core.agreement import (
    alpha_of,
    count_coincidences,
    count_pairs,
    estimate,
    f1_of,
    icc_of,
    kappa_of,
    match_events,
    merge_events,
    runs_of,
    sum_values,
)


@pytest.fixture(scope="module")
def said() -> np.ndarray:
    """Three raters of 400 steps who agree on four of five, float64 (3, 400)."""
    dice = np.random.default_rng(3)
    truth = dice.random(400) < 0.3
    return np.array([truth ^ (dice.random(400) < 0.2) for _ in range(3)], np.float64)


def test_kappa_is_that_of_statsmodels(said: np.ndarray) -> None:
    counts = count_pairs(said[0], said[1])
    wanted = cohens_kappa(counts.reshape(2, 2)).kappa
    assert float(kappa_of(counts[None])) == pytest.approx(wanted, abs=1e-9)
    assert np.isnan(kappa_of(count_pairs(np.zeros(5), np.zeros(5))[None]))  # nobody ever said yes


def test_all_labels_together_agree_as_those_of_statsmodels_and_krippendorff() -> None:
    """Figures of the single labels, pooled, are those of the whole scale: not of yes and no."""
    dice = np.random.default_rng(7)
    one = dice.choice(7, 500, p=[0.02, 0, 0.03, 0.15, 0.7, 0.05, 0.05])
    other = np.where(dice.random(500) < 0.3, 4, one)
    each = [((one == label).astype(float), (other == label).astype(float)) for label in range(7)]
    table = np.zeros((7, 7))
    np.add.at(table, (one, other), 1)
    counts = np.array([count_pairs(*pair) for pair in each])
    assert float(kappa_of(counts)) == pytest.approx(cohens_kappa(table).kappa, abs=1e-9)
    coincidences = np.array([count_coincidences(np.array(pair)) for pair in each])
    wanted = krippendorff.alpha(np.array([one, other]), level_of_measurement="nominal")
    assert float(alpha_of(coincidences)) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("lost", [0.0, 0.3])
def test_alpha_is_that_of_krippendorff(said: np.ndarray, lost: float) -> None:
    dice = np.random.default_rng(4)
    ratings = np.where(dice.random(said.shape) < lost, np.nan, said)
    wanted = krippendorff.alpha(ratings, level_of_measurement="nominal")
    assert float(alpha_of(count_coincidences(ratings)[None])) == pytest.approx(wanted, abs=1e-9)


def test_icc_is_that_of_an_analysis_of_variance(said: np.ndarray) -> None:
    dice = np.random.default_rng(5)
    one = said[0]
    other = np.clip(0.7 * said[1] + 0.2 * dice.random(400), 0, 1)
    rows = pd.DataFrame(
        {
            "value": np.concatenate([one, other]),
            "step": np.tile(np.arange(400), 2),
            "rater": np.repeat([0, 1], 400),
        }
    )
    table = anova_lm(ols("value ~ C(step) + C(rater)", rows).fit())
    steps, raters, rest = table["mean_sq"]
    wanted = (steps - rest) / (steps + rest + 2 / 400 * (raters - rest))
    assert float(icc_of(sum_values(one, other)[None])) == pytest.approx(wanted, abs=1e-9)


def test_there_is_no_icc_of_what_nobody_ever_coded() -> None:
    assert np.isnan(icc_of(sum_values(np.zeros(9), np.linspace(0, 1, 9))[None]))


def test_icc_is_that_of_pingouin_on_the_published_example() -> None:
    """Wines of pingouin's documentation, judges A and B: ICC(A,1) of its version 0.7."""
    one, other = np.array([1, 1, 3, 6, 6, 7, 8, 9.0]), np.array([2, 3, 8, 4, 5, 5, 7, 9.0])
    assert float(icc_of(sum_values(one, other)[None])) == pytest.approx(0.664268585132, abs=1e-9)


def test_events_match_once_and_within_the_tolerance() -> None:
    wanted = [(0, 1000), (3000, 4000), (9000, 9500)]
    found = [(900, 1100), (1200, 1300), (4400, 5000)]
    assert match_events(wanted, found, 0).tolist() == [1, 2, 2]
    assert match_events(wanted, found, 400).tolist() == [2, 1, 1]
    assert float(f1_of(match_events(wanted, found, 400)[None])) == pytest.approx(2 / 3)
    assert merge_events([(5, 9), (0, 3), (2, 6), (20, 30)], 0) == [(0, 9), (20, 30)]
    assert merge_events([(0, 3), (5, 9)], 2) == [(0, 9)]


def test_runs_begin_and_end_where_the_truth_does() -> None:
    assert runs_of(np.array([True, True, False, True])) == [(0, 2), (3, 4)]
    assert runs_of(np.zeros(3, np.bool_)) == []


def test_sums_add_up_and_the_interval_is_of_videos() -> None:
    dice = np.random.default_rng(6)
    pairs = []
    for _ in range(30):
        truth = dice.random(200) < dice.uniform(0.1, 0.6)
        pairs.append((truth, truth ^ (dice.random(200) < dice.uniform(0, 0.4))))
    sums = np.array([[count_pairs(one.astype(float), other.astype(float))] for one, other in pairs])
    one, other = (np.concatenate(part).astype(float) for part in zip(*pairs, strict=True))
    whole = count_pairs(one, other)
    figure = estimate(sums, kappa_of)
    assert figure.value == pytest.approx(float(kappa_of(whole[None])), abs=1e-12)
    drawn = [float(kappa_of(sums[dice.integers(0, 30, 30)].sum(axis=0))) for _ in range(4000)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert figure.low == pytest.approx(low, abs=0.02)
    assert figure.high == pytest.approx(high, abs=0.02)
    assert np.isnan(estimate(sums[:1], kappa_of).low)
