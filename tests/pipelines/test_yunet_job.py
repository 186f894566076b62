"""Whole jobs with YuNet; a file that does not fit costs one line before anything starts."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE
from fer_core.detection.detector_settings import HAAR, DetectorSettings
from fer_core.emotions import NAMES
from fer_core.faces import Box, crop_face
from fer_core.model import find_model_dir, load_classifier
from fer_core.pictures import read_coloured
from fer_core.prior import DEFAULT_PRIOR
from ferbeam.cli import main
from ferbeam.settings import AnalyzeSettings, RenderSettings, RowSettings
from tests.core.yunet_file import DARKEST, draw_eyes, write_yunet
from tests.pipelines.jobs import SAMPLES, analyze, ferbeam, frames_of

TILT, EYES, LIGHT = 24.0, 58.0, 240
Refuse = Callable[..., str]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_yunet(tmp_path_factory.mktemp("yunet") / "dots.onnx")


@pytest.fixture
def refuse(capfd: pytest.CaptureFixture[str]) -> Refuse:
    """Runs a command in process that must end with exit code 2 and one line, which it returns."""

    def run(*arguments: str | Path) -> str:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        printed = capfd.readouterr()
        assert ended.value.code == 2, printed
        assert printed.out == ""
        assert printed.err.count("\n") == 1, printed.err
        return printed.err

    return run


def draw_leaning(name: str, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Draws a dim composite face that leans clockwise, with the eyes of the small network."""
    face = read_coloured(SAMPLES / f"composites/{name}.png")[0]
    frame = np.full((size[1], size[0]), 30, np.uint8)
    top, left = (size[1] - face.shape[0]) // 2, (size[0] - face.shape[1]) // 2
    dim = face.astype(np.float32) * (0.9 * DARKEST / 255)
    frame[top : top + face.shape[0], left : left + face.shape[1]] = dim.astype(np.uint8)
    eyes = left + face.shape[1] / 2, top + 0.38 * face.shape[0]
    turn = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), -TILT, 1.0)
    frame = np.asarray(cv2.warpAffine(frame, turn, size, borderValue=30), np.uint8)
    x, y = turn @ np.array([*eyes, 1.0])
    draw_eyes(frame, (float(x), float(y)), EYES, TILT, LIGHT)
    return frame


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of several sizes, none a multiple of 32, and one without a face."""
    folder = tmp_path_factory.mktemp("leaning")
    for name, size in (("happy", (301, 290)), ("angry", (333, 407)), ("sad", (711, 500))):
        cv2.imwrite(str(folder / f"{name}.png"), draw_leaning(name, size))
    cv2.imwrite(str(folder / "empty.png"), np.full((99, 75), 30, np.uint8))
    return folder


@pytest.fixture(scope="module")
def finished(source: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("finished")
    options = ("--detector", "yunet", "--detector-model", str(model), "--workers", "2")
    run = analyze(source, output, *options)
    assert run["belongs_to"]["detector"] == "yunet"
    assert len(run["belongs_to"]["detector.model_sha256"]) == 64
    assert not [key for key in run["belongs_to"] if "path" in key]
    return output


def test_a_job_writes_scores_and_classifies_levelled_crops(source: Path, finished: Path) -> None:
    tables = frames_of(finished)
    faces = tables["faces"]
    assert faces.media.tolist() == ["angry.png", "happy.png", "sad.png"]
    assert tables["failures"].empty
    np.testing.assert_allclose(faces.detector_score, math.sqrt(LIGHT / 255), atol=0.01)
    classify = load_classifier(find_model_dir(), prior=DEFAULT_PRIOR)
    found = faces[[f"p_{name}" for name in NAMES]].to_numpy()
    boxes = faces[["box_x", "box_y", "box_width", "box_height"]].to_numpy().tolist()
    like, unlike = [], []
    np.testing.assert_allclose(faces.roll, TILT, atol=3)
    for media, box, roll, scores in zip(faces.media, boxes, faces.roll, found, strict=True):
        picture = read_coloured(source / media)[0]
        level, leaning = (
            abs(scores - classify(crop_face(picture, Box(*box), tilt)[np.newaxis])[0]).max()
            for tilt in (roll, 0.0)
        )
        assert level < 0.02
        assert leaning > 1.5 * level
        like.append(level)
        unlike.append(leaning)
    # One face may be so clear that a lean changes little; not all of them.
    assert np.mean(unlike) > 3 * np.mean(like)
    assert max(unlike) > 0.1


def test_another_detector_or_file_is_refused_for_the_same_output(
    source: Path, model: Path, finished: Path, tmp_path: Path, refuse: Refuse
) -> None:
    line = refuse("analyze", source, finished)
    assert line.count(" was ") == 1
    assert "detector.model_sha256 was" in line
    assert "detector was yunet, is haar." in refuse(
        "analyze", source, finished, "--detector", "haar"
    )
    other = tmp_path / "other.onnx"
    # An unknown field at the end changes the file and not the network.
    other.write_bytes(model.read_bytes() + b"\xfa\x3f\x01x")
    line = refuse("analyze", source, finished, "--detector", "yunet", "--detector-model", other)
    assert line.count(" was ") == 1
    assert "detector.model_sha256 was" in line


def test_the_same_file_in_another_place_goes_on(
    source: Path, model: Path, finished: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    shutil.copytree(finished, output)
    before = frames_of(output)["faces"]
    moved = shutil.copy(model, tmp_path / "moved.onnx")
    options = ("--detector", "yunet", "--detector-model", str(moved), "--workers", "1")
    analyze(source, output, *options)
    assert frames_of(output)["faces"].equals(before)


@pytest.mark.parametrize("command", ["analyze", "prepare"])
def test_options_and_files_that_do_not_fit_are_one_line(
    command: str, source: Path, model: Path, tmp_path: Path, refuse: Refuse
) -> None:
    text, output = tmp_path / "text.onnx", tmp_path / "out"
    text.write_text("this is no network\n" * 9)
    refused = {
        ("--detector", "haar", "--detector-model", model): "goes with --detector yunet",
        ("--detector", "yunet", "--detector-model", ""): "needs a FILE",
        ("--detector", "yunet", "--detector-model", tmp_path / "none"): "No such file",
        ("--detector", "yunet", "--detector-model", tmp_path): "is no file, an ONNX file is needed",
        ("--detector", "yunet", "--detector-model", text): "is no YuNet",
        ("--detector", "yunet", "--detector-model", source / "sad.png"): "is no YuNet",
    }
    for options, words in refused.items():
        assert words in refuse(command, source, output, *options)
    assert not output.exists()


def test_prepare_levels_its_crops_too(
    source: Path, model: Path, tmp_path: Path, refuse: Refuse
) -> None:
    pictures, data = tmp_path / "in", tmp_path / "data"
    for part in ("train", "valid"):
        for name in NAMES:
            (pictures / part / name).mkdir(parents=True)
            shutil.copy(source / "happy.png", pictures / part / name)
    options = ("--detector", "yunet", "--detector-model", model)
    assert "--cropped" in refuse("prepare", pictures, data, "--cropped", *options)
    done = ferbeam("prepare", pictures, data, "--workers", "1", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    row = pq.read_table(data / "valid.parquet").to_pylist()[0]
    box = Box(*(row[f"box_{side}"] for side in ("x", "y", "width", "height")))
    crop = np.asarray(cv2.imdecode(np.frombuffer(row["image"], np.uint8), cv2.IMREAD_GRAYSCALE))
    assert crop.shape == (CROP_SIZE, CROP_SIZE)
    wanted = crop_face(read_coloured(source / "happy.png")[0], box, TILT).astype(int)
    assert abs(crop - wanted).mean() < 2


@pytest.mark.parametrize(
    "detector", [replace(HAAR, redetect_ms=320), DetectorSettings(model_sha256="ab" * 32)]
)
def test_settings_come_back_as_they_were(detector: DetectorSettings) -> None:
    rows = RowSettings(Fraction(4), detector, "litert", "0" * 64, 1.0, "standardise_crops", 10**8)
    for render in (None, RenderSettings("cover", "fr", "/avatars", "cd" * 32, 20)):
        settings = AnalyzeSettings("in", "out", rows, 10.0, None, "/models/a.onnx", render, "run")
        assert AnalyzeSettings.from_dict(settings.to_dict()) == settings
    assert RowSettings.from_dict(asdict(rows)) == rows
    assert rows.flat()["detector"] == detector.kind
    assert rows.flat()["detector.redetect_ms"] == detector.redetect_ms
