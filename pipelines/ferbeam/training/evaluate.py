"""The job `ferbeam evaluate`: a model's figures on labelled faces it was not trained on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_core.classify import Classifier
from fer_core.detection.detector import load_detector
from fer_core.detection.detector_settings import DEFAULT, DetectorSettings
from fer_core.emotions import NAMES
from fer_core.errors import DataError, UsageError
from fer_core.learn.copies import copies_of, near_copies_of
from fer_core.learn.distillation import Ensemble
from fer_core.learn.intervals import RESAMPLES, SEED
from fer_core.learn.labels import LabelledFaces, true_labels
from fer_core.learn.measuring import Metrics, measure_priors, measure_scores
from fer_core.learn.report import (
    LABELS,
    SUBJECTS,
    EvaluationFacts,
    best_labels,
    best_subject,
    stated,
    write_markdown,
)
from fer_core.learn.whole_pictures import analyse_set, picture_metrics
from fer_core.model import ModelCard, load_card, load_classifier
from fer_core.picture_faces import PictureAnalyst
from fer_core.prior import LEARNT, PRIORS
from ferbeam.stores.overlap import refuse_overlap
from ferbeam.training.labelled import Echo, read_part
from ferbeam.training.own_files import REPORT, claim_files


@dataclass(frozen=True)
class EvaluateRequest:
    """What is to be measured on what.

    Attributes:
        data: a folder in one of the formats of `read_data`, None for whole pictures alone.
        model: the model folder.
        part: `valid` or `test`.
        engine: what runs the network, `litert` or `tensorflow`.
        others: further model folders; then all are measured as one Ensemble.
        report: gets report.md, metrics.json, confusion.png and reliability.png; None: only lines.
        pictures: folders of whole pictures, each with a folder per emotion: a set each.
        detector: what finds the faces in these.
        detector_model: its model file, None for one without.
    """

    data: Path | None
    model: Path
    part: str = "valid"
    engine: str = "litert"
    others: tuple[Path, ...] = ()
    report: Path | None = None
    pictures: tuple[Path, ...] = ()
    detector: DetectorSettings = DEFAULT
    detector_model: str | None = None


class _Measured(NamedTuple):
    """A network and the priors under which it is measured: what multiplies its scores, by name."""

    classifier: Classifier
    priors: dict[str, tuple[float, ...]]


def run_evaluate(request: EvaluateRequest, echo: Echo) -> Metrics:
    """Measures a model on DATA and on whole pictures, and writes the report.

    Args:
        request: see EvaluateRequest.
        echo: is given lines to show.

    Returns:
        The figures, as in `metrics.json`.

    Raises:
        DataError: the data cannot be used.
        ModelError: the model does not fit, or the engine is not installed.
        UsageError: there is nothing to measure; the report cannot be written, is not ours, or lies
            in the data or they in it.
    """
    if request.data is None and not request.pictures:
        raise UsageError("evaluate: has nothing to measure; name DATA, or --pictures FOLDER")
    if request.report is not None:  # before any time is spent on its figures
        for data in (request.data, *request.pictures):
            if data is not None:
                refuse_overlap(str(data), str(request.report), "--report", "DATA")
        claim_files(request.report, REPORT)
    cards = [load_card(model) for model in (request.model, *request.others)]
    measured = _load_measured(request, cards)
    facts = EvaluationFacts(
        model=" + ".join(card.name for card in cards),
        model_sha256=" + ".join(card.sha256_for(request.engine) for card in cards),
        engine=request.engine,
        part=request.part,
        priors=tuple(measured.priors),
    )
    metrics: Metrics = {}
    if request.data is not None:
        facts, metrics = _measure_data(request.data, measured, facts, echo)
    if request.pictures:
        facts, others = _measure_sets(request, measured, facts, echo)
        metrics |= others
    if request.report is not None:
        _write_report(metrics, facts, request.report, echo)
    return metrics


def _load_measured(request: EvaluateRequest, cards: list[ModelCard]) -> _Measured:
    """Loads the networks, and the priors that all of them can be given alike."""
    models = (request.model, *request.others)
    networks = [load_classifier(model, request.engine) for model in models]
    alike = cards[0].shares and len({card.shares for card in cards}) == 1
    names = tuple(PRIORS) if alike else (LEARNT,)
    # The networks are loaded with the first of these priors.
    own = cards[0].factors_for(LEARNT) or (1.0,) * len(NAMES)
    priors: dict[str, tuple[float, ...]] = {LEARNT: ()}
    for name in names[1:]:
        factors = cards[0].factors_for(name)
        priors[name] = tuple(new / old for new, old in zip(factors, own, strict=True))
    return _Measured(Ensemble(networks) if request.others else networks[0], priors)


def _measure_data(
    data: Path, measured: _Measured, facts: EvaluationFacts, echo: Echo
) -> tuple[EvaluationFacts, Metrics]:
    """Measures the labelled faces of DATA."""
    faces = read_part(data, facts.part, echo)
    _check_labels(faces, facts.part, echo)
    copies, near = _find_copies(data, faces, echo) or (None, None)
    scores = measured.classifier(faces.crops)
    metrics = measure_scores(faces, scores, copies, near)
    new = np.full(len(faces), True) if copies is None or copies.all() else ~copies
    metrics |= measure_priors(faces.take(new), scores[new], measured.priors)
    _tell(metrics, echo)
    facts = replace(
        facts,
        pictures=len(faces),
        copies=None if copies is None else int(copies.sum()),
        near_copies=None if copies is None or near is None else int((near & ~copies).sum()),
        skipped=faces.skipped,
    )
    return facts, metrics


def _measure_sets(
    request: EvaluateRequest, measured: _Measured, facts: EvaluationFacts, echo: Echo
) -> tuple[EvaluationFacts, Metrics]:
    """Measures the folders of whole pictures."""
    names = [folder.resolve().name for folder in request.pictures]
    unclear = [name for name in names if names.count(name) > 1 or "." in name]
    if unclear:
        raise UsageError(f"--pictures: {unclear[0]} needs a name of its own, without a dot")
    detector = load_detector(request.detector, request.detector_model, for_pictures=True)
    analyst = PictureAnalyst(detector, measured.classifier)
    metrics: Metrics = {}
    for name, folder in zip(names, request.pictures, strict=True):
        answers = analyse_set(folder, analyst)
        figures = picture_metrics(answers, measured.priors)
        metrics |= {f"pictures.{name}.{key}": value for key, value in figures.items()}
        facts = replace(facts, skipped=(*facts.skipped, *answers.skipped))
        _tell_set(name, figures, measured.priors, echo)
    return replace(facts, sets=tuple(names)), metrics


def _tell_set(name: str, figures: Metrics, priors: Iterable[str], echo: Echo) -> None:
    """Shows what came of a set of whole pictures."""
    echo(f"{name}: faces found in {figures['found']:,} of {figures['pictures']:,} pictures")
    for prior in priors:
        if f"{prior}.accuracy" in figures:
            right = (figures[f"{prior}.{key}"] for key in ("accuracy", "accuracy_of_all"))
            found, of_all = (f"{share:.3f}" for share in right)
            echo(f"{name}, prior {prior}: right of found {found}, right of all {of_all}")


def _check_labels(faces: LabelledFaces, part: str, echo: Echo) -> None:
    """Refuses faces without any label, and says which emotions have none."""
    truth = true_labels(faces)
    if not (truth >= 0).any():
        raise DataError(f"{part}: no picture has a label, or votes with a majority")
    missing = [name for label, name in enumerate(NAMES) if not (truth == label).any()]
    if missing:
        echo(f"{part}: no picture of {', '.join(missing)}; in macro-F1 each counts as 0")


def _find_copies(
    data: Path, faces: LabelledFaces, echo: Echo
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Marks copies and near copies of training pictures, if the data have a train part."""
    try:
        train = read_part(data, "train", echo)
    except DataError as error:
        echo(f"train: cannot be read ({error}); copies of training pictures stay unknown")
        return None
    copies, near = copies_of(faces, train), near_copies_of(faces, train)
    echo(f"identical to a training picture: {copies.sum():,}")
    echo(f"near copies of one (cropped, saved or mirrored anew): {(near & ~copies).sum():,}")
    return copies, near


def _tell(metrics: Metrics, echo: Echo) -> None:
    """Shows the main figures with their intervals."""
    subject = best_subject(metrics)
    echo(f"pictures: {SUBJECTS[subject]}; in brackets 95 % intervals")
    for labels, title in LABELS.items():
        prefix = f"{subject}.{labels}"
        if f"{prefix}.accuracy" in metrics:
            accuracy, f1 = (
                stated(metrics, f"{prefix}.{name}") for name in ("accuracy", "macro_f1")
            )
            echo(f"{title}: accuracy {accuracy}, macro-F1 {f1}")
    if "human.ferplus.accuracy" in metrics:
        echo(f"one voter against the others: accuracy {stated(metrics, 'human.ferplus.accuracy')}")
    prefix = f"{subject}.{best_labels(metrics)}"
    perfect = stated(metrics, f"{prefix}.ece_perfect")
    error = stated(metrics, f"{prefix}.ece")
    echo(f"expected calibration error: {error}; a perfect classifier shows {perfect}")
    if f"{subject}.votes.calibration_error" in metrics:
        echo(f"vote calibration error: {stated(metrics, f'{subject}.votes.calibration_error')}")


def _write_report(metrics: Metrics, facts: EvaluationFacts, report: Path, echo: Echo) -> None:
    """Writes the files of the report."""
    about: dict[str, object] = {
        "model.name": facts.model,
        "model.sha256": facts.model_sha256,
        "model.engine": facts.engine,
        "data.part": facts.part,
        "data.pictures": facts.pictures,
        "data.skipped": len(facts.skipped),
        "data.copies": facts.copies,
        "data.near_copies": facts.near_copies,
        "bootstrap.resamples": RESAMPLES,
        "bootstrap.seed": SEED,
    }
    about |= {name: round(value, 6) for name, value in metrics.items()}
    try:
        for name in REPORT.names:  # of an older report nothing stands beside what is new
            (report / name).unlink(missing_ok=True)
        (report / "report.md").write_text(write_markdown(metrics, facts), encoding="utf-8")
        if facts.pictures:
            _draw_charts(metrics, report, echo)
        text = json.dumps(about, indent=2, ensure_ascii=False) + "\n"
        (report / "metrics.json").write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{report}: cannot be written ({error.strerror or error})") from error
    echo(f"report: {report / 'report.md'}")


def _draw_charts(metrics: Metrics, report: Path, echo: Echo) -> None:
    """Draws the charts, or says what they need."""
    if find_spec("matplotlib") is None:
        echo("charts: left out, matplotlib is not installed; pip install 'ferbeam[train]'")
        return
    from fer_core.learn.charts import draw_confusion, draw_reliability

    draw_confusion(metrics, report / "confusion.png")
    draw_reliability(metrics, report / "reliability.png")
