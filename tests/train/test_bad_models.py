"""Keras files that are no network of ours: one clear line, and no code from them is run."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fer_core.errors import ModelError
from fer_core.model import CARD_NAME, file_sha256, find_model_dir, load_classifier
from tests.core.faces import change_card

pytestmark = pytest.mark.timeout(600)


def save_five_outputs(file: Path) -> None:
    import keras

    network = keras.Sequential([keras.Input((48, 48, 1)), keras.layers.Flatten()])
    network.add(keras.layers.Dense(5))
    network.save(file)


def save_code(file: Path) -> None:
    import keras

    layers: list[Any] = [keras.Input((48, 48, 1)), keras.layers.Lambda(lambda x: x)]
    network = keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(7)])
    network.save(file)


def save_empty_archive(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("metadata.json", "{}")


@pytest.mark.parametrize(
    ("save", "message"),
    [
        (save_five_outputs, r"maps \[\(48, 48, 1\), \(5,\)\], needs"),
        (save_code, "is no Keras network"),
        (save_empty_archive, "is no Keras network"),
        (lambda file: file.write_text("no archive"), "is no Keras network"),
    ],
    ids=["outputs", "code", "empty", "text"],
)
def test_a_keras_file_that_is_none_of_ours_is_one_clear_line(
    save: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    from fer_core.classify import load_keras

    shutil.copy(find_model_dir() / CARD_NAME, tmp_path)
    save(tmp_path / "model.keras")
    change_card(tmp_path, files={"model.keras": file_sha256(tmp_path / "model.keras")})
    with pytest.raises(ModelError, match=message) as raised:
        load_classifier(tmp_path, "tensorflow")
    assert "\n" not in str(raised.value)
    with pytest.raises(ModelError, match=message):
        load_keras(tmp_path / "model.keras")  # as --start does
