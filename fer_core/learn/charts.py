"""Charts of a training run and of an evaluation; needs matplotlib (the extra `train`)."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fer_core.emotions import NAMES
from fer_core.learn.calibration import BINS
from fer_core.learn.measuring import Metrics
from fer_core.learn.report import LABELS, SUBJECTS, best_labels, best_subject

DOTS_PER_INCH = 150


def _new_figure(width: float, height: float) -> tuple[Figure, Any]:
    """Returns a figure of a size in inches, drawn without a screen, and its axes."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


def draw_confusion(metrics: Metrics, path: Path) -> None:
    """Writes a PNG: what share of each true emotion was shown as which, with the counts."""
    subject, labels = best_subject(metrics), best_labels(metrics)
    counts = np.array(
        [
            [metrics[f"{subject}.{labels}.confusion_{true}_as_{shown}"] for shown in NAMES]
            for true in NAMES
        ]
    )
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = _new_figure(6.4, 5.6)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > 0.5 else "black"
        text = f"{shares[row, column]:.0%}\n{int(count)}"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(len(NAMES)), NAMES, rotation=30)
    axes.set_yticks(range(len(NAMES)), NAMES)
    axes.set_xlabel("shown")
    axes.set_ylabel("true")
    axes.set_title(f"{LABELS[labels]}; pictures: {SUBJECTS[subject]}", fontsize=9)
    figure.savefig(path, dpi=DOTS_PER_INCH)


def reliability_line(metrics: Metrics, prefix: str) -> NDArray[np.float64]:
    """Returns mean confidence and mean truth of each bin that was measured, (bins, 2)."""
    points = [
        [metrics[f"{prefix}.reliability_{index:02d}_{axis}"] for axis in ("confidence", "truth")]
        for index in range(1, BINS + 1)
        if f"{prefix}.reliability_{index:02d}_truth" in metrics
    ]
    return np.array(points, np.float64).reshape(-1, 2)


def draw_reliability(metrics: Metrics, path: Path) -> None:
    """Writes a PNG: how often the shown emotion is right, or voted for, at which confidence."""
    subject = best_subject(metrics)
    figure, axes = _new_figure(5.6, 5.2)
    axes.plot([0, 1], [0, 1], color="#7f7f7f", linestyle="--", label="perfect")
    lines = {"votes": "share of the votes, all faces", **LABELS}
    for (labels, title), colour in zip(
        lines.items(), ("#d55e00", "#0072b2", "#009e73"), strict=True
    ):
        points = reliability_line(metrics, f"{subject}.{labels}")
        if len(points):
            axes.plot(points[:, 0], points[:, 1], "o-", color=colour, label=title, markersize=4)
    axes.set_xlabel("confidence of the shown emotion")
    axes.set_ylabel("share of votes, or of right answers")
    axes.set_title(f"pictures: {SUBJECTS[subject]}", fontsize=9)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=DOTS_PER_INCH)


def read_epochs(file: Path) -> dict[str, list[float]]:
    """Reads the figures after each epoch; a run that was stopped may hold an epoch twice."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = {int(row["epoch"]): row for row in csv.DictReader(lines)}
    last = [rows[epoch] for epoch in sorted(rows)]
    return {name: [float(row[name]) for row in last] for name in (last[0] if last else ())}


def draw_learning_curves(file: Path, path: Path) -> None:
    """Writes a PNG: loss and accuracy after each epoch, of training and of what is kept.

    Args:
        file: CSV with epoch, from 0, `loss`, `categorical_accuracy` and the same with `val_`.
        path: the PNG.
    """
    figures = read_epochs(file)
    figure = Figure(figsize=(8.4, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    epochs = [epoch + 1 for epoch in figures["epoch"]]
    titles = {"loss": "cross-entropy", "categorical_accuracy": "accuracy"}
    for axes, (name, title) in zip(figure.subplots(1, 2), titles.items(), strict=True):
        axes.plot(epochs, figures[name], ".-", color="#0072b2", label="train, augmented")
        axes.plot(epochs, figures[f"val_{name}"], ".-", color="#d55e00", label="valid, averaged")
        axes.set_xlabel("epoch")
        axes.set_title(title, fontsize=10)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    figure.savefig(path, dpi=DOTS_PER_INCH)
