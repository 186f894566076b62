"""Model folders: the shipped one, and what a card that does not fit is answered."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer_core.detection.detector import load_detector
from fer_core.detection.detector_settings import HAAR
from fer_core.emotions import NAMES
from fer_core.errors import ModelError
from fer_core.faces import crop_face
from fer_core.model import (
    CARD_NAME,
    ModelCard,
    file_sha256,
    find_model_dir,
    load_card,
    load_classifier,
    write_card,
)
from fer_core.pictures import read_coloured
from tests.core.faces import change_card

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    """A copy of the shipped model's card and LiteRT file."""
    shipped = find_model_dir()
    shutil.copy(shipped / "model.tflite", tmp_path)
    files = {"model.tflite": file_sha256(tmp_path / "model.tflite")}
    write_card(tmp_path, ModelCard(name="copy", files=files, temperature=1.5))
    return tmp_path


def test_the_shipped_card_names_both_files_and_true_figures() -> None:
    card = load_card(find_model_dir())
    assert card.emotions == NAMES
    assert set(card.files) == {"model.keras", "model.tflite"}
    assert card.data


def test_the_model_card_for_readers_tells_what_ships() -> None:
    """`models/README.md` is written by hand; `card.json` beside the files is not."""
    folder = find_model_dir()
    card, text = load_card(folder), (ROOT / "models" / "README.md").read_text(encoding="utf-8")
    part = "without_copies.ferplus"
    size = (folder / "model.tflite").stat().st_size / 1e6
    told = [
        f"`model.tflite` ({card.weights} weights)",
        f"{card.parameters:,} parameters",
        f"({card.temperature:.3f}) is fitted against the votes",
        f"{100 * card.metrics[f'{part}.accuracy']:.2f} %",
        f"{card.metrics[f'{part}.macro_f1']:.3f} (",
        f"| {card.weights} | {size:.2f} MB |",
        f"| {card.metrics['litert_largest_score_difference']:.4f} | shipped |",
    ]
    for name in NAMES:
        pictures = [int(card.metrics[f"{part}.confusion_{name}_as_{other}"]) for other in NAMES]
        told.append(f"| **{name}** | " + " | ".join(map(str, pictures)) + " |")
    assert [each for each in told if each not in text] == []


def test_the_teachers_load_and_tell_emotions_as_the_shipped_network_does() -> None:
    """Another net, or another order of emotions, would not."""
    teachers = sorted((ROOT / "models" / "teachers").iterdir())
    assert [teacher.name for teacher in teachers] == [load_card(each).name for each in teachers]
    assert len(teachers) == 1
    detect = load_detector(HAAR, for_pictures=True)
    crops = []
    for name in NAMES:
        grey = read_coloured(ROOT / "sample_data" / "composites" / f"{name}.png")[0]
        crops += [crop_face(grey, face.square) for face in detect(grey, None)]
    shipped = load_classifier(find_model_dir())(np.stack(crops))
    assert len(set(shipped.argmax(axis=1))) > 4
    for teacher in teachers:
        scores = load_classifier(teacher)(np.stack(crops))
        np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
        agreed = [np.corrcoef(shipped[:, i], scores[:, i])[0, 1] for i in range(len(NAMES))]
        assert min(agreed) > 0.7, agreed


def test_a_card_reads_as_it_was_written(model_dir: Path) -> None:
    card = load_card(model_dir)
    assert (card.name, card.temperature) == ("copy", 1.5)
    write_card(model_dir, card)
    assert load_card(model_dir) == card
    assert card.sha256_for("litert") == card.files["model.tflite"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("emotions", ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]),
        ("input_size", 64),
        ("preprocessing", "divide_by_255"),
        ("card_version", 99),
    ],
)
def test_a_card_that_disagrees_with_the_code_is_refused(
    model_dir: Path, name: str, value: object
) -> None:
    change_card(model_dir, **{name: value})
    with pytest.raises(ModelError, match=f"{name} is .*, needs "):
        load_card(model_dir)


@pytest.mark.parametrize(
    "changes",
    [
        {"temperature": 0},
        {"temperature": "hot"},
        {"temperature": "1.0"},
        {"files": ["model.tflite"]},
        {"files": {"../model.tflite": "0"}},
        {"emotions": 7},
        {"surprise": True},
    ],
    ids=str,
)
def test_a_malformed_card_is_refused(model_dir: Path, changes: dict[str, Any]) -> None:
    change_card(model_dir, **changes)
    with pytest.raises(ModelError, match=r"card\.json"):
        load_card(model_dir)


def test_a_card_that_is_no_json_is_refused(model_dir: Path) -> None:
    (model_dir / CARD_NAME).write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="is no model card"):
        load_card(model_dir)


def test_a_changed_file_is_refused(model_dir: Path) -> None:
    with (model_dir / "model.tflite").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelError, match="sha256"):
        load_classifier(model_dir)


def test_only_the_file_that_an_engine_runs_must_be_there(model_dir: Path) -> None:
    card = load_card(model_dir)
    change_card(model_dir, files={**card.files, "model.keras": "0"})
    assert load_card(model_dir) == card
    (model_dir / "model.tflite").unlink()
    with pytest.raises(ModelError, match=r"holds no model\.tflite, which engine litert needs"):
        load_classifier(model_dir)


def test_a_folder_without_a_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no card\.json"):
        load_card(tmp_path)


def test_an_engine_needs_its_file_and_a_known_name(model_dir: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no model\.keras"):
        load_classifier(model_dir, "tensorflow")
    with pytest.raises(ModelError, match="'onnx' is unknown, use one of litert, tensorflow"):
        load_classifier(model_dir, "onnx")
