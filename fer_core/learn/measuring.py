"""All figures of an evaluation as one flat mapping: what `metrics.json` holds.

A key is `<pictures>.<labels>.<figure>`, such as `all.ferplus.accuracy`; the figures that have a
95 % interval stand beside `<key>_low` and `<key>_high`. KEYS says what each part means.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fer_core.classify import weigh_scores
from fer_core.emotions import NAMES
from fer_core.learn.answers import (
    answer_figures,
    answer_metrics,
    classifier_answers,
    voter_answers,
    with_intervals,
)
from fer_core.learn.calibration import (
    expected_calibration_error,
    judge_other_half,
    perfect_calibration_errors,
    reliability_points,
    vote_calibration_error,
)
from fer_core.learn.intervals import mirrored_intervals, percentile_intervals, resample
from fer_core.learn.labels import LabelledFaces, majority_labels, true_labels, vote_shares
from fer_core.learn.slices import Slice, slice_faces

Metrics: TypeAlias = dict[str, float]

KEYS = {
    "all.": "all pictures of the part",
    "without_copies.": "those not pixel-identical to a training picture (if there is a train part)",
    "without_near_copies.": "those that are no training picture cropped, saved or mirrored anew "
    "either: the middles of both, 16 x 16 pixels, correlate by no more than 0.93",
    "human.": "one voter, judged by the majority of the others, on the same pictures as slices",
    "prior.<prior>.": "accuracy, macro-F1 and expected calibration error of the labelled faces "
    "where emotions are expected so; quoted labels, without copies where these are known",
    "slice.<property>_<third>.": "a third of the pictures, without copies where these are known; "
    "least and most are the property's limits",
    "ferplus.": "against the majority: more than half of the votes, single votes dropped",
    "fer2013.": "against the single label",
    "votes.": "against the shares of the votes, all pictures with a vote for the seven",
    "pictures": "how many count (human: answers of people)",
    "accuracy": "share of right answers",
    "macro_f1": "mean F1 of the seven emotions",
    "precision_<emotion>, recall_<emotion>, f1_<emotion>": "figures of one emotion",
    "confusion_<true>_as_<shown>": "pictures of the one emotion shown as the other",
    "calibration_error": "mean gap between the confidence of the shown emotion and its share of "
    "the votes, 15 bins of equal count",
    "calibration_error_fitted_even, calibration_error_fitted_odd": "the same of one half of these "
    "pictures, the temperature fitted on the other, the even or the odd ones",
    "ece": "usual expected calibration error: confidence against being right, "
    "15 bins of equal width",
    "ece_perfect": "the ece a perfectly calibrated classifier of this accuracy shows by chance; "
    "its interval holds 95 % of the draws",
    "reliability_<bin>_confidence, reliability_<bin>_truth": "mean of each bin of equal count, "
    "without interval",
    "<figure>_low, <figure>_high": "bootstrap 95 % interval over the pictures, seeded",
}


def _prefixed(prefix: str, metrics: Metrics) -> Metrics:
    return {f"{prefix}.{name}": value for name, value in metrics.items()}


def _shown(scores: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Returns the emotion of the highest score and its score, both (n,)."""
    return scores.argmax(axis=1), scores.max(axis=1)


def _reliability(confidence: NDArray[np.float32], truth: NDArray[np.float32]) -> Metrics:
    metrics = {}
    for index, (mean, share) in enumerate(reliability_points(confidence, truth), start=1):
        metrics[f"reliability_{index:02d}_confidence"] = float(mean)
        metrics[f"reliability_{index:02d}_truth"] = float(share)
    return metrics


def label_metrics(truth: NDArray[np.int64], scores: NDArray[np.float32]) -> Metrics:
    """Measures scores float32 (n, 7) against one label a picture, int64 (n,) in 0 to 6."""
    shown, confidence = _shown(scores)
    right = shown == truth
    answers = classifier_answers(truth, shown)
    metrics = {"pictures": len(truth), **answer_metrics(answers)}
    for true, row in zip(NAMES, answers.sum(axis=0)[:, : len(NAMES)], strict=True):
        for name, count in zip(NAMES, row, strict=True):
            metrics[f"confusion_{true}_as_{name}"] = int(count)

    def error(rows: NDArray[np.intp]) -> NDArray[np.float64]:
        return np.array([expected_calibration_error(confidence[rows], right[rows])])

    value = error(np.arange(len(truth)))
    low, high = mirrored_intervals(value, resample(error, len(truth)))
    metrics |= with_intervals(("ece",), (value, low, high))
    perfect = perfect_calibration_errors(confidence, float(right.mean()))[:, None]
    low, high = percentile_intervals(perfect)
    metrics |= with_intervals(("ece_perfect",), (perfect.mean(axis=0), low, high))
    return metrics | _reliability(confidence, right.astype(np.float32))


def _vote_error(name: str, scores: NDArray[np.float32], shares: NDArray[np.float32]) -> Metrics:
    """Measures the vote calibration error, with its interval."""

    def error(rows: NDArray[np.intp]) -> NDArray[np.float64]:
        return np.array([vote_calibration_error(scores[rows], shares[rows])])

    value = error(np.arange(len(scores)))
    low, high = mirrored_intervals(value, resample(error, len(scores)))
    return with_intervals((name,), (value, low, high))


def vote_metrics(shares: NDArray[np.float32], scores: NDArray[np.float32]) -> Metrics:
    """Measures how well the confidence of the shown emotion equals its share of the votes.

    Args:
        shares: float32 (n, 7), each row summing to 1.
        scores: float32 (n, 7).
    """
    metrics: Metrics = {"pictures": len(scores)}
    metrics |= _vote_error("calibration_error", scores, shares)
    if len(scores) > 1:
        # Logits but for a factor and a shift, which the fit of a temperature undoes.
        logits = np.log(np.maximum(scores, 1e-30))
        for fitted, name in enumerate(("even", "odd")):
            judged = judge_other_half(logits, shares, fitted)
            metrics |= _vote_error(f"calibration_error_fitted_{name}", *judged)
    shown, confidence = _shown(scores)
    return metrics | _reliability(confidence, shares[np.arange(len(shares)), shown])


def human_metrics(votes: NDArray[np.float32]) -> Metrics:
    """Measures one voter against the majority of the others, votes float32 (n, 10)."""
    answers = voter_answers(votes)
    if not answers.any():
        return {}
    return {"pictures": int(answers.sum()), **answer_metrics(answers)}


def _part_metrics(faces: LabelledFaces, scores: NDArray[np.float32]) -> Metrics:
    """Measures faces against each kind of label that they have."""
    metrics: Metrics = {}
    shares = vote_shares(faces.votes)
    voted = shares.any(axis=1)
    for labels, truth in (("ferplus", majority_labels(faces.votes)), ("fer2013", faces.labels)):
        known = truth >= 0
        if known.any():
            metrics |= _prefixed(labels, label_metrics(truth[known], scores[known]))
    if voted.any():
        metrics |= _prefixed("votes", vote_metrics(shares[voted], scores[voted]))
    return metrics


def _slice_metrics(part: Slice, labels: NDArray[np.int64], shown: NDArray[np.intp]) -> Metrics:
    """Measures accuracy and macro-F1 of one slice."""
    answers = classifier_answers(labels[part.rows], shown[part.rows])
    metrics = {"pictures": int(answers.sum()), "least": part.least, "most": part.most}
    if answers.any():
        figures = answer_metrics(answers)
        kept = ("accuracy", "macro_f1")
        metrics |= {name: value for name, value in figures.items() if name.startswith(kept)}
    return metrics


def measure_priors(
    faces: LabelledFaces,
    scores: NDArray[np.float32],
    priors: dict[str, tuple[float, ...]],
) -> Metrics:
    """Returns the main figures of faces under each prior, by key.

    Args:
        faces: those that are to be quoted.
        scores: float32 (n, 7), of the prior `learnt`.
        priors: what the scores are multiplied by, by prior; nothing for none.
    """
    truth = true_labels(faces)
    known = truth >= 0
    metrics: Metrics = {}
    for prior, factors in priors.items() if known.any() else ():
        weighed = weigh_scores(scores[known], factors) if factors else scores[known]
        shown, confidence = _shown(weighed)
        figures = answer_figures(classifier_answers(truth[known], shown).sum(axis=0))
        metrics |= {
            f"prior.{prior}.accuracy": float(figures[0]),
            f"prior.{prior}.macro_f1": float(figures[1]),
            f"prior.{prior}.ece": expected_calibration_error(confidence, shown == truth[known]),
        }
    return metrics


def measure_scores(
    faces: LabelledFaces,
    scores: NDArray[np.float32],
    copies: NDArray[np.bool_] | None,
    near: NDArray[np.bool_] | None = None,
) -> Metrics:
    """Returns every figure of scores on labelled faces, by key; see KEYS.

    Args:
        faces: at least one of them with a label or a majority of votes.
        scores: float32 (n, 7).
        copies: bool (n,), faces identical to a training picture; None where that is not known.
        near: bool (n,), near copies of one, `copies` among them; None where that is not known.
    """
    metrics = _prefixed("all", _part_metrics(faces, scores))
    for name, known in (("without_copies", copies), ("without_near_copies", near)):
        if known is not None and not known.all():
            new = _part_metrics(faces.take(~known), scores[~known])
            metrics |= _prefixed(name, new)
    if copies is not None and not copies.all():
        faces, scores = faces.take(~copies), scores[~copies]
    metrics |= _prefixed("human.ferplus", human_metrics(faces.votes))
    majority = majority_labels(faces.votes)
    name, labels = ("ferplus", majority) if (majority >= 0).any() else ("fer2013", faces.labels)
    # Pictures without a label would only make the thirds unequal.
    known = labels >= 0
    shown = scores[known].argmax(axis=1)
    for part in slice_faces(faces.take(known)):
        found = _slice_metrics(part, labels[known], shown)
        metrics |= _prefixed(f"slice.{part.name}.{name}", found)
    return metrics
