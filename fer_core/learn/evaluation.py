"""Figures of a classifier on labelled faces: pure functions of labels and scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import NAMES
from fer_core.learn.calibration import majority_calibration_error, vote_calibration_error
from fer_core.learn.labels import LabelledFaces, majority_labels, vote_shares


def confusion_matrix(truth: NDArray[np.int64], predicted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts pictures by true (row) and predicted (column) emotion; int64 (7, 7)."""
    counts = np.zeros((len(NAMES), len(NAMES)), np.int64)
    np.add.at(counts, (truth, predicted), 1)
    return counts


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divides element by element, 0 where there is nothing to divide by."""
    return np.divide(part, whole, out=np.zeros(part.shape, np.float64), where=whole > 0)


def emotion_figures(confusion: NDArray[np.int64]) -> dict[str, dict[str, float]]:
    """Returns precision, recall, F1 and the number of true pictures of each emotion."""
    right = np.diagonal(confusion)
    precision = _share(right, confusion.sum(axis=0))
    recall = _share(right, confusion.sum(axis=1))
    f1 = _share(2 * right, confusion.sum(axis=0) + confusion.sum(axis=1))
    return {
        name: {
            "precision": round(float(precision[index]), 4),
            "recall": round(float(recall[index]), 4),
            "f1": round(float(f1[index]), 4),
            "pictures": int(confusion[index].sum()),
        }
        for index, name in enumerate(NAMES)
    }


def label_figures(truth: NDArray[np.int64], scores: NDArray[np.float32]) -> dict[str, Any]:
    """Compares the emotion of the highest score with one true label a picture.

    Args:
        truth: int64 (n,), in ferbeam's order; rows of -1 are left out.
        scores: float32 (n, 7).

    Returns:
        Accuracy, macro-F1 over the seven, figures of each emotion and the confusion matrix.
    """
    known = truth >= 0
    confusion = confusion_matrix(truth[known], scores[known].argmax(axis=1))
    emotions = emotion_figures(confusion)
    total = int(confusion.sum())
    return {
        "pictures": total,
        "accuracy": round(float(np.trace(confusion)) / max(total, 1), 4),
        "macro_f1": round(sum(figures["f1"] for figures in emotions.values()) / len(NAMES), 4),
        "emotions": emotions,
        "confusion": confusion.tolist(),
    }


def evaluate_scores(faces: LabelledFaces, scores: NDArray[np.float32]) -> dict[str, Any]:
    """Returns the figures of scores against all labels that the faces have.

    `ferplus` is the majority of the votes (single votes dropped, more than half of what remains),
    `fer2013` the single label; `calibration` compares the confidence of the shown emotion with its
    share of the votes, on all faces with a vote for the seven, and with being right by majority.
    """
    figures: dict[str, Any] = {"fer2013": label_figures(faces.labels, scores)}
    if faces.votes.any():
        majority = majority_labels(faces.votes)
        shares = vote_shares(faces.votes)
        voted = shares.any(axis=1)
        known = majority >= 0
        figures["ferplus"] = label_figures(majority, scores)
        figures["calibration"] = {
            "votes": round(vote_calibration_error(scores[voted], shares[voted]), 4),
            "majority": round(majority_calibration_error(scores[known], majority[known]), 4),
        }
    return figures


def copies_of(faces: LabelledFaces, others: LabelledFaces) -> NDArray[np.bool_]:
    """Marks the faces that are the same, pixel by pixel, as one of the others; bool (n,)."""
    known = {crop.tobytes() for crop in others.crops}
    return np.array([crop.tobytes() in known for crop in faces.crops], bool)
