"""What training leaves: a whole folder, the same scores from both engines, and an analysis."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_core.classify import LiteRtClassifier
from fer_core.learn.charts import read_epochs
from fer_core.learn.labels import LABEL_SETS, LabelledFaces
from fer_core.model import ENGINES, Provenance, find_model_dir, load_card, load_classifier
from ferbeam.training.evaluate import EvaluateRequest, run_evaluate
from tests.train.drawn import PICTURES, drawn_crops, sample_crops

ROOT = Path(__file__).resolve().parents[2]
# A machine that is shared may take minutes for what takes seconds alone.
pytestmark = pytest.mark.timeout(1200)


def test_the_model_folder_is_complete(straight: Path) -> None:
    card = load_card(straight)
    assert sorted(file.name for file in straight.iterdir()) == [
        ".ferbeam",
        "card.json",
        "epochs.csv",
        "learning_curves.png",
        "model.keras",
        "model.tflite",
    ]
    assert card.metrics["all.fer2013.pictures"] == 7 * PICTURES["valid"]
    assert card.command.startswith("ferbeam train DATA MODEL_DIR --label-set ferplus")
    assert "--epochs 2" in card.command
    assert "tensorflow" in card.versions
    figures = read_epochs(straight / "epochs.csv")
    assert figures["epoch"] == [0, 1]
    curves = cv2.imread(str(straight / "learning_curves.png"))
    assert curves is not None
    assert curves.shape[1] > 1000


def test_both_engines_are_measured_alike_and_drawn(
    data: Path, straight: Path, tmp_path: Path
) -> None:
    accuracies = []
    for engine in ENGINES:
        report = tmp_path / engine
        request = EvaluateRequest(data, straight, engine=engine, report=report)
        metrics = run_evaluate(request, lambda line: None)
        accuracies.append(metrics["all.fer2013.accuracy"])
        for name in ("confusion.png", "reliability.png"):
            assert (report / name).read_bytes().startswith(b"\x89PNG")
    assert accuracies[0] == accuracies[1]


@pytest.mark.parametrize("model", ["shipped", "trained"])
def test_both_engines_give_the_same_scores(model: str, straight: Path) -> None:
    model_dir = straight if model == "trained" else find_model_dir()
    crops = np.concatenate([sample_crops(), drawn_crops()])
    assert len(crops) > 10
    litert = load_classifier(model_dir, "litert")(crops)
    tensorflow = load_classifier(model_dir, "tensorflow")(crops)
    rounding = {"int8": 0.03, "float16": 0.01}[load_card(model_dir).weights]
    np.testing.assert_allclose(litert, tensorflow, atol=rounding)
    # A network that has hardly learnt gives every crop nearly the same scores: what sets them apart
    # must agree as well.
    apart = [(scores - scores.mean(axis=0)).ravel() for scores in (litert, tensorflow)]
    assert np.corrcoef(apart)[0, 1] > 0.99
    if model == "shipped":
        first, second = np.sort(tensorflow, axis=1)[:, :-3:-1].T
        clear = first - second > 2 * rounding
        assert clear.mean() > 0.5
        assert (litert.argmax(axis=1) == tensorflow.argmax(axis=1))[clear].all()


def test_the_confidence_is_fitted_to_what_was_learnt(straight: Path, tmp_path: Path) -> None:
    """The labels always say what the network says, and the people always something else."""
    from fer_core.learn.export import export_network

    crops = drawn_crops()
    said = LiteRtClassifier(straight / "model.tflite")(crops).argmax(axis=1)
    votes = 10 * np.eye(10, dtype=np.float32)[(said + 1) % 7]
    faces = LabelledFaces(crops, said, votes)
    temperatures = {}
    for label_set in LABEL_SETS:
        folder = tmp_path / label_set
        folder.mkdir()
        provenance = Provenance("drawn", "", "", "", label_set)
        copies = np.zeros(len(crops), bool)
        card = export_network(straight / "model.keras", folder, faces, copies, provenance)
        temperatures[label_set] = card.temperature
    assert temperatures["fer2013"] < 1 < temperatures["ferplus"]


def test_the_analysis_runs_with_the_trained_model(straight: Path, tmp_path: Path) -> None:
    pytest.importorskip("apache_beam")
    from click.testing import CliRunner

    from ferbeam.cli import cli

    picture = str(ROOT / "sample_data" / "pictures" / "group.png")
    arguments = ["analyze", picture, str(tmp_path / "out"), "--model", str(straight)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert list((tmp_path / "out" / "faces").glob("*.parquet"))
