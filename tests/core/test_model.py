"""Model folders: the shipped one, and what a card that does not fit is answered."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer_core.emotions import NAMES
from fer_core.errors import ModelError
from fer_core.model import (
    CARD_NAME,
    ModelCard,
    file_sha256,
    find_model_dir,
    load_card,
    load_classifier,
    write_card,
)
from tests.core.faces import draw_faces

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    """A copy of the shipped model's card and LiteRT file."""
    shipped = find_model_dir()
    shutil.copy(shipped / "model.tflite", tmp_path)
    files = {"model.tflite": file_sha256(tmp_path / "model.tflite")}
    write_card(tmp_path, ModelCard(name="copy", files=files, temperature=1.5))
    return tmp_path


def change_card(model_dir: Path, **changes: Any) -> None:
    file = model_dir / CARD_NAME
    card = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**card, **changes}), encoding="utf-8")


def test_the_shipped_card_names_both_files_and_true_figures() -> None:
    card = load_card(find_model_dir())
    assert card.emotions == NAMES
    assert set(card.files) == {"model.keras", "model.tflite"}
    assert card.data
    assert 0 < card.metrics["valid"]["ferplus"]["accuracy"] < 1


def test_the_teachers_load_and_see_much_what_the_shipped_network_sees() -> None:
    """They need not agree on what no face is, but must not be another net, or another order."""
    teachers = sorted((ROOT / "models" / "teachers").iterdir())
    assert [teacher.name for teacher in teachers] == [load_card(each).name for each in teachers]
    assert len(teachers) == 2
    crops = draw_faces(20, seed=3)
    shipped = load_classifier(find_model_dir())(crops)
    for teacher in teachers:
        scores = load_classifier(teacher)(crops)
        np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
        assert np.abs(scores - shipped).mean() < 0.08


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


def test_a_missing_file_is_refused(model_dir: Path) -> None:
    (model_dir / "model.tflite").unlink()
    with pytest.raises(ModelError, match=r"model\.tflite is missing"):
        load_card(model_dir)


def test_a_folder_without_a_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no card\.json"):
        load_card(tmp_path)


def test_an_engine_needs_its_file_and_a_known_name(model_dir: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no model\.keras"):
        load_classifier(model_dir, "tensorflow")
    with pytest.raises(ModelError, match="'onnx' is unknown, use one of litert, tensorflow"):
        load_classifier(model_dir, "onnx")
