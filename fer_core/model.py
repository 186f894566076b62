"""Model folders: where the shipped one lies, what its card says, and whether it fits the code."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from fer_core.classify import (
    CROP_SIZE,
    PREPROCESSING,
    Classifier,
    LiteRtClassifier,
    PriorClassifier,
    TensorFlowClassifier,
)
from fer_core.emotions import NAMES
from fer_core.errors import ModelError
from fer_core.prior import LEARNT, score_factors

CARD_NAME = "card.json"
MODEL_NAME, CHECK_NAME, YUNET_NAME = "fer_cnn", "face_check", "yunet"
"""Folders of what ships: networks for expressions, the face check, and the plan of YuNet."""
CARD_VERSION = 1
MODEL_FILES = {"litert": "model.tflite", "tensorflow": "model.keras"}
"""The file that each engine runs."""
ENGINES = tuple(MODEL_FILES)


@dataclass(frozen=True)
class ModelCard:
    """What `card.json` holds.

    Attributes:
        name: the model's name.
        files: sha256 of each file of the model, by file name.
        temperature: what the logits are divided by before the softmax.
        shares: how often people called the training pictures so; empty where that is unknown, and
            only the prior `learnt` can be had.
        expected: how often the network's scores expect each emotion; empty for `shares`.
        emotions: names in the order of the network's outputs.
        input_size: side of a crop in pixels.
        preprocessing: name of the function between crops and network.
        parameters: how many numbers the network has learnt.
        weights: how the `.tflite` keeps them: int8 or float16.
        data: what it was trained on, with licence or source.
        command: the command that made it.
        commit: the version of the code that did, empty where unknown.
        metrics: figures measured on data not trained on, named as in `metrics.json`.
        versions: libraries used, by name.
    """

    name: str
    files: dict[str, str]
    temperature: float = 1.0
    shares: tuple[float, ...] = ()
    expected: tuple[float, ...] = ()
    emotions: tuple[str, ...] = NAMES
    input_size: int = CROP_SIZE
    preprocessing: str = PREPROCESSING
    parameters: int = 0
    weights: str = ""
    data: str = ""
    command: str = ""
    commit: str = ""
    metrics: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    card_version: int = CARD_VERSION

    def sha256_for(self, engine: str) -> str:
        """Returns the sha256 of the file that an engine runs.

        Raises:
            ModelError: the engine is unknown, or the model has no file for it.
        """
        if engine not in MODEL_FILES:
            raise ModelError(f"engine: '{engine}' is unknown, use one of {', '.join(ENGINES)}")
        if MODEL_FILES[engine] not in self.files:
            raise ModelError(
                f"{self.name}: holds no {MODEL_FILES[engine]}, which engine {engine} needs; "
                "the folders below models/ of ferbeam's repository hold both"
            )
        return self.files[MODEL_FILES[engine]]

    def factors_for(self, prior: str) -> tuple[float, ...]:
        """Returns what the scores are multiplied by for a prior, none for the prior `learnt`.

        Raises:
            ModelError: the prior is another, and the card does not say what was learnt.
            UsageError: the prior is unknown.
        """
        if prior != LEARNT and not self.shares:
            raise ModelError(f"{self.name}: its card has no shares; use --prior {LEARNT}")
        return score_factors(self.shares, self.expected or self.shares, prior)


@dataclass(frozen=True)
class Provenance:
    """Where a model comes from.

    Attributes:
        name: the model's name.
        data: what it was trained on.
        command: the command that trained it.
        commit: the version of the code, empty where unknown.
        label_set: what it has learnt, one of LABEL_SETS.
        shares: how often each emotion came in what people said of the training pictures.
    """

    name: str
    data: str
    command: str
    commit: str
    label_set: str = "ferplus"
    shares: tuple[float, ...] = ()


def find_model_dir(chosen: str | os.PathLike[str] | None = None, name: str = MODEL_NAME) -> Path:
    """Returns the folder of a network that was chosen; else of one that ferbeam ships.

    That lies in the installed package or in the checkout.

    Args:
        chosen: folder, None for the shipped one.
        name: MODEL_NAME, CHECK_NAME or YUNET_NAME.

    Raises:
        ModelError: it is in neither place.
    """
    if chosen is not None:
        return Path(chosen)
    package = Path(__file__).resolve().parent
    places = (package / "models" / name, package.parent / "models" / name)
    for place in places:
        if (place / CARD_NAME).is_file():
            return place
    raise ModelError(f"model: not found in {places[0]} or {places[1]}; install ferbeam again")


def file_sha256(path: Path) -> str:
    """Returns the sha256 of a file as hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_card(model_dir: Path, card: ModelCard) -> None:
    """Writes `card.json`, replacing an older one whole."""
    text = json.dumps(asdict(card), indent=2, ensure_ascii=False) + "\n"
    unfinished = model_dir / f"{CARD_NAME}.part"
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(model_dir / CARD_NAME)


def _read_card(path: Path) -> ModelCard:
    """Reads a card and checks its form."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        values["emotions"] = tuple(values["emotions"])
        values |= {name: tuple(values.get(name, ())) for name in ("shares", "expected")}
        card = ModelCard(**values)
        # Of a text the comparison is a TypeError, which is told below.
        well_formed = (
            0 < card.temperature < float("inf")
            and all(
                len(shares) in (0, len(NAMES)) and all(0 < share < 1 for share in shares)
                for shares in (card.shares, card.expected)
            )
            and all(
                Path(name).name == name and isinstance(digest, str)
                for name, digest in card.files.items()
            )
        )
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: is no model card of this version ({error})") from error
    if not well_formed:
        raise ModelError(
            f"{path}: temperature, shares or files make no sense; write the card again"
        )
    return card


def load_card(model_dir: Path) -> ModelCard:
    """Reads a model's card and checks that model and code fit each other.

    Returns:
        The card; `files` without those that are not there: the wheel ships no `model.keras`.

    Raises:
        ModelError: the card is missing or unreadable, names another order of emotions, input size
            or preprocessing than the code, or a file has another sha256.
    """
    if not (model_dir / CARD_NAME).is_file():
        raise ModelError(f"{model_dir}: holds no {CARD_NAME}; name a folder that train has written")
    card = _read_card(model_dir / CARD_NAME)
    expected = {
        "card_version": CARD_VERSION,
        "emotions": NAMES,
        "input_size": CROP_SIZE,
        "preprocessing": PREPROCESSING,
    }
    for name, needed in expected.items():
        found = getattr(card, name)
        if found != needed:
            raise ModelError(f"{model_dir / CARD_NAME}: {name} is {found}, needs {needed}")
    files = {name: sha for name, sha in card.files.items() if (model_dir / name).is_file()}
    for name, digest in files.items():
        if file_sha256(model_dir / name) != digest:
            raise ModelError(f"{model_dir / name}: is not the file the card describes (sha256)")
    return replace(card, files=files)


def load_classifier(model_dir: Path, engine: str = "litert", prior: str = LEARNT) -> Classifier:
    """Loads a model's network for an engine, with the card's temperature and a prior.

    Args:
        model_dir: a folder with `card.json` and the files that it lists.
        engine: `litert` or `tensorflow`.
        prior: how often emotions are expected, one of PRIORS.

    Raises:
        ModelError: the engine is unknown or not installed, or the model does not fit.
        UsageError: the prior is unknown.
    """
    card = load_card(model_dir)
    card.sha256_for(engine)
    factors = card.factors_for(prior)
    run = LiteRtClassifier if engine == "litert" else TensorFlowClassifier
    classifier = run(model_dir / MODEL_FILES[engine], card.temperature)
    return PriorClassifier(classifier, factors) if factors else classifier
