"""What `ferbeam train` answers before TensorFlow is needed: one clear line, and no half model."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer_core.errors import DataError, SettingsError, UsageError
from fer_core.learn.settings import TrainSettings
from fer_core.model import CARD_NAME
from ferbeam.training.train import TrainRequest, run_train

SETTINGS = TrainSettings(epochs=1)


def write_data(folder: Path, emotions: list[int], broken: int = 0) -> None:
    """Writes both parts below `data`: a grey picture for each emotion, and some that are none."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    png = bytes(cv2.imencode(".png", np.full((48, 48), 90, np.uint8))[1])
    images = [png] * len(emotions) + [b"broken"] * broken
    labels = emotions + [0] * broken
    for part in ("train", "valid"):
        pq.write_table(pa.table({"image": images, "emotion": labels}), data / f"{part}.parquet")


def train(folder: Path) -> list[str]:
    lines: list[str] = []
    run_train(TrainRequest(folder / "data", folder / "model", SETTINGS), lines.append)
    return lines


@pytest.fixture
def with_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the job believe that TensorFlow is installed; it must fail before importing it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())


def test_without_tensorflow_the_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'ferbeam\[train\]'"):
        train(tmp_path)


@pytest.mark.usefixtures("with_tensorflow")
def test_a_finished_model_is_not_trained_over(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / CARD_NAME).write_text("{}")
    with pytest.raises(SettingsError, match="holds a finished model; name another folder"):
        train(tmp_path)


@pytest.mark.usefixtures("with_tensorflow")
def test_an_emotion_without_pictures_is_named(tmp_path: Path) -> None:
    write_data(tmp_path, [0, 2, 3, 4, 6])
    with pytest.raises(DataError, match="train: no picture of disgust, sad; every emotion"):
        train(tmp_path)


@pytest.mark.usefixtures("with_tensorflow")
def test_another_setting_does_not_resume(tmp_path: Path) -> None:
    write_data(tmp_path, [0, 1])
    with pytest.raises(DataError):
        train(tmp_path)
    (tmp_path / "model" / "checkpoint" / "latest.weights.h5").touch()
    settings = TrainSettings(epochs=1, seed=4)
    request = TrainRequest(tmp_path / "data", tmp_path / "model", settings, "fer2013")
    with pytest.raises(SettingsError, match="begun with another seed, label_set; use the same"):
        run_train(request, lambda _: None)


@pytest.mark.usefixtures("with_tensorflow")
def test_a_run_that_finished_no_epoch_may_begin_anew_with_other_data(tmp_path: Path) -> None:
    for emotions, missing in (([0, 1], "fear"), ([0, 1, 2], "happy")):
        write_data(tmp_path, emotions)
        with pytest.raises(DataError, match=f"train: no picture of {missing}"):
            train(tmp_path)


@pytest.mark.usefixtures("with_tensorflow")
def test_unreadable_pictures_are_counted_and_some_named(tmp_path: Path) -> None:
    write_data(tmp_path, [0], broken=7)
    lines: list[str] = []
    with pytest.raises(DataError):
        run_train(TrainRequest(tmp_path / "data", tmp_path / "model", SETTINGS), lines.append)
    train_lines = lines[: lines.index("valid: 1 pictures")]
    assert train_lines[0] == "train: 1 pictures"
    assert train_lines[1] == "skipped: train.parquet row 1: cannot be read as a picture"
    assert len(train_lines) == 7
    assert train_lines[-1] == "skipped: 7 pictures in all"
