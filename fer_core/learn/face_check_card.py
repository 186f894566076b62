"""From a trained face check to the files that ship: `.tflite` with int8 weights, and the card."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras

from fer_core.learn.conversion import convert_network
from fer_core.learn.export import installed_versions
from fer_core.model import CARD_NAME, CHECK_NAME, file_sha256

FILE = "model.tflite"


@dataclass(frozen=True)
class CheckCard:
    """What the face check's `card.json` holds.

    Attributes:
        files: sha256 by file name.
        parameters: how many numbers the network has learnt.
        weights: how they are kept.
        data: what it was trained on.
        command: the command that made it.
        metrics: figures on pictures not trained on.
        versions: libraries used, by name.
    """

    files: dict[str, str]
    parameters: int
    data: str
    command: str
    metrics: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    weights: str = "int8"
    name: str = CHECK_NAME


def export_check(
    network: keras.Model, model_dir: Path, data: str, command: str, metrics: dict[str, float]
) -> CheckCard:
    """Writes a network and its card.

    Args:
        network: as `build_check_network` builds it.
        model_dir: gets `model.tflite` and `card.json`.
        data: what it was trained on.
        command: that trained it.
        metrics: of pictures not trained on.
    """
    model_dir.mkdir(parents=True, exist_ok=True)
    file = model_dir / FILE
    file.write_bytes(convert_network(network, "int8"))
    card = CheckCard(
        files={FILE: file_sha256(file)},
        parameters=int(network.count_params()),
        data=data,
        command=command,
        metrics=metrics,
        versions=installed_versions(),
    )
    text = json.dumps(asdict(card), indent=2, ensure_ascii=False) + "\n"
    (model_dir / CARD_NAME).write_text(text, encoding="utf-8")
    return card
