"""Training data: three formats, one order of emotions, and what bad data are answered."""

from __future__ import annotations

import subprocess
import sys
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
from fer_core.learn.dataset import (
    FER2013_TO_FERBEAM,
    FERPLUS_CSV_COLUMNS,
    OTHER_VOTE_COLUMNS,
    VOTE_COLUMNS,
    read_data,
)
from fer_core.learn.evaluation import copies_of, evaluate_scores
from fer_core.learn.labels import LabelledFaces, majority_labels, repeat_rare, training_targets

KAGGLE_NAMES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def crop_of(grey: int) -> NDArray[np.uint8]:
    crop = np.full((48, 48), grey, np.uint8)
    crop[10:20] = 255 - grey
    return crop


def png(crop: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".png", crop)[1])


def write_kaggle(folder: Path, usages: list[str]) -> None:
    """Writes `fer2013.csv` whose i-th row has Kaggle's label i and a crop of grey 10 i."""
    lines = ["emotion,pixels,Usage"]
    for label, usage in enumerate(usages):
        pixels = " ".join(str(value) for value in crop_of(10 * label).ravel())
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


def faces_with(votes: list[list[int]]) -> LabelledFaces:
    count = len(votes)
    crops = np.zeros((count, 48, 48), np.uint8)
    return LabelledFaces(crops, np.full(count, -1, np.int64), np.array(votes, np.float32))


def test_reading_data_needs_no_tensorflow() -> None:
    code = (
        "import sys, fer_core.learn.dataset, fer_core.learn.evaluation, fer_core.learn.settings;"
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
    faces = read_data(tmp_path, "train")
    assert faces.labels.tolist() == list(range(7))
    assert faces.skipped == ("fear/notes.txt: cannot be read as a picture",)
    assert faces.crops[5][0, 0] == 5


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
    images = [png(crop_of(1)), b"broken", None, png(crop_of(2))]
    write_parquet(tmp_path, {"image": images, "emotion": [0, 1, 2, 3]})
    faces = read_data(tmp_path, "train")
    assert faces.labels.tolist() == [0, 3]
    assert [line.split(":")[0] for line in faces.skipped] == [
        "train.parquet row 1",
        "train.parquet row 2",
    ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"emotion": [0]}, "columns missing: image"),
        ({"image": [b""]}, "needs a column emotion or the FER\\+ vote columns"),
        ({"image": [b""], "emotion": [7]}, "values must be 0 to 6"),
        ({"image": [b""], "emotion": ["happy"]}, "values must be whole numbers"),
        ({"image": [b""], "votes_fear": [1]}, "columns missing: votes_anger, votes_disgust"),
        ({"image": [b"x"], "emotion": [1]}, "no picture in it can be read"),
    ],
    ids=["image", "labels", "range", "text", "votes", "unreadable"],
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


def test_bad_csv_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "fer2013.csv").write_text("emotion,pixels\n0,1 2 3\n")
    with pytest.raises(DataError, match="columns missing: Usage"):
        read_data(tmp_path, "train")
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n0,1 2 x,Training\n")
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


def test_majority_drops_single_votes_and_counts_the_other_answers() -> None:
    votes = [
        [0, 0, 0, 6, 4, 0, 0, 0, 0, 0],  # six of ten
        [0, 0, 0, 5, 5, 0, 0, 0, 0, 0],  # a tie
        [1, 1, 1, 4, 0, 1, 1, 0, 1, 0],  # four of four, once single votes are gone
        [0, 0, 0, 4, 0, 0, 0, 6, 0, 0],  # most say contempt
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ]
    assert majority_labels(np.array(votes, np.float32)).tolist() == [3, -1, 3, -1, -1]


def test_targets_are_shares_of_votes_or_labels() -> None:
    faces = faces_with([[0, 0, 0, 6, 2, 1, 0, 0, 0, 0], [0, 0, 0, 2, 0, 0, 0, 0, 0, 8]])
    assert training_targets(faces, "ferplus").tolist() == [[0, 0, 0, 0.75, 0.25, 0, 0], [0] * 7]
    labelled = LabelledFaces(faces.crops, np.array([2, -1]), faces.votes)
    assert training_targets(labelled, "fer2013").tolist() == [[0, 0, 1, 0, 0, 0, 0], [0] * 7]
    with pytest.raises(DataError, match="'affectnet' is unknown, use one of ferplus, fer2013"):
        training_targets(faces, "affectnet")


def test_pictures_of_rare_emotions_are_shown_more_often() -> None:
    """100 pictures of six emotions, 4 of the seventh: 0.05 / 0.0066 is 2.75 squared."""
    targets = np.repeat(np.eye(7, dtype=np.float32), [4, *[100] * 6], axis=0)
    rows = repeat_rare(targets, 0.05, seed=0)
    times = np.bincount(rows)
    assert set(times[4:]) == {1}
    assert set(times[:4]) <= {2, 3}
    assert rows.tolist() == sorted(rows)
    counts = [len(repeat_rare(targets, 0.05, seed)) - 600 for seed in range(200)]
    assert np.mean(counts) == pytest.approx(4 * 2.75, rel=0.05)
    assert len(repeat_rare(targets, 0, seed=0)) == 604


def test_figures_of_a_small_example() -> None:
    faces = faces_with([[9, 0, 0, 0, 0, 0, 0, 0, 0, 0]] * 2 + [[0, 0, 0, 8, 2, 0, 0, 0, 0, 0]] * 2)
    scores = np.full((4, 7), 0.05, np.float32)
    scores[[0, 1, 2, 3], [0, 3, 3, 3]] = 0.7
    figures = evaluate_scores(faces, scores)
    assert figures["ferplus"]["accuracy"] == 0.75
    assert figures["ferplus"]["emotions"]["happy"] == {
        "precision": 0.6667,
        "recall": 1.0,
        "f1": 0.8,
        "pictures": 2,
    }
    assert figures["ferplus"]["macro_f1"] == pytest.approx((2 / 3 + 0.8) / 7, abs=1e-4)
    assert figures["ferplus"]["confusion"][0][:4] == [1, 0, 0, 1]
    assert figures["fer2013"]["pictures"] == 0


def test_copies_are_found_by_their_pixels() -> None:
    faces = LabelledFaces(
        np.stack([crop_of(1), crop_of(2)]), np.zeros(2, np.int64), np.zeros((2, 10), np.float32)
    )
    assert copies_of(faces, faces.take(np.array([1]))).tolist() == [False, True]
