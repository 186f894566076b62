"""Confidence that means what it says: the temperature, and how far the scores are off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer_core.classify import softmax

BINS = 15


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


def vote_calibration_error(scores: NDArray[np.float32], shares: NDArray[np.float32]) -> float:
    """Compares the confidence of the shown emotion with its share of the votes."""
    shown = scores.argmax(axis=1)
    rows = np.arange(len(scores))
    return calibration_error(scores[rows, shown], shares[rows, shown])


def majority_calibration_error(scores: NDArray[np.float32], majority: NDArray[np.int64]) -> float:
    """Compares the confidence of the shown emotion with how often it is the majority's."""
    shown = scores.argmax(axis=1)
    right = (shown == majority).astype(np.float32)
    return calibration_error(scores[np.arange(len(scores)), shown], right)


def cross_fitted_error(
    logits: NDArray[np.float32], shares: NDArray[np.float32]
) -> tuple[float, float]:
    """Fits the temperature on one half and judges it on the other, both ways round.

    The halves are the even and the odd rows.
    """
    errors = []
    for fitted, judged in ((0, 1), (1, 0)):
        temperature = fit_temperature(logits[fitted::2], shares[fitted::2])
        scores = softmax(logits[judged::2], temperature)
        errors.append(vote_calibration_error(scores, shares[judged::2]))
    return errors[0], errors[1]
