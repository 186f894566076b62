"""Whole pictures in a folder per emotion, measured from finding the face to naming its emotion."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_core.classify import weigh_scores
from fer_core.emotions import EMOTIONS, NAMES
from fer_core.errors import DataError, MediaError
from fer_core.learn.answers import FIGURES, answer_figures, classifier_answers
from fer_core.learn.calibration import expected_calibration_error
from fer_core.learn.measuring import Metrics
from fer_core.picture_faces import PictureAnalyst, frame_of_source

KEYS = {
    "pictures.<set>.": "whole pictures of a folder, from finding the face to naming its emotion",
    "<set>.pictures, <set>.found": "how many could be read, and in how many a face was found; of "
    "several the largest counts",
    "<set>.<prior>.accuracy": "share of right answers among the faces that were found",
    "<set>.<prior>.accuracy_of_all": "the same among all pictures: without a face, none is right",
    "<set>.<prior>.macro_f1": "mean F1 of the emotions of the set, faces that were found",
    "<set>.<prior>.ece, <set>.<prior>.confidence": "expected calibration error, and mean "
    "confidence, faces that were found",
    "<set>.<prior>.recall_<emotion>": "share of the emotion's faces, as far as found, named so",
}


class PictureAnswers(NamedTuple):
    """What was found in the pictures of a set.

    Attributes:
        truth: int64 (n,), emotion of the folder of each picture that could be read.
        scores: float32 (n, 7) of its largest face, 0 where no face was found.
        skipped: a line for each picture that could not be read.
    """

    truth: NDArray[np.int64]
    scores: NDArray[np.float32]
    skipped: tuple[str, ...]


def analyse_set(folder: Path, analyst: PictureAnalyst) -> PictureAnswers:
    """Finds and classifies the largest face of every picture in `<emotion>/` below a folder.

    Raises:
        DataError: no folder is named after an emotion, or no picture in them can be read.
    """
    truth: list[int] = []
    scores: list[NDArray[np.float32]] = []
    skipped: list[str] = []
    for emotion, name in enumerate(NAMES):
        for file in sorted(path for path in (folder / name).rglob("*") if path.is_file()):
            try:
                scores.append(_largest_face(file, analyst))
                truth.append(emotion)
            except MediaError as error:
                skipped.append(f"{file.relative_to(folder).as_posix()}: {error}")
    if not truth:
        raise DataError(f"{folder}: no picture in {', '.join(NAMES)} that can be read")
    return PictureAnswers(np.array(truth, np.int64), np.stack(scores), tuple(skipped))


def _largest_face(file: Path, analyst: PictureAnalyst) -> NDArray[np.float32]:
    faces = analyst.find_faces(frame_of_source(file))
    if not faces:
        return np.zeros(len(EMOTIONS), np.float32)
    return max(faces, key=lambda face: face.box.width * face.box.height).scores


def picture_metrics(answers: PictureAnswers, priors: dict[str, tuple[float, ...]]) -> Metrics:
    """Returns the figures of a set, those that depend on it under each prior; see KEYS.

    Args:
        answers: with the scores of the prior `learnt`.
        priors: what the scores are multiplied by, by prior; nothing for none.
    """
    found = np.asarray(answers.scores.any(axis=1), bool)
    metrics: Metrics = {"pictures": len(found), "found": int(found.sum())}
    for prior, factors in priors.items() if found.any() else ():
        scores = answers.scores[found]
        weighed = weigh_scores(scores, factors) if factors else scores
        figures = _prior_metrics(answers.truth[found], weighed)
        figures["accuracy_of_all"] = figures["accuracy"] * float(found.mean())
        metrics |= {f"{prior}.{name}": value for name, value in figures.items()}
    return metrics


def _prior_metrics(truth: NDArray[np.int64], scores: NDArray[np.float32]) -> Metrics:
    shown, confidence = scores.argmax(axis=1), scores.max(axis=1)
    values = answer_figures(classifier_answers(truth, shown).sum(axis=0))
    figures = dict(zip(FIGURES, map(float, values), strict=True))
    there = [name for emotion, name in enumerate(NAMES) if (truth == emotion).any()]
    return {
        "accuracy": figures["accuracy"],
        "macro_f1": float(np.mean([figures[f"f1_{name}"] for name in there])),
        "ece": expected_calibration_error(confidence, shown == truth),
        "confidence": float(confidence.mean()),
        **{f"recall_{name}": figures[f"recall_{name}"] for name in there},
    }
