"""The training job on pictures drawn here, and both engines side by side; needs TensorFlow."""

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
import pytest
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE
from fer_core.detection.haar import HaarDetector, HaarSettings
from fer_core.emotions import NAMES
from fer_core.errors import DataError, SettingsError, UsageError
from fer_core.faces import crop_face
from fer_core.learn.charts import read_epochs
from fer_core.learn.settings import TrainSettings
from fer_core.model import ENGINES, find_model_dir, load_card, load_classifier
from pipelines.training.evaluate import run_evaluate
from pipelines.training.train import TrainRequest, run_train

ROOT = Path(__file__).resolve().parents[2]
# A machine that is shared may take minutes for what takes seconds alone.
pytestmark = pytest.mark.timeout(1200)
SETTINGS = TrainSettings(epochs=2, batch=28, learning_rate=0.02)
PICTURES = {"train": 12, "valid": 4}


class StoppedError(Exception):
    """Stands for a stop between two epochs."""


def draw_face(emotion: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draws a round face whose mouth and brows depend on the emotion."""
    face = rng.integers(0, 60, (CROP_SIZE, CROP_SIZE), np.uint8)
    cv2.circle(face, (24, 24), 21, 190, -1)
    for x in (16, 32):
        cv2.circle(face, (x, 19), 3, 20, -1)
        cv2.line(face, (x - 4, 10 + emotion), (x + 4, 10 + emotion), 20, 1)
    cv2.ellipse(face, (24, 34), (9, 1 + emotion), 0, 0, 180 + 30 * emotion, 20, 2)
    return face


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder per emotion, with drawn faces."""
    root, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for part, count in PICTURES.items():
        for emotion, name in enumerate(NAMES):
            folder = root / part / name
            folder.mkdir(parents=True)
            for index in range(count):
                cv2.imwrite(str(folder / f"{index}.png"), draw_face(emotion, rng))
    return root


@pytest.fixture(scope="module")
def straight(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained without a stop."""
    model_dir = tmp_path_factory.mktemp("models") / "straight"
    run_train(TrainRequest(data, model_dir, SETTINGS), lambda line: None)
    return model_dir


def kernels(model_dir: Path) -> list[NDArray[np.float32]]:
    import keras

    network = keras.saving.load_model(model_dir / "model.keras", compile=False)
    return [
        layer.kernel.numpy() for layer in network.layers if isinstance(layer, keras.layers.Conv2D)
    ]


def drawn_crops() -> NDArray[np.uint8]:
    rng = np.random.default_rng(1)
    return np.stack([draw_face(emotion, rng) for emotion in range(7)])


def sample_crops() -> NDArray[np.uint8]:
    """The faces that the detector finds in the sample pictures."""
    detect = HaarDetector(HaarSettings())
    crops = []
    for path in sorted((ROOT / "sample_data" / "pictures").iterdir()):
        grey = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
        if grey is not None:
            pixels = np.asarray(grey, np.uint8)
            crops += [crop_face(pixels, face.box) for face in detect(pixels)]
    return np.stack(crops)


def test_the_model_folder_is_complete(straight: Path) -> None:
    card = load_card(straight)
    assert sorted(file.name for file in straight.iterdir()) == [
        "card.json",
        "epochs.csv",
        "learning_curves.png",
        "model.keras",
        "model.tflite",
    ]
    assert card.metrics["valid"]["fer2013"]["pictures"] == 7 * PICTURES["valid"]
    assert card.command.startswith("ferbeam train DATA MODEL_DIR --label-set ferplus")
    assert "--epochs 2" in card.command
    assert "tensorflow" in card.versions
    figures = read_epochs(straight / "epochs.csv")
    assert figures["epoch"] == [0, 1]
    curves = cv2.imread(str(straight / "learning_curves.png"))
    assert curves is not None
    assert curves.shape[1] > 1000


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


def test_a_teacher_is_learnt_from(data: Path, straight: Path, tmp_path: Path) -> None:
    """With all of the target from the teacher, the labels are not needed to be like it."""
    settings = dataclasses.replace(SETTINGS, epochs=6, teacher_share=1.0)
    request = TrainRequest(data, tmp_path / "taught", settings, teachers=(straight,))
    lines: list[str] = []
    card = run_train(request, lines.append)
    assert "1 teachers are asked in each of the first 6 epochs" in lines
    assert card.command.endswith("--teacher straight")
    teacher = load_classifier(straight)(drawn_crops())
    taught = load_classifier(tmp_path / "taught")(drawn_crops())
    assert np.abs(taught - teacher).mean() < 0.1


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


def test_both_engines_are_measured_alike_and_drawn(
    data: Path, straight: Path, tmp_path: Path
) -> None:
    accuracies = []
    for engine in ENGINES:
        report = tmp_path / engine
        metrics = run_evaluate(data, "valid", (straight, engine), report, lambda line: None)
        accuracies.append(metrics["all.fer2013.accuracy"])
        for name in ("confusion.png", "reliability.png"):
            assert (report / name).read_bytes().startswith(b"\x89PNG")
    assert accuracies[0] == accuracies[1]


@pytest.mark.parametrize(
    ("backend", "options"),
    [("jax", ()), ("tensorflow", ()), ("tensorflow", ("--mixed-precision",))],
)
def test_the_command_trains_with_either_backend(
    backend: str, options: tuple[str, ...], data: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "pipelines.cli", "train", str(data), str(tmp_path / "model")]
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
    (tmp_path / "train").symlink_to(data / "valid")
    with pytest.raises(DataError, match="no valid data"):
        run_train(TrainRequest(tmp_path, tmp_path / "model", SETTINGS), lambda line: None)


@pytest.mark.parametrize("model", ["shipped", "trained"])
def test_both_engines_give_the_same_scores(model: str, straight: Path) -> None:
    model_dir = straight if model == "trained" else find_model_dir()
    crops = np.concatenate([sample_crops(), drawn_crops()])
    assert len(crops) > 10
    litert = load_classifier(model_dir, "litert")(crops)
    tensorflow = load_classifier(model_dir, "tensorflow")(crops)
    rounding = {"int8": 0.03, "float16": 0.01}[load_card(model_dir).weights]
    np.testing.assert_allclose(litert, tensorflow, atol=rounding)
    first, second = np.sort(tensorflow, axis=1)[:, :-3:-1].T
    clear = first - second > 2 * rounding
    assert clear.sum() > 10
    np.testing.assert_array_equal(litert.argmax(axis=1)[clear], tensorflow.argmax(axis=1)[clear])


def test_the_analysis_runs_with_the_trained_model(straight: Path, tmp_path: Path) -> None:
    pytest.importorskip("apache_beam")
    from click.testing import CliRunner

    from pipelines.cli import cli

    picture = str(ROOT / "sample_data" / "pictures" / "group.png")
    arguments = ["analyze", picture, str(tmp_path / "out"), "--model", str(straight)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert list((tmp_path / "out" / "faces").glob("*.parquet"))
