"""Who called which picture what: a classifier, or one voter judged by the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS, NAMES
from fer_core.learn.intervals import percentile_intervals, resample
from fer_core.learn.labels import majority_labels

COUNT = len(EMOTIONS)
OTHER = COUNT
"""Column of answers outside the seven, which only people give."""


def classifier_answers(
    truth: NDArray[np.int64], shown: NDArray[np.int64] | NDArray[np.intp]
) -> NDArray[np.float64]:
    """Returns one answer a picture, by picture, true and given emotion.

    Args:
        truth: int64 (n,); pictures of -1 have no answer that counts.
        shown: int64 (n,), the emotion of the highest score.

    Returns:
        float64 (n, 7, 8).
    """
    answers = np.zeros((len(truth), COUNT, COUNT + 1))
    known = np.flatnonzero(truth >= 0)
    answers[known, truth[known], shown[known]] = 1
    return answers


def voter_answers(votes: NDArray[np.float32]) -> NDArray[np.float64]:
    """Returns every person's answer, the truth being the majority of the others.

    Answers to a picture whose other voters have no majority for one of the seven do not count;
    contempt, unknown and not-a-face are wrong answers.

    Args:
        votes: float32 (n, 10), see LabelledFaces.

    Returns:
        float64 (n, 7, 8), how many people gave this answer; the last is outside the seven.
    """
    answers = np.zeros((len(votes), COUNT, COUNT + 1))
    for choice in range(votes.shape[1]):
        chosen = np.flatnonzero(votes[:, choice] > 0)
        others = votes[chosen].copy()
        others[:, choice] -= 1
        truth = majority_labels(others)
        known = truth >= 0
        rows = chosen[known]
        answers[rows, truth[known], min(choice, OTHER)] += votes[rows, choice]
    return answers


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divides element by element, 0 where there is nothing to divide by."""
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)


def answer_figures(confusion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns accuracy, macro-F1, then precision, recall and F1 of each emotion, float64 (23,).

    Args:
        confusion: float64 (7, 8), answers by true and given emotion.
    """
    right = np.diagonal(confusion).copy()
    given, true = confusion.sum(axis=0)[:COUNT], confusion.sum(axis=1)
    f1 = _share(2 * right, given + true)
    accuracy = right.sum() / max(float(confusion.sum()), 1e-9)
    parts = ([accuracy, f1.mean()], _share(right, given), _share(right, true), f1)
    return np.concatenate(parts)


FIGURES = (
    "accuracy",
    "macro_f1",
    *(f"{figure}_{name}" for figure in ("precision", "recall", "f1") for name in NAMES),
)
"""Names of what `answer_figures` returns."""


def answer_metrics(answers: NDArray[np.float64]) -> dict[str, float]:
    """Returns the figures of answers (n, 7, 8) by name, each with `_low` and `_high`."""
    rows = answers.reshape(len(answers), -1)

    def figures(chosen: NDArray[np.intp]) -> NDArray[np.float64]:
        times = np.bincount(chosen, minlength=len(rows)).astype(np.float64)
        return answer_figures((times @ rows).reshape(COUNT, COUNT + 1))

    values = answer_figures(answers.sum(axis=0))
    low, high = percentile_intervals(resample(figures, len(rows)))
    return with_intervals(FIGURES, (values, low, high))


def with_intervals(
    names: tuple[str, ...], estimates: tuple[NDArray[np.float64], ...]
) -> dict[str, float]:
    """Names the values, lower and upper ends of figures, three arrays float64 (k,)."""
    metrics: dict[str, float] = {}
    for name, value, low, high in zip(names, *estimates, strict=True):
        metrics[name] = float(value)
        metrics[f"{name}_low"], metrics[f"{name}_high"] = float(low), float(high)
    return metrics
