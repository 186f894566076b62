"""Figures of answers and of confidence, on cases whose right value is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fer_core.emotions import NAMES
from fer_core.learn.answers import answer_figures, answer_metrics, classifier_answers, voter_answers
from fer_core.learn.calibration import (
    expected_calibration_error,
    perfect_calibration_errors,
    reliability_points,
)
from fer_core.learn.intervals import mirrored_intervals, percentile_intervals, resample
from fer_core.learn.labels import LabelledFaces, vote_shares
from fer_core.learn.measuring import measure_scores, vote_metrics
from fer_core.learn.slices import head_poses, slice_faces, split_in_thirds
from tests.core.faces import draw_faces
from tests.corpus.rooms import load_composite

HAPPY, NEUTRAL, SAD = 3, 4, 5


def scores_showing(shown: list[int], confidence: float = 0.7) -> NDArray[np.float32]:
    rest = (1 - confidence) / 6
    return np.where(np.eye(7)[shown] > 0, confidence, rest).astype(np.float32)


def test_figures_of_a_small_confusion_computed_by_hand() -> None:
    truth = np.array([HAPPY] * 4 + [SAD] * 5 + [-1])
    shown = np.array([HAPPY] * 3 + [SAD] + [SAD] * 2 + [HAPPY] * 1 + [NEUTRAL] * 2 + [HAPPY])
    metrics = answer_metrics(classifier_answers(truth, shown))
    assert metrics["accuracy"] == pytest.approx(5 / 9)
    assert metrics["precision_happy"] == pytest.approx(3 / 4)
    assert metrics["recall_happy"] == pytest.approx(3 / 4)
    assert metrics["precision_sad"] == pytest.approx(2 / 3)
    assert metrics["recall_sad"] == pytest.approx(2 / 5)
    assert metrics["f1_sad"] == pytest.approx(1 / 2)
    assert metrics["precision_neutral"] == 0
    assert metrics["macro_f1"] == pytest.approx((3 / 4 + 1 / 2) / 7)


def test_a_voter_is_judged_by_the_majority_of_the_others() -> None:
    votes = np.zeros((3, 10), np.float32)
    votes[0, [HAPPY, 8]] = 9, 1
    # Without one of its five, an emotion has four of nine: the others have no majority.
    votes[1, [HAPPY, SAD]] = 5, 5
    votes[2, [SAD, NEUTRAL]] = 6, 4
    answers = voter_answers(votes)
    assert answers[0].sum() == 10
    assert answers[0, HAPPY, HAPPY] == 9
    assert answers[0, HAPPY, 7] == 1
    # One of five happy voters faces five sad ones among nine, and the other way round.
    assert answers[1, SAD, HAPPY] == answers[1, HAPPY, SAD] == 5
    assert answers[2, SAD, SAD] == 6
    assert answers[2, SAD, NEUTRAL] == 4
    accuracy = answer_figures(answers.sum(axis=0))[0]
    assert accuracy == pytest.approx((9 + 6) / 30)


def test_the_interval_of_an_accuracy_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered, width, runs = 0, 0.0, 60
    for run in range(runs):
        right = (rng.random(200) < 0.8).astype(np.float64)
        draws = resample(
            lambda rows, right=right: np.array([right[rows].mean()]),  # type: ignore[misc]
            len(right),
            resamples=200,
            seed=run,
        )
        low, high = percentile_intervals(draws)[:, 0]
        covered += low <= 0.8 <= high
        width += (high - low) / runs
    assert covered >= 0.85 * runs
    # 2 x 1.96 standard errors, so that an interval that covers by being wide fails.
    assert width == pytest.approx(2 * 1.96 * np.sqrt(0.8 * 0.2 / 200), rel=0.1)


def test_the_same_seed_gives_the_same_draws() -> None:
    values = np.arange(50.0)
    first, second, other = (
        resample(lambda rows: values[rows][:1], 50, resamples=20, seed=seed) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_mirrored_intervals_lie_on_the_other_side_and_not_below_0() -> None:
    draws = np.linspace(0.10, 0.20, 1001)[:, np.newaxis]
    low, high = mirrored_intervals(np.array([0.11]), draws)
    assert high[0] == pytest.approx(0.22 - 0.1025, abs=1e-3)
    assert low[0] == pytest.approx(0.22 - 0.1975, abs=1e-3)
    assert mirrored_intervals(np.array([0.05]), draws)[0][0] == 0


def test_expected_calibration_error_computed_by_hand() -> None:
    confidence = np.array([0.9, 0.9, 0.5, 0.5], np.float32)
    right = np.array([True, False, True, False])
    # Two pictures 0.9 sure are right half the time, two 0.5 sure as often as they say.
    assert expected_calibration_error(confidence, right) == pytest.approx(0.2)
    assert expected_calibration_error(np.ones(3, np.float32), np.ones(3, bool)) == 0


def test_a_perfect_classifier_shows_the_perfect_value() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.4, 1, 4000).astype(np.float32)
    answers = [rng.random(4000) < confidence for _ in range(30)]
    errors = [expected_calibration_error(confidence, right) for right in answers]
    right = answers[0]
    perfect = perfect_calibration_errors(confidence, float(np.mean(answers))).mean()
    assert 0 < perfect < 0.03
    assert np.mean(errors) == pytest.approx(perfect, abs=0.004)
    # The level is due to chance alone: a quarter of the pictures shows about twice as much.
    fewer = perfect_calibration_errors(confidence[:1000], float(right[:1000].mean())).mean()
    assert fewer == pytest.approx(2 * perfect, rel=0.25)
    overconfident = expected_calibration_error(np.sqrt(confidence), right)
    assert overconfident > 4 * perfect


def test_reliability_points_are_means_of_bins_of_equal_count() -> None:
    confidence = np.array([0.2, 0.9, 0.4, 0.7], np.float32)
    truth = np.array([0.0, 1.0, 0.5, 0.5], np.float32)
    points = reliability_points(confidence, truth, bins=2)
    np.testing.assert_allclose(points, [[0.3, 0.25], [0.8, 0.75]], atol=1e-6)


def test_votes_that_follow_the_scores_have_a_small_error_and_others_a_large_one() -> None:
    rng = np.random.default_rng(2)
    scores = rng.dirichlet(np.full(7, 0.5), 3000).astype(np.float32)
    votes = rng.multinomial(10, scores / scores.sum(axis=1, keepdims=True).astype(np.float64))
    shares = vote_shares(votes.astype(np.float32))
    metrics = vote_metrics(shares, scores)
    assert metrics["calibration_error"] < 0.02
    halves = [f"calibration_error_fitted_{half}" for half in ("even", "odd")]
    for name in halves:
        assert metrics[f"{name}_low"] <= metrics[name] < 0.03
    assert metrics["calibration_error_low"] <= metrics["calibration_error_high"] < 0.02
    flat = np.sqrt(scores) / np.sqrt(scores).sum(axis=1, keepdims=True)
    flattened = vote_metrics(shares, flat)
    assert flattened["calibration_error"] > 0.1
    # The fit undoes what the square root did, because it is a temperature of 2.
    assert all(flattened[name] < 0.03 for name in halves)


def test_thirds_have_equal_counts_and_leave_out_what_is_unknown() -> None:
    values = np.array([5.0, 1, 9, np.nan, 2, 8, 4])
    low, middle, high = split_in_thirds("face_size", values)
    assert [sorted(values[part.rows]) for part in (low, middle, high)] == [[1, 2], [4, 5], [8, 9]]
    assert (middle.name, middle.least, middle.most) == ("face_size_middle", 4, 5)
    assert split_in_thirds("face_size", np.full(5, 48.0)) == []
    assert split_in_thirds("face_size", np.full(5, np.nan)) == []


def test_faces_are_sliced_by_how_well_they_are_seen() -> None:
    crops = np.stack([load_composite("neutral", 48, tilt) for tilt in (-24, -8, 0, 16)])
    yaw, roll = head_poses(crops)
    assert (yaw < 15).all()
    np.testing.assert_allclose(roll, [24, 8, 0, 16], atol=8)
    assert np.isnan(head_poses(np.full((1, 48, 48), 90, np.uint8))).all()
    faces = LabelledFaces(crops, np.zeros(4, np.int64), np.zeros((4, 10), np.float32))
    slices = slice_faces(faces)
    names = {part.name.rpartition("_")[0] for part in slices}
    assert names == {"brightness", "sharpness", "yaw", "roll"}
    assert next(part.rows.tolist() for part in slices if part.name == "roll_high") == [0]


def test_all_figures_with_and_without_copies() -> None:
    truth = [index % 7 for index in range(28)]
    shown = truth[:14] + [HAPPY] * 14
    votes = np.zeros((28, 10), np.float32)
    votes[np.arange(28), truth] = 10
    faces = LabelledFaces(draw_faces(28, seed=0), np.array(truth, np.int64), votes)
    copies, near = np.arange(28) < 14, np.arange(28) < 21
    metrics = measure_scores(faces, scores_showing(shown), copies, near)
    assert metrics["all.ferplus.accuracy"] == pytest.approx(16 / 28)
    assert metrics["all.ferplus.accuracy_low"] < 16 / 28 < metrics["all.ferplus.accuracy_high"]
    assert metrics["without_copies.ferplus.accuracy"] == pytest.approx(2 / 14)
    assert metrics["without_copies.fer2013.confusion_sad_as_happy"] == 2
    assert metrics["without_near_copies.fer2013.confusion_sad_as_happy"] == 1
    assert metrics["without_near_copies.ferplus.accuracy"] == pytest.approx(1 / 7)
    # Bins of two pictures of one confidence, right or wrong: gaps of 0.3, 0.7 or 0.2.
    assert 0.1 < metrics["all.votes.calibration_error"] < 0.7
    assert metrics["human.ferplus.accuracy"] == 1
    assert metrics["human.ferplus.pictures"] == 140
    thirds = [key for key in metrics if key.startswith("slice.") and key.endswith(".pictures")]
    told = [key for key in thirds if key.startswith(("slice.brightness", "slice.sharpness"))]
    assert sum(metrics[key] for key in told) == 2 * 14
    names = {key.rpartition("_")[2] for key in metrics if ".confusion_" in key}
    assert names == set(NAMES)


def test_labels_without_votes_give_no_figures_of_votes() -> None:
    faces = LabelledFaces(
        draw_faces(7, seed=0), np.arange(7, dtype=np.int64), np.zeros((7, 10), np.float32)
    )
    metrics = measure_scores(faces, scores_showing(list(range(7))), None)
    assert metrics["all.fer2013.accuracy"] == 1
    assert {key.split(".")[0] for key in metrics} == {"all", "slice"}
    assert not any(".ferplus." in key or ".votes." in key for key in metrics)
