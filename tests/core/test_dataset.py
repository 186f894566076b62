"""Training data: three formats, one order of emotions, and what bad data are answered."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from fer_core.emotions import NAMES
from fer_core.errors import DataError
from fer_core.learn.dataset import OTHER_VOTE_COLUMNS, VOTE_COLUMNS, read_data
from fer_core.learn.kaggle import FERPLUS_CSV_COLUMNS
from fer_core.learn.reading import FER2013_TO_FERBEAM

KAGGLE_NAMES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def crop_of(grey: int) -> NDArray[np.uint8]:
    crop = np.full((48, 48), grey, np.uint8)
    crop[10:20] = 255 - grey
    return crop


def png(crop: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".png", crop)[1])


def huge_png() -> bytes:
    """A picture that claims 100,000 x 100,000 pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk


def write_kaggle(folder: Path, usages: list[str], labels: list[int] | None = None) -> None:
    """Writes `fer2013.csv` whose i-th row has Kaggle's label i and a crop of grey 10 i."""
    lines = ["emotion,pixels,Usage"]
    for row, (label, usage) in enumerate(zip(labels or range(7), usages, strict=False)):
        pixels = " ".join(str(value) for value in crop_of(10 * (row % 7)).ravel())
        lines.append(f"{label},{pixels},{usage}")
    (folder / "fer2013.csv").write_text("\n".join(lines) + "\n")


def write_votes(folder: Path, rows: list[dict[str, int]]) -> None:
    lines = [",".join(("Usage", "Image name", *FERPLUS_CSV_COLUMNS))]
    for row in rows:
        votes = [str(row.get(name, 0)) for name in FERPLUS_CSV_COLUMNS]
        lines.append(",".join(["Training", "fer.png", *votes]))
    (folder / "fer2013new.csv").write_text("\n".join(lines) + "\n")


def write_parquet(folder: Path, columns: dict[str, list[Any]]) -> None:
    pq.write_table(pa.table(columns), folder / "train.parquet")


def test_reading_data_needs_no_tensorflow() -> None:
    code = (
        "import sys, fer_core.learn.dataset, fer_core.learn.measuring, fer_core.learn.settings;"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'apache_beam')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_kaggle_labels_are_converted_to_our_order(tmp_path: Path) -> None:
    write_kaggle(tmp_path, ["Training"] * 7)
    faces = read_data(tmp_path, "train")
    assert [NAMES[label] for label in faces.labels] == list(KAGGLE_NAMES)
    np.testing.assert_array_equal(faces.crops[3], crop_of(30))
    assert not faces.votes.any()


def test_the_parts_of_kaggle_are_told_apart_and_votes_follow_by_row(tmp_path: Path) -> None:
    write_kaggle(tmp_path, ["Training", "PublicTest", "PrivateTest", "Training"])
    write_votes(tmp_path, [{"anger": 9}, {"sadness": 8, "NF": 2}, {"fear": 5}, {"surprise": 7}])
    train, valid = read_data(tmp_path, "train"), read_data(tmp_path, "valid")
    assert [NAMES[vote.argmax()] for vote in train.votes] == ["angry", "surprise"]
    assert valid.votes.tolist() == [[0, 0, 0, 0, 0, 8, 0, 0, 0, 2]]
    np.testing.assert_array_equal(valid.crops[0], crop_of(10))


def test_a_folder_per_emotion(tmp_path: Path) -> None:
    for index, name in enumerate(NAMES):
        folder = tmp_path / "train" / name
        folder.mkdir(parents=True)
        big = cv2.resize(crop_of(index), (96, 96), interpolation=cv2.INTER_NEAREST)
        (folder / "face.png").write_bytes(png(np.asarray(big, np.uint8)))
    (tmp_path / "train" / "fear" / "notes.txt").write_text("not a picture")
    (tmp_path / "train" / "happy" / "more").mkdir()
    (tmp_path / "train" / "happy" / "more" / "face.png").write_bytes(png(crop_of(9)))
    (tmp_path / "train" / "sad" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    faces = read_data(tmp_path, "train")
    assert faces.labels.tolist() == [0, 1, 2, 3, 3, 4, 5, 6]
    assert faces.skipped == (
        "fear/notes.txt: cannot be read as a picture",
        "sad/gone.png: cannot be read as a picture",
    )
    assert faces.crops[6][0, 0] == 5


def test_parquet_with_labels_and_votes(tmp_path: Path) -> None:
    votes = {f"votes_{name}": [0, 1] for name in ("anger", "disgust", "happiness", "neutral")}
    votes |= {f"votes_{name}": [2, 0] for name in ("sadness", "surprise", "contempt", "unknown")}
    votes |= {"votes_fear": [0, 6], "votes_not_a_face": [0, 0]}
    images = [png(crop_of(1)), png(crop_of(2))]
    write_parquet(tmp_path, {"image": images, "emotion": [None, 4], **votes})
    faces = read_data(tmp_path, "train")
    assert faces.labels.tolist() == [-1, 4]
    assert faces.votes[1].tolist() == [1, 1, 6, 1, 1, 0, 0, 0, 0, 0]
    np.testing.assert_array_equal(faces.crops[1], crop_of(2))


def test_unreadable_pictures_are_skipped_and_named(tmp_path: Path) -> None:
    images = [png(crop_of(1)), b"broken", None, huge_png(), png(crop_of(2))]
    write_parquet(tmp_path, {"image": images, "emotion": [0, 1, 2, 3, 4]})
    faces = read_data(tmp_path, "train")
    assert faces.labels.tolist() == [0, 4]
    assert [line.split(":")[0] for line in faces.skipped] == [
        f"train.parquet row {row}" for row in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"emotion": [0]}, "columns missing: image"),
        ({"image": [b""]}, "needs a column emotion or the FER\\+ vote columns"),
        ({"image": [b""], "emotion": [7]}, "values must be 0 to 6"),
        ({"image": [b""], "emotion": ["happy"]}, "values must be whole numbers"),
        ({"image": [b""], "votes_fear": [1]}, "columns missing: votes_anger, votes_disgust"),
        ({"image": [b""], "emotion": [[1]]}, "values must be whole numbers"),
        ({"image": ["face.png"], "emotion": [1]}, "column image: is string, needs the bytes of"),
        ({"image": [{"bytes": b"", "path": "a"}], "emotion": [1]}, "column image: is struct<"),
        ({"image": [b"x"], "emotion": [1]}, "no picture in it can be read"),
    ],
    ids=["image", "labels", "range", "text", "votes", "list", "path", "struct", "unreadable"],
)
def test_bad_parquet_is_one_clear_line(
    tmp_path: Path, columns: dict[str, list[Any]], message: str
) -> None:
    write_parquet(tmp_path, columns)
    with pytest.raises(DataError, match=message) as raised:
        read_data(tmp_path, "train")
    assert "\n" not in str(raised.value)


def test_labels_in_the_order_of_kaggle_are_refused(tmp_path: Path) -> None:
    emotions = [0, 3, 4, 5, 6] * 20
    columns: dict[str, list[Any]] = {name: [0] * 100 for name in OTHER_VOTE_COLUMNS}
    for index, name in enumerate(VOTE_COLUMNS):
        columns[name] = [10 * (emotion == index) for emotion in emotions]
    columns["image"] = [png(crop_of(1))] * 100
    write_parquet(tmp_path, {**columns, "emotion": emotions})
    assert read_data(tmp_path, "train").labels.tolist() == emotions
    kaggle = [FER2013_TO_FERBEAM.index(emotion) for emotion in emotions]
    write_parquet(tmp_path, {**columns, "emotion": kaggle})
    with pytest.raises(DataError, match="40% agree with the votes, but 100% in the order of"):
        read_data(tmp_path, "train")


def test_a_csv_in_our_order_is_refused(tmp_path: Path) -> None:
    """Kaggle numbers 4 sad, 5 surprise and 6 neutral."""
    kaggle = list(range(7)) * 10
    names = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
    write_votes(tmp_path, [{names[label]: 9} for label in kaggle])
    write_kaggle(tmp_path, ["Training"] * 70, kaggle)
    assert read_data(tmp_path, "train").labels.tolist() == [0, 1, 2, 3, 5, 6, 4] * 10
    ours = [FER2013_TO_FERBEAM[label] for label in kaggle]
    write_kaggle(tmp_path, ["Training"] * 70, ours)
    with pytest.raises(DataError, match="57% agree with the votes, but 100% in ferbeam's order; "):
        read_data(tmp_path, "train")


def test_bad_csv_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "fer2013.csv").write_text("emotion,pixels\n0,1 2 3\n")
    with pytest.raises(DataError, match="columns missing: Usage"):
        read_data(tmp_path, "train")
    (tmp_path / "fer2013.csv").write_text(
        f"emotion,pixels,Usage\n0,1 2 x,Training\n0,{10**30},Training\n"
    )
    with pytest.raises(DataError, match="no picture in it can be read"):
        read_data(tmp_path, "train")
    write_kaggle(tmp_path, ["Training", "Training"])
    write_votes(tmp_path, [{"anger": 9}])
    with pytest.raises(DataError, match=r"has 1 rows, fer2013\.csv has 2"):
        read_data(tmp_path, "train")


def test_data_in_no_known_form(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no train data; needs train\.parquet"):
        read_data(tmp_path, "train")
    (tmp_path / "train.parquet").write_bytes(b"no parquet")
    with pytest.raises(DataError, match="cannot be read as a table"):
        read_data(tmp_path, "train")
    (tmp_path / "train.parquet").unlink()
    (tmp_path / "train" / "angry").mkdir(parents=True)
    with pytest.raises(DataError, match="no picture for 'angry'"):
        read_data(tmp_path, "train")
