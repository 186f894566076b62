"""The training job on pictures drawn here; needs TensorFlow."""

from __future__ import annotations

import dataclasses
import os
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from fer_core.classify import LiteRtClassifier, standardise_crops
from fer_core.errors import DataError, FerError, SettingsError, UsageError
from fer_core.learn.charts import read_epochs
from fer_core.learn.dataset import read_data
from fer_core.learn.distillation import Teachers
from fer_core.learn.outside_teacher import write_answers
from fer_core.model import load_card, load_classifier
from ferbeam.training.train import TrainRequest, run_train
from tests.train.drawn import SETTINGS, always, draw_face, drawn_crops

HAPPY, SAD = 3, 5
ROOT = Path(__file__).resolve().parents[2]
# A machine that is shared may take minutes for what takes seconds alone.
pytestmark = pytest.mark.timeout(1200)


class StoppedError(Exception):
    """Stands for a stop between two epochs."""


def kernels(model_dir: Path) -> list[NDArray[np.float32]]:
    import keras

    network = keras.saving.load_model(model_dir / "model.keras", compile=False)
    return [
        layer.kernel.numpy() for layer in network.layers if isinstance(layer, keras.layers.Conv2D)
    ]


def test_a_stopped_run_goes_on_where_it_was(data: Path, straight: Path, tmp_path: Path) -> None:
    model_dir = tmp_path / "stopped"

    def stop_after_the_first(line: str) -> None:
        if line.startswith("epoch 1 "):
            raise StoppedError

    with pytest.raises(StoppedError):
        run_train(TrainRequest(data, model_dir, SETTINGS), stop_after_the_first)
    other = dataclasses.replace(SETTINGS, seed=1)
    with pytest.raises(SettingsError, match="begun with another seed"):
        run_train(TrainRequest(data, model_dir, other), lambda line: None)
    lines: list[str] = []
    run_train(TrainRequest(data, model_dir, SETTINGS), lines.append)
    assert [line[:12] for line in lines if line.startswith("epoch")] == ["epoch 2 of 2"]
    assert read_epochs(model_dir / "epochs.csv")["epoch"] == [0, 1]
    resumed, whole = load_classifier(model_dir), load_classifier(straight)
    np.testing.assert_allclose(resumed(drawn_crops()), whole(drawn_crops()), atol=0.02)


def test_a_stop_while_an_epoch_is_noted_costs_that_epoch(data: Path, tmp_path: Path) -> None:
    """What is written last is empty then; the weights may be of either epoch."""
    settings = dataclasses.replace(SETTINGS, epochs=3)

    def stop_after_the_second(line: str) -> None:
        if line.startswith("epoch 2 "):
            raise StoppedError

    with pytest.raises(StoppedError):
        run_train(TrainRequest(data, tmp_path, settings), stop_after_the_second)
    noted = tmp_path / "checkpoint" / "training_metadata.json"
    assert '"epoch": ' in noted.read_text()
    noted.write_text("")
    lines: list[str] = []
    run_train(TrainRequest(data, tmp_path, settings), lines.append)
    told = [line[:12] for line in lines if line.startswith("epoch")]
    assert told == ["epoch 2 of 3", "epoch 3 of 3"]


def test_a_teacher_is_learnt_from(data: Path, tmp_path: Path) -> None:
    """One calls every picture happy; where all of the target is its, the labels do not count."""
    settings = dataclasses.replace(SETTINGS, epochs=6, teacher_share=1.0, ema=0.5)
    request = TrainRequest(data, tmp_path / "taught", settings, teachers=(always(3, tmp_path),))
    lines: list[str] = []
    card = run_train(request, lines.append)
    assert "1 teacher is asked in each of the first 6 epochs" in lines
    assert "--teacher-share 1.0" in card.command
    assert card.command.endswith("--teacher always")
    taught = LiteRtClassifier(tmp_path / "taught" / "model.tflite")
    assert (taught(drawn_crops()).argmax(axis=1) == 3).all()
    # The labels alone, which are as many of each emotion, do not lead there.
    run_train(TrainRequest(data, tmp_path / "not", settings), lambda line: None)
    untaught = LiteRtClassifier(tmp_path / "not" / "model.tflite")
    assert not (untaught(drawn_crops()).argmax(axis=1) == 3).all()


def test_a_teacher_outside_and_faces_without_labels_are_learnt_from(
    data: Path, tmp_path: Path
) -> None:
    """The one inside calls all happy; the one outside tips that to sad, of the faces alone."""
    faces = np.stack([draw_face(emotion % 7, np.random.default_rng(9)) for emotion in range(84)])
    # Habit is taken off what it says: what it says of the pictures that have labels is the other.
    labelled = read_data(data, "train").crops
    said = np.full((len(labelled) + len(faces), 7), 1e-4, np.float32)
    said[: len(labelled), HAPPY], said[len(labelled) :, SAD] = 0.9994, 0.9994
    write_answers(tmp_path / "said.npz", np.concatenate([labelled, faces]), said)
    pictures = [cv2.imencode(".png", face)[1].tobytes() for face in faces]
    pq.write_table(pa.table({"image": pictures}), tmp_path / "faces.parquet")
    settings = dataclasses.replace(
        SETTINGS, epochs=6, teacher_share=0.0, ema=0.5, faces_hint_power=1.0, cameras=True
    )
    request = TrainRequest(
        data,
        tmp_path / "taught",
        settings,
        teachers=(always(HAPPY, tmp_path),),
        answers=tmp_path / "said.npz",
        faces=tmp_path / "faces.parquet",
    )
    card = run_train(request, lambda line: None)
    assert card.command.endswith("--teacher always --answers said.npz --faces faces.parquet")
    assert "--cameras" in card.command
    assert card.shares == pytest.approx([1 / 7] * 7, abs=1e-5)
    scores = LiteRtClassifier(tmp_path / "taught" / "model.tflite")(faces)
    # Labels are even, so what is said more than a seventh of the time comes of the faces.
    assert scores.mean(axis=0).argmax() == SAD
    assert np.argmax(card.expected) == SAD
    with pytest.raises(SettingsError, match="need a --teacher"):
        TrainRequest(data, tmp_path, settings, faces=tmp_path / "faces.parquet")


def test_the_result_is_a_mean_of_the_weights_learnt_and_others(
    data: Path, straight: Path, tmp_path: Path
) -> None:
    settings = dataclasses.replace(SETTINGS, epochs=1, ema=0.5)
    for name, share in (("new", 0.0), ("half", 0.5), ("old", 1.0)):
        request = TrainRequest(
            data, tmp_path / name, settings, start=straight, means=((straight, share),)
        )
        card = run_train(request, lambda line: None)
        assert card.command.endswith(f"--start straight --mean straight {share}")
    new, half, old, begun = map(
        kernels, (tmp_path / "new", tmp_path / "half", tmp_path / "old", straight)
    )
    for each_new, each_half, each_old, each_begun in zip(new, half, old, begun, strict=True):
        np.testing.assert_allclose(each_old, each_begun, atol=1e-6)
        np.testing.assert_allclose(each_half, (each_new + each_begun) / 2, atol=1e-6)
        assert np.abs(each_new - each_begun).max() > 1e-5
    with pytest.raises(SettingsError, match="more than 1 in all"):
        TrainRequest(data, tmp_path, settings, means=((straight, 0.6), (straight, 0.5)))


@pytest.mark.parametrize("mixup", [0.0, 1.0])
def test_teachers_are_shown_what_the_network_is_shown(mixup: float, tmp_path: Path) -> None:
    """All of the target is the word of one that judges by how far the quarters are from grey."""
    from fer_core.learn.training import TrainingBatches

    def judge(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        quarters = pictures.reshape(-1, 2, 24, 2, 24).mean(axis=(2, 4)).reshape(-1, 4)
        return np.concatenate([quarters**2, np.zeros((len(quarters), 3))], axis=1).astype("f4")

    def teacher(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return judge(standardise_crops(crops))

    settings = dataclasses.replace(SETTINGS, mixup=mixup)
    rows = (drawn_crops(), np.eye(7, dtype=np.float32))
    batches = TrainingBatches(rows, settings, Teachers(teacher, 1.0, 1, tmp_path))
    batches.begin_epoch(0)
    pictures, targets = batches[0]
    assert len(pictures) == 7
    np.testing.assert_allclose(targets, judge(pictures), atol=1e-6)


def test_training_begins_with_the_weights_it_is_given(
    data: Path, straight: Path, tmp_path: Path
) -> None:
    """At a rate of next to nothing the network stays what it was."""
    settings = dataclasses.replace(SETTINGS, epochs=1, learning_rate=1e-7)
    card = run_train(
        TrainRequest(data, tmp_path / "begun", settings, start=straight), lambda line: None
    )
    assert card.command.endswith("--learning-rate 1e-07 --seed 0 --start straight")
    for begun, given in zip(kernels(tmp_path / "begun"), kernels(straight), strict=True):
        np.testing.assert_allclose(begun, given, atol=1e-5)
    other = dataclasses.replace(SETTINGS, network="medium")
    with pytest.raises(SettingsError, match="straight: is another network; name its own --network"):
        run_train(TrainRequest(data, tmp_path / "other", other, start=straight), lambda line: None)


@pytest.mark.parametrize(
    ("backend", "options"),
    [("jax", ()), ("tensorflow", ()), ("tensorflow", ("--mixed-precision",))],
)
def test_the_command_trains_with_either_backend(
    backend: str, options: tuple[str, ...], data: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "ferbeam.cli", "train", str(data), str(tmp_path / "model")]
    result = subprocess.run(
        [*command, "--epochs", "2", "--batch", "28", *options],
        env={**os.environ, "KERAS_BACKEND": backend},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "epoch 2 of 2" in result.stdout
    card = load_card(tmp_path / "model")
    assert card.parameters > 500_000
    assert card.command.endswith(" ".join(["--batch 28", *options, "--seed 0"]))
    assert b"bfloat16" not in zipfile.ZipFile(tmp_path / "model" / "model.keras").read(
        "config.json"
    )
    scores = load_classifier(tmp_path / "model")(drawn_crops())
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)


def test_a_full_disk_is_one_clear_line_and_keeps_the_last_epoch(data: Path, tmp_path: Path) -> None:
    """After the first epoch no file may grow to the size of the weights."""
    model_dir = tmp_path / "model"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill_the_disk(line: str) -> None:
        if line.startswith("epoch 1 "):
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))

    request = TrainRequest(data, model_dir, SETTINGS)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(FerError, match=r"cannot be written: Not a directory$"):
        run_train(TrainRequest(data, tmp_path / "file" / "model", SETTINGS), lambda line: None)
    try:
        with pytest.raises(UsageError, match=r"cannot be written .*; the last whole epoch is kept"):
            run_train(request, fill_the_disk)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    lines: list[str] = []
    run_train(request, lines.append)
    assert [line[:12] for line in lines if line.startswith("epoch")] == ["epoch 2 of 2"]


def test_a_finished_folder_is_not_trained_again(data: Path, straight: Path) -> None:
    with pytest.raises(SettingsError, match="holds a finished model"):
        run_train(TrainRequest(data, straight, SETTINGS), lambda line: None)


def test_data_without_a_valid_part_are_one_clear_line(data: Path, tmp_path: Path) -> None:
    own = tmp_path / "data"
    own.mkdir()
    (own / "train").symlink_to(data / "valid")
    with pytest.raises(DataError, match="no valid data"):
        run_train(TrainRequest(own, tmp_path / "model", SETTINGS), lambda line: None)
