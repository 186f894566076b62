"""The job `ferbeam evaluate`: a model's figures on labelled faces it was not trained on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import NAMES
from fer_core.errors import DataError, UsageError
from fer_core.learn.copies import copies_of, near_copies_of
from fer_core.learn.distillation import Ensemble
from fer_core.learn.intervals import RESAMPLES, SEED
from fer_core.learn.labels import LabelledFaces, true_labels
from fer_core.learn.measuring import Metrics, measure_scores
from fer_core.learn.report import (
    LABELS,
    SUBJECTS,
    EvaluationFacts,
    best_labels,
    best_subject,
    stated,
    write_markdown,
)
from fer_core.model import load_card, load_classifier
from ferbeam.stores.overlap import refuse_overlap
from ferbeam.training.labelled import Echo, read_part
from ferbeam.training.own_files import REPORT, claim_files


@dataclass(frozen=True)
class EvaluateRequest:
    """What is to be measured on what.

    Attributes:
        data: a folder in one of the formats of `read_data`.
        model: the model folder.
        part: `valid` or `test`.
        engine: what runs the network, `litert` or `tensorflow`.
        others: further model folders; then all are measured as one Ensemble.
        report: gets report.md, metrics.json, confusion.png and reliability.png; None: only lines.
    """

    data: Path
    model: Path
    part: str = "valid"
    engine: str = "litert"
    others: tuple[Path, ...] = ()
    report: Path | None = None


def run_evaluate(request: EvaluateRequest, echo: Echo) -> Metrics:
    """Measures a model on DATA and writes the report.

    Args:
        request: see EvaluateRequest.
        echo: is given lines to show.

    Returns:
        The figures, as in `metrics.json`.

    Raises:
        DataError: the data cannot be used.
        ModelError: the model does not fit, or the engine is not installed.
        UsageError: the report cannot be written, is not ours, or lies in the data or they in it.
    """
    part, engine, report = request.part, request.engine, request.report
    if report is not None:  # before any time is spent on its figures
        refuse_overlap(str(request.data), str(report), "--report", "DATA")
        claim_files(report, REPORT)
    models = (request.model, *request.others)
    cards = [load_card(model) for model in models]
    networks = [load_classifier(model, engine) for model in models]
    classifier = Ensemble(networks) if request.others else networks[0]
    faces = read_part(request.data, part, echo)
    _check_labels(faces, part, echo)
    copies, near = _find_copies(request.data, faces, echo) or (None, None)
    metrics = measure_scores(faces, classifier(faces.crops), copies, near)
    facts = EvaluationFacts(
        model=" + ".join(card.name for card in cards),
        model_sha256=" + ".join(card.sha256_for(engine) for card in cards),
        engine=engine,
        part=part,
        pictures=len(faces),
        copies=None if copies is None else int(copies.sum()),
        near_copies=None if copies is None or near is None else int((near & ~copies).sum()),
        skipped=faces.skipped,
    )
    _tell(metrics, echo)
    if report is not None:
        _write_report(metrics, facts, report, echo)
    return metrics


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
        text = json.dumps(about, indent=2, ensure_ascii=False) + "\n"
        (report / "metrics.json").write_text(text, encoding="utf-8")
        (report / "report.md").write_text(write_markdown(metrics, facts), encoding="utf-8")
        _draw_charts(metrics, report, echo)
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
