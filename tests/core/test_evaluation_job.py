"""`ferbeam evaluate` on drawn pictures with the shipped model, without TensorFlow."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer_core.emotions import NAMES
from fer_core.errors import DataError
from fer_core.learn.copies import copies_of, near_copies_of
from fer_core.learn.dataset import read_data
from fer_core.learn.measuring import KEYS, measure_scores
from fer_core.model import find_model_dir, load_card, load_classifier
from fer_core.prior import PRIORS
from ferbeam.cli import main
from ferbeam.training import evaluate
from ferbeam.training.evaluate import EvaluateRequest, run_evaluate
from tests.core.faces import draw_faces, encode_png, write_part

LABELS: list[int | None] = [index % 7 for index in range(21)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """21 readable pictures and an unreadable one in valid, 4 of them in train too."""
    folder = tmp_path / "data"
    folder.mkdir()
    images = [encode_png(crop) for crop in draw_faces(21, seed=5)]
    widths = {"box_width": pa.array([*range(30, 51), 400])}
    write_part(folder / "valid.parquet", [*images, b"broken"], [*LABELS, 0], **widths)
    write_part(folder / "train.parquet", images[:4], LABELS[:4])
    return folder


def run_command(arguments: list[str]) -> int:
    """Runs the command line in process and returns its exit code."""
    try:
        main(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_the_report_holds_the_figures_of_the_shipped_model(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "deep" / "report"
    assert run_command(["evaluate", str(data), "--report", str(report)]) == 0
    metrics: dict[str, Any] = json.loads((report / "metrics.json").read_text(encoding="utf-8"))
    card = load_card(find_model_dir())
    shown = load_classifier(find_model_dir())(draw_faces(21, seed=5)).argmax(axis=1)
    assert metrics["model.sha256"] == card.files["model.tflite"]
    # These drawn faces are so much alike that more than half of the others count as near copies.
    near = int(near_copies_of(read_data(data, "valid"), read_data(data, "train")).sum())
    told = ("pictures", "skipped", "copies", "near_copies")
    assert [metrics[f"data.{name}"] for name in told] == [21, 1, 4, near - 4]
    assert metrics["without_near_copies.ferplus.pictures"] == 21 - near > 0
    right = shown == np.array(LABELS)
    assert metrics["all.fer2013.accuracy"] == pytest.approx(right.mean(), abs=1e-6)
    assert metrics["without_copies.ferplus.accuracy"] == pytest.approx(right[4:].mean(), abs=1e-6)
    assert metrics["without_copies.ferplus.pictures"] == 17
    # The width of the picture that cannot be read is in no slice.
    assert metrics["slice.face_size_high.ferplus.most"] == 50
    assert all(not isinstance(value, (dict, list)) for value in metrics.values())
    text = (report / "report.md").read_text(encoding="utf-8")
    assert f"sha256 `{card.files['model.tflite']}`" in text
    assert "valid.parquet row 21: cannot be read as a picture" in text
    assert all(f"`{key}`" in text for key in KEYS)
    assert all(f"| {name} |" in text for name in NAMES)
    printed = capsys.readouterr().out
    assert "skipped: valid.parquet row 21: cannot be read as a picture" in printed
    assert "identical to a training picture: 4" in printed
    assert f"near copies of one (cropped, saved or mirrored anew): {near - 4}" in printed
    assert f"accuracy {metrics['without_copies.ferplus.accuracy']:.3f} (" in printed


def test_the_same_data_give_the_same_report(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = []
    for name in ("first", "second"):
        request = EvaluateRequest(data, find_model_dir(), report=tmp_path / name)
        run_evaluate(request, lambda line: None)
        texts.append((tmp_path / name / "metrics.json").read_text(encoding="utf-8"))
    assert texts[0] == texts[1]

    def stop(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluate, "write_markdown", stop)
    with pytest.raises(KeyboardInterrupt):
        run_evaluate(request, lambda line: None)
    left = [path.name for path in (tmp_path / "second").iterdir()]
    assert left == [".ferbeam"]  # nothing of two reports beside each other


def test_several_models_are_measured_as_one(data: Path, tmp_path: Path) -> None:
    """The shipped one with itself: what is left is the mean with the mirror image."""
    shipped = find_model_dir()
    request = EvaluateRequest(data, shipped, others=(shipped,), report=tmp_path / "report")
    together = run_evaluate(request, lambda line: None)
    faces, network = read_data(data, "valid"), load_classifier(shipped)
    both = network(faces.crops) + network(faces.crops[:, :, ::-1])
    mean = np.asarray(both / 2, np.float32)
    train = read_data(data, "train")
    copies, near = copies_of(faces, train), near_copies_of(faces, train)
    of_priors = {key: value for key, value in together.items() if key.startswith("prior.")}
    assert together == {**measure_scores(faces, mean, copies, near), **of_priors}
    learnt = together["without_copies.ferplus.accuracy"]
    assert together["prior.learnt.accuracy"] == pytest.approx(learnt)
    assert "fer_cnn + fer_cnn" in (tmp_path / "report" / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("prior", PRIORS)
def test_every_prior_is_measured_as_an_analysis_has_it(prior: str, data: Path) -> None:
    metrics = run_evaluate(EvaluateRequest(data, find_model_dir()), lambda line: None)
    faces = read_data(data, "valid").take(np.arange(4, 21))
    scores = load_classifier(find_model_dir(), prior=prior)(faces.crops)
    right = (scores.argmax(axis=1) == faces.labels).mean()
    assert metrics[f"prior.{prior}.accuracy"] == pytest.approx(right)


def test_a_part_without_training_pictures_is_measured_and_says_so(
    data: Path, tmp_path: Path
) -> None:
    (data / "train.parquet").unlink()
    (data / "valid.parquet").rename(data / "test.parquet")
    lines: list[str] = []
    request = EvaluateRequest(data, find_model_dir(), part="test", report=tmp_path / "report")
    metrics = run_evaluate(request, lines.append)
    assert any("copies of training pictures stay unknown" in line for line in lines)
    assert not any(key.startswith("without_") for key in metrics)
    text = (tmp_path / "report/report.md").read_text(encoding="utf-8")
    assert "pixel-identical to a training picture: not known" in text


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"emotion": [0]}, "columns missing: image"),
        ({"image": [b"x"]}, "needs a column emotion or the FER\\+ vote columns"),
        ({"image": [b"x"], "emotion": [9]}, "values must be 0 to 6"),
        ({"image": [b"broken"], "emotion": [1]}, "no picture in it can be read"),
        ({"image": pa.array([], pa.binary()), "emotion": []}, "holds no picture"),
        ({"image": "drawn", "emotion": pa.array([None], pa.int64())}, "no picture has a label"),
    ],
)
def test_bad_data_are_one_clear_line(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    if isinstance(columns.get("image"), str):
        columns = {**columns, "image": [encode_png(draw_faces(1, seed=0)[0])]}
    if columns.get("emotion") == []:
        columns = {**columns, "emotion": pa.array([], pa.int64())}
    pq.write_table(pa.table(columns), tmp_path / "valid.parquet")
    with pytest.raises(DataError, match=message) as caught:
        run_evaluate(EvaluateRequest(tmp_path, find_model_dir()), lambda line: None)
    assert "\n" not in str(caught.value)


def test_an_empty_folder_and_a_file_for_a_report_end_with_one_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert run_command(["evaluate", str(tmp_path / "empty")]) == 2
    assert "no valid data; needs valid.parquet" in capsys.readouterr().err
    taken = tmp_path / "taken"
    taken.write_text("")
    assert run_command(["evaluate", str(data), "--report", str(taken / "below")]) == 2
    error = capsys.readouterr().err
    assert "cannot be written" in error
    assert error.count("\n") == 1


def test_the_job_loads_neither_tensorflow_nor_matplotlib_nor_beam() -> None:
    loaded = "print(*{name.partition('.')[0] for name in sys.modules})"
    code = f"import sys, ferbeam.training.evaluate; {loaded}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"tensorflow", "keras", "matplotlib", "apache_beam"}
