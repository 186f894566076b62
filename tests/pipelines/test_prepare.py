"""Folders of labelled pictures become the faces that training reads; nothing disappears."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from fer_core.detect_faces import SampledFrame, detect_faces
from fer_core.detection.detector import load_detector
from fer_core.detection.detector_settings import DEFAULT, HAAR
from fer_core.emotions import NAMES
from fer_core.errors import SettingsError
from fer_core.learn.dataset import read_data
from fer_core.learn.labelled_faces import LABELLED, LabelledFace
from fer_core.pictures import read_coloured
from ferbeam.analysis.elements import Medium
from ferbeam.cli import main
from ferbeam.output.folder import Folder
from ferbeam.settings import PrepareSettings
from ferbeam.training.data_folder import begin_data, claim_data, end_data
from ferbeam.training.prepare_pipeline import PrepareFaces
from tests.pipelines.jobs import SAMPLES, ferbeam
from tests.pipelines.labelled import fill

PICTURES = SAMPLES / "pictures"


def skipped_in(data: Path) -> dict[str, str]:
    """Reads which pictures were left out, and why."""
    with (data / "skipped.csv").open(encoding="utf-8", newline="") as file:
        return {row["media"]: row["reason"] for row in csv.DictReader(file)}


def crops_in(table: pa.Table) -> list[NDArray[np.uint8]]:
    """Decodes the crops of a part as they are stored."""
    images = [np.frombuffer(image, np.uint8) for image in table["image"].to_pylist()]
    return [np.asarray(cv2.imdecode(image, cv2.IMREAD_UNCHANGED)) for image in images]


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """INPUT in parts with everything that can go wrong, its DATA, and what was printed."""
    source, data = tmp_path_factory.mktemp("parted"), tmp_path_factory.mktemp("out") / "data"
    for part in ("train", "valid"):
        fill(source / part)
    (source / "test/happy").mkdir(parents=True)
    shutil.copy(PICTURES / "happy.jpg", source / "test/happy")
    shutil.copy(PICTURES / "rotated.jpg", source / "train/sad")
    shutil.copy(PICTURES / "visage étonné.jpg", source / "train/surprise")
    shutil.copy(PICTURES / "group.png", source / "train/happy")
    shutil.copy(PICTURES / "no_face.jpg", source / "train/neutral")
    shutil.copy(SAMPLES / "videos/broken.mp4", source / "train/neutral")
    (source / "valid/fear/cut.jpg").write_bytes((PICTURES / "happy.jpg").read_bytes()[:5000])
    (source / "valid/fear/notes.txt").write_text("not about a face")
    (source / "README.txt").write_text("about the pictures")
    (source / "train/contempt").mkdir()
    shutil.copy(PICTURES / "happy.jpg", source / "train/contempt")
    done = ferbeam("prepare", source, data, "--workers", "1")
    assert done.returncode == 3, done.stdout + done.stderr
    return source, data, done.stdout


def test_what_is_left_out_is_listed_with_its_reason(parted: tuple[Path, Path, str]) -> None:
    assert skipped_in(parted[1]) == {
        "train/contempt/happy.jpg": "no_emotion",
        "train/neutral/broken.mp4": "no_picture",
        "train/neutral/no_face.jpg": "no_face",
        "valid/fear/cut.jpg": "unreadable",
        "valid/fear/notes.txt": "no_picture",
    }


def test_everything_else_is_used_once_in_order_under_its_emotion(
    parted: tuple[Path, Path, str],
) -> None:
    source, data, _ = parted
    wanted = {
        path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()
    } - {*skipped_in(data), "README.txt"}
    found = []
    for part in ("train", "valid", "test"):
        table = pq.read_table(data / f"{part}.parquet")
        assert table.schema.equals(LABELLED)
        media = table["media"].to_pylist()
        assert media == sorted(media)
        for name, emotion in zip(media, table["emotion"].to_pylist(), strict=True):
            assert name.split("/")[:2] == [part, NAMES[emotion]]
        found.extend(media)
    assert sorted(found) == sorted(wanted)
    assert {path.name for path in data.iterdir()} == {
        *(".ferbeam", "train.parquet", "valid.parquet", "test.parquet", "skipped.csv")
    }


def test_crops_are_those_of_the_analysis_and_the_largest_face_is_taken(
    parted: tuple[Path, Path, str],
) -> None:
    source, data, _ = parted
    table = pq.read_table(data / "train.parquet")
    detector = load_detector(DEFAULT, for_pictures=True)
    faces = dict.fromkeys(table["media"].to_pylist(), 0)
    for row, crop in zip(table.to_pylist(), crops_in(table), strict=True):
        grey, colour = read_coloured(source / row["media"])
        frame = SampledFrame(row["media"], 0, 0, grey, colour=colour)
        found = detect_faces([frame], detector)
        areas = [face["box_width"] * face["box_height"] for face in found.faces]  # type: ignore[operator]
        best = int(np.argmax(areas))
        assert crop.dtype == np.uint8
        np.testing.assert_array_equal(crop, found.crops[best])
        for side in ("x", "y", "width", "height"):
            assert row[f"box_{side}"] == found.faces[best][f"box_{side}"]
        faces[row["media"]] = len(areas)
    assert faces["train/happy/group.png"] == 3
    assert faces["train/sad/rotated.jpg"] == 1


def test_training_reads_the_result(parted: tuple[Path, Path, str]) -> None:
    data = parted[1]
    for part, count in (("train", 10), ("valid", 7), ("test", 1)):
        faces = read_data(data, part)
        table = pq.read_table(data / f"{part}.parquet")
        assert len(faces) == count
        assert not faces.skipped
        assert not faces.votes.any()
        assert faces.labels.tolist() == table["emotion"].to_pylist()
        np.testing.assert_array_equal(faces.crops, np.stack(crops_in(table)))
        assert faces.known_sizes().tolist() == table["box_width"].to_pylist()


def test_the_counts_are_shown(parted: tuple[Path, Path, str]) -> None:
    rows = {line.split()[0]: line.split()[1:] for line in parted[2].splitlines() if line.strip()}
    assert " ".join(rows["emotion"]) == "train valid test no face unreadable no picture no emotion"
    assert rows["fear"] == ["1", "1", "0", "0", "1", "1", "0"]
    assert rows["neutral"] == ["1", "1", "0", "1", "0", "1", "0"]
    assert rows["all"] == ["10", "7", "1", "1", "1", "2", "1"]


def test_the_split_follows_from_the_pictures_alone(tmp_path: Path) -> None:
    source, first, second = tmp_path / "in", tmp_path / "one", tmp_path / "two"
    fill(source, copies=5)
    for path in list(source.rglob("*.png")):
        shutil.copy(path, path.with_name(f"again-{path.name}"))
    shutil.copy(PICTURES / "no_face.jpg", source / "sad")
    for data, workers in ((first, "1"), (second, "2")):
        done = ferbeam("prepare", source, data, "--workers", workers, "--valid-share", "0.3")
        assert done.returncode == 0, done.stdout + done.stderr
    parts = {}
    for part in ("train", "valid"):
        assert (first / f"{part}.parquet").read_bytes() == (second / f"{part}.parquet").read_bytes()
        parts[part] = pq.read_table(first / f"{part}.parquet")
    held = {part: {crop.tobytes() for crop in crops_in(parts[part])} for part in parts}
    assert not held["train"] & held["valid"]
    assert sum(table.num_rows for table in parts.values()) == 70
    assert 8 <= parts["valid"].num_rows <= 34
    assert skipped_in(first) == {"sad/no_face.jpg": "no_face"}


def test_without_a_valid_folder_some_training_pictures_become_it(tmp_path: Path) -> None:
    fill(tmp_path / "train", copies=3)
    settings = PrepareSettings(str(tmp_path), "memory://", True, 0.5, HAAR, None, "run")
    step = PrepareFaces(settings)
    step.setup()
    paths = sorted(tmp_path.rglob("*.png"))
    media = [
        Medium(path.relative_to(tmp_path).as_posix(), str(path), "image", 1, 1) for path in paths
    ]
    parts = {face.part for face in step.process(tuple(media)) if isinstance(face, LabelledFace)}
    assert parts == {"train", "valid"}


def refused(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    """Runs `ferbeam prepare` in process; returns its exit code and its one line of error."""
    with pytest.raises(SystemExit) as ended:
        main(["prepare", *map(str, arguments)])
    line = capsys.readouterr().err
    assert line.count("\n") == 1, line
    assert isinstance(ended.value.code, int)
    return ended.value.code, line


def test_folders_that_cannot_be_trained_on_are_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, data = tmp_path / "in", tmp_path / "data"
    assert refused(capsys, source, data)[0] == 2
    shutil.copytree(PICTURES, source)
    code, line = refused(capsys, source, data)
    assert code == 2
    assert "angry, disgust, fear" in line
    fill(source / "train")
    shutil.rmtree(source / "train/fear")
    code, line = refused(capsys, source, data)
    assert code == 2
    assert "no picture of fear" in line
    assert f"{source}/train/fear/" in line
    fill(source)
    code, line = refused(capsys, source, data)
    assert code == 2
    assert "two layouts" in line
    assert not data.exists()


def test_data_that_a_kill_left_half_written_are_no_data(tmp_path: Path) -> None:
    data = Folder(str(tmp_path / "data"))
    claim_data(data, False)
    begin_data(data)
    data.write(data.path("train.parquet"), b"")
    claim_data(data, False)
    assert list(data.list_files()) == [*data.list_files(".ferbeam")]
    begin_data(data)
    data.write(data.path("train.parquet"), b"")
    end_data(data)
    with pytest.raises(SettingsError, match=r"holds train\.parquet already"):
        claim_data(data, False)


def write_older(data: Path) -> None:
    """Writes what a version of ferbeam that made no mark would have left in DATA."""
    for name in ("train.parquet", "test.parquet"):
        pq.write_table(LABELLED.empty_table(), data / name)


def test_data_that_is_there_is_kept_without_overwrite(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, data = tmp_path / "in", tmp_path / "data"
    fill(source)
    data.mkdir()
    (data / "train.parquet").write_bytes(b"mine")
    for options in ((), ("--overwrite",)):
        code, line = refused(capsys, source, data, *options)
        assert code == 2
        assert "holds train.parquet, and no mark says that ferbeam wrote it" in line
    assert [path.read_bytes() for path in data.iterdir()] == [b"mine"]
    write_older(data)
    held = {path.name: path.read_bytes() for path in data.iterdir()}
    code, line = refused(capsys, source, data)
    assert code == 2
    assert "holds train.parquet already" in line
    assert "--overwrite" in line
    assert {path.name: path.read_bytes() for path in data.iterdir()} == held
    assert "inside INPUT" in refused(capsys, source, source / "data")[1]


def test_pictures_without_faces_end_with_one_line_and_the_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, data = tmp_path / "in", tmp_path / "data"
    for name in NAMES:
        (source / name).mkdir(parents=True)
        shutil.copy(PICTURES / "no_face.jpg", source / name)
    data.mkdir()
    write_older(data)
    (data / "notes.txt").write_bytes(b"mine")
    code, line = refused(capsys, source, data, "--workers", "1", "--overwrite")
    assert code == 2
    assert "no picture can be used" in line
    assert "--cropped" in line
    names = sorted(path.name for path in data.iterdir())
    assert names == [".ferbeam", "notes.txt", "skipped.csv"]
    assert set(skipped_in(data).values()) == {"no_face"}
