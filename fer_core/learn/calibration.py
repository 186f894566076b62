"""Confidence that means what it says: the temperature, and how far the scores are off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer_core.classify import softmax

BINS = 15
MOST_SHIFT = 1.0
"""How far, in logarithms, what a network expects may be from what people said."""


def cross_entropy(scores: NDArray[np.float32], shares: NDArray[np.float32]) -> float:
    """Returns the mean cross-entropy of scores against shares of votes, both (n, 7), in nats."""
    return float(-(shares * np.log(np.maximum(scores, 1e-12))).sum(axis=1).mean())


def fit_temperature(logits: NDArray[np.float32], shares: NDArray[np.float32]) -> float:
    """Returns the temperature whose scores are closest to the shares of votes.

    Against votes, not majority labels: a face on which people disagree should not get a
    confidence near 1. The loss is convex in 1/temperature, so that halving an interval finds it.

    Args:
        logits: float32 (n, 7).
        shares: float32 (n, 7), each row summing to 1.
    """
    low, high = 0.1, 10.0
    for _ in range(60):
        third = (high - low) / 3
        left, right = low + third, high - third
        if cross_entropy(softmax(logits, 1 / left), shares) < cross_entropy(
            softmax(logits, 1 / right), shares
        ):
            high = right
        else:
            low = left
    return round(2 / (low + high), 4)


def fit_expected(
    scores: NDArray[np.float32], told: NDArray[np.float32], shares: tuple[float, ...]
) -> tuple[float, ...]:
    """Returns how often scores expect each emotion: what takes them closest to what people said.

    Multiplied by `shares` over what they expect (`score_factors`), they are as close as they can
    be; the loss is convex in the logarithms (Alexandari et al. 2020, arXiv 1901.06852).

    Args:
        scores: float32 (n, 7).
        told: float32 (n, 7), each row summing to 1.
        shares: how often emotions come where `told` is from.
    """
    from scipy.optimize import minimize

    logs, wanted = np.log(np.maximum(scores.astype(np.float64), 1e-12)), told.astype(np.float64)

    def loss(shift: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        shifted = logs + shift
        shifted -= np.logaddexp.reduce(shifted, axis=1, keepdims=True)
        gradient = (np.exp(shifted) - wanted).mean(axis=0)
        return -float((wanted * shifted).sum(axis=1).mean()), gradient

    # More than this no teacher does; few faces would be followed anywhere.
    bounds = [(-MOST_SHIFT, MOST_SHIFT)] * len(shares)
    start = np.zeros(len(shares))
    shift = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    expected = np.array(shares) * np.exp(-shift)
    return tuple(round(float(share), 6) for share in expected / expected.sum())


def calibration_error(
    confidence: NDArray[np.float32], truth: NDArray[np.float32], bins: int = BINS
) -> float:
    """Returns the mean gap between confidence and truth over bins of equal count.

    Args:
        confidence: float32 (n,), score of the shown emotion.
        truth: float32 (n,), what it should equal on average, 0 to 1.
        bins: how many bins; the gap of each counts by its number of pictures.
    """
    parts = np.array_split(np.argsort(confidence, kind="stable"), bins)
    gaps = [
        len(rows) * abs(float(confidence[rows].mean()) - float(truth[rows].mean()))
        for rows in parts
        if len(rows)
    ]
    return sum(gaps) / max(len(confidence), 1)


def reliability_points(
    confidence: NDArray[np.float32], truth: NDArray[np.float32], bins: int = BINS
) -> NDArray[np.float64]:
    """Returns mean confidence and mean truth in bins of equal count, float64 (bins, 2)."""
    parts = np.array_split(np.argsort(confidence, kind="stable"), min(bins, len(confidence)))
    return np.array([(confidence[rows].mean(), truth[rows].mean()) for rows in parts], np.float64)


def expected_calibration_error(
    confidence: NDArray[np.float32] | NDArray[np.float64],
    right: NDArray[np.bool_],
    bins: int = BINS,
) -> float:
    """Returns the usual error, over bins of equal width (Guo et al. 2017, arXiv 1706.04599).

    Args:
        confidence: float (n,), score of the shown emotion.
        right: bool (n,), whether the shown emotion is the true one.
        bins: how many bins between 0 and 1.
    """
    places = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(places, confidence - right.astype(np.float64), bins)
    return float(np.abs(gaps).sum()) / max(len(confidence), 1)


def perfect_calibration_errors(
    confidence: NDArray[np.float32], accuracy: float, draws: int = 200, seed: int = 0
) -> NDArray[np.float64]:
    """Returns errors that a perfect classifier of this accuracy shows at this n by chance.

    Its confidences are those given, shifted on the scale of log odds until their mean is the
    accuracy; it is right as often as its confidence says.

    Args:
        confidence: float32 (n,), score of the shown emotion.
        accuracy: share of right answers, 0 to 1.
        draws: how many times its answers are drawn.
        seed: the same seed gives the same errors.

    Returns:
        float64 (draws,).
    """
    bounded = np.clip(confidence.astype(np.float64), 1e-6, 1 - 1e-6)
    odds = np.log(bounded / (1 - bounded))
    low, high = -30.0, 30.0
    for _ in range(50):
        shift = (low + high) / 2
        shifted = 1 / (1 + np.exp(-odds - shift))
        low, high = (shift, high) if shifted.mean() < accuracy else (low, shift)
    rng = np.random.default_rng(seed)
    return np.array(
        [
            expected_calibration_error(shifted, rng.random(len(shifted)) < shifted)
            for _ in range(draws)
        ]
    )


def vote_calibration_error(scores: NDArray[np.float32], shares: NDArray[np.float32]) -> float:
    """Compares the confidence of the shown emotion with its share of the votes."""
    shown = scores.argmax(axis=1)
    rows = np.arange(len(scores))
    return calibration_error(scores[rows, shown], shares[rows, shown])


def judge_other_half(
    logits: NDArray[np.float32], shares: NDArray[np.float32], fitted: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fits the temperature on one half, and returns the scores and shares of the other.

    Args:
        logits: float32 (n, 7).
        shares: float32 (n, 7), each row summing to 1.
        fitted: 0 for the even rows, 1 for the odd ones.
    """
    temperature = fit_temperature(logits[fitted::2], shares[fitted::2])
    judged = slice(1 - fitted, None, 2)
    return softmax(logits[judged], temperature), shares[judged]
