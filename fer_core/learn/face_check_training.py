"""Training of the face check: `make face-check DATA=folder`."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from fer_core.classify import standardise_crops
from fer_core.detection.finder import Finder
from fer_core.detection.haar import HaarFinder
from fer_core.detection.yunet import YuNetFinder
from fer_core.learn.face_check_card import export_check
from fer_core.learn.face_check_network import build_check_network, check_loss
from fer_core.learn.face_pictures import MarkedPicture, read_pictures
from fer_core.learn.face_windows import Proposal, Windows, draw_epoch

LATEST, EPOCHS_FILE = "latest.keras", "epochs.csv"
BATCH = 256
RATE = 2e-3
EASY_PART, HARD_PART = 0.35, 0.3
"""Of an epoch's background: shares shown at random, and again in the next for being mistaken."""


def propose_faces(pictures: list[MarkedPicture]) -> list[Proposal]:
    """Returns what the finders take for faces, freely: their mistakes teach the most."""
    finders: list[Finder] = [YuNetFinder(least_score=0.1), HaarFinder()]
    return [
        Proposal(number, place._replace(tilt=0.0))
        for number, picture in enumerate(pictures)
        for finder in finders
        for place, *_ in finder(picture.grey, None)
        if place.side > 4
    ]


def score_windows(network: keras.Model, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns the outputs for windows uint8 (n, 48, 48), float32 (n, OUTPUTS)."""
    parts = [
        np.asarray(network.predict_on_batch(standardise_crops(crops[at : at + 1024])))
        for at in range(0, len(crops), 1024)
    ]
    return np.concatenate(parts)


def choose_hard(
    network: keras.Model, windows: Windows, kept: Windows | None, rng: np.random.Generator
) -> tuple[Windows, Windows]:
    """Leaves out most of the background that the network knows already.

    Returns:
        The windows to be shown, and the background among them that it mistakes the most.
    """
    if kept is not None:
        windows = Windows(
            np.concatenate([windows.crops, kept.crops]),
            np.concatenate([windows.targets, kept.targets]),
        )
    background = np.flatnonzero(windows.targets[:, 0] == 0)
    scores = score_windows(network, windows.crops[background])[:, 0]
    hardest = background[np.argsort(-scores)][: int(HARD_PART * len(background))]
    easy = rng.choice(background, int(EASY_PART * len(background)), replace=False)
    faces = np.flatnonzero(windows.targets[:, 0] == 1)
    shown = np.unique(np.concatenate([faces, hardest, easy]))
    again = hardest[: len(hardest) // 4]
    return (
        Windows(windows.crops[shown], windows.targets[shown]),
        Windows(windows.crops[again], windows.targets[again]),
    )


def measure_check(network: keras.Model, windows: Windows) -> dict[str, float]:
    """Returns how well a network tells faces from the rest, and finds box and points."""
    outputs, targets = score_windows(network, windows.crops), windows.targets
    is_face, pointed = targets[:, 0] == 1, targets[:, 15] == 1
    kept = float(np.quantile(outputs[is_face, 0], 0.01))
    ranks = np.argsort(np.argsort(outputs[:, 0])) + 1
    faces, others = int(is_face.sum()), int((~is_face).sum())
    area = (ranks[is_face].sum() - faces * (faces + 1) / 2) / (faces * others)
    errors = np.abs(outputs - targets[:, :14])
    return {
        "windows": float(len(targets)),
        "area_under_curve": float(area),
        "kept_at_0": float((outputs[is_face, 0] > 0).mean()),
        "passed_at_0": float((outputs[~is_face, 0] > 0).mean()),
        "passed_where_99_kept": float((outputs[~is_face, 0] > kept).mean()),
        "middle_error": float(errors[is_face, 1:3].mean()),
        "side_error": float(errors[is_face, 3].mean()),
        "point_error": float(errors[pointed, 4:14].mean()),
    }


def train_check(data: Path, model_dir: Path, epochs: int, seed: int) -> keras.Model:
    """Trains a face check, or goes on where an earlier run into `model_dir` stopped.

    Args:
        data: folder with train.parquet and valid.parquet, see `read_pictures`.
        model_dir: keeps the network after each epoch in LATEST, and EPOCHS_FILE.
        epochs: in all.
        seed: of weights and windows.
    """
    model_dir.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    pictures = read_pictures(data / "train.parquet")
    proposals = propose_faces(pictures)
    valid = draw_valid(data)
    network, begun = _begin(model_dir)
    network.compile(keras.optimizers.AdamW(RATE, weight_decay=1e-3), check_loss)
    kept: Windows | None = None
    for epoch in range(begun, epochs):
        rng = np.random.default_rng((seed, epoch))
        windows = draw_epoch(pictures, proposals, rng)
        shown, kept = choose_hard(network, windows, kept, rng)
        loss = _show_epoch(network, shown, (epoch, epochs), rng)
        network.save(model_dir / LATEST)
        _note_epoch(model_dir / EPOCHS_FILE, {"loss": loss, **measure_check(network, valid)})
    return network


def _begin(model_dir: Path) -> tuple[keras.Model, int]:
    """Returns the network to train, and how many epochs it has seen."""
    if not (model_dir / LATEST).exists():
        return build_check_network(), 0
    done = len((model_dir / EPOCHS_FILE).read_text(encoding="utf-8").splitlines()) - 1
    return keras.saving.load_model(model_dir / LATEST, compile=False, safe_mode=True), done


def _note_epoch(file: Path, figures: dict[str, float]) -> None:
    """Adds a row of figures to a CSV file."""
    with file.open("a", encoding="utf-8") as rows:
        if not rows.tell():
            rows.write(",".join(figures) + "\n")
        rows.write(",".join(f"{value:.4f}" for value in figures.values()) + "\n")


def _show_epoch(
    network: keras.Model, windows: Windows, at: tuple[int, int], rng: np.random.Generator
) -> float:
    """Shows all windows once, at a rate that falls with the epochs; returns the mean loss."""
    order = rng.permutation(len(windows.crops))
    losses = []
    for start in range(0, len(order), BATCH):
        progress = (at[0] + start / len(order)) / at[1]
        warm = min(1.0, (at[0] * len(order) + start + BATCH) / 40_000)
        network.optimizer.learning_rate = RATE * warm * 0.5 * (1 + math.cos(math.pi * progress))
        rows = order[start : start + BATCH]
        batch = standardise_crops(windows.crops[rows]), windows.targets[rows]
        losses.append(float(network.train_on_batch(*batch)))
    return float(np.mean(losses))


def draw_valid(data: Path) -> Windows:
    """Draws the windows that a network is measured by; the same ones each time."""
    pictures = read_pictures(data / "valid.parquet")
    return draw_epoch(pictures, propose_faces(pictures), np.random.default_rng(0))


def main() -> None:
    """Trains on DATA into MODEL_DIR, and writes what ships."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("model_dir", type=Path)
    parser.add_argument("--about", default="", help="what DATA is, for the card")
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    network = train_check(chosen.data, chosen.model_dir, chosen.epochs, chosen.seed)
    metrics = {
        name: round(value, 4)
        for name, value in measure_check(network, draw_valid(chosen.data)).items()
    }
    command = f"make face-check DATA=folder ARGS='--epochs {chosen.epochs} --seed {chosen.seed}'"
    export_check(network, chosen.model_dir, chosen.about, command, metrics)


if __name__ == "__main__":
    main()
