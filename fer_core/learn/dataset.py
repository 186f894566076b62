"""Labelled faces from the formats people have, in ferbeam's order of emotions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE
from fer_core.emotions import EMOTIONS, NAMES
from fer_core.errors import DataError
from fer_core.learn.labels import LabelledFaces, majority_labels

VOTE_COLUMNS = (
    "votes_anger",
    "votes_disgust",
    "votes_fear",
    "votes_happiness",
    "votes_neutral",
    "votes_sadness",
    "votes_surprise",
)
"""FER+ vote columns in ferbeam's order of emotions."""
OTHER_VOTE_COLUMNS = ("votes_contempt", "votes_unknown", "votes_not_a_face")
FERPLUS_CSV_COLUMNS = (
    "anger",
    "disgust",
    "fear",
    "happiness",
    "neutral",
    "sadness",
    "surprise",
    "contempt",
    "unknown",
    "NF",
)
USAGES = {"train": "Training", "valid": "PublicTest", "test": "PrivateTest"}
"""What fer2013.csv calls each part."""
FER2013_TO_FERBEAM = (0, 1, 2, 3, 5, 6, 4)
"""The label order of fer2013.csv (4 sad, 5 surprise, 6 neutral), as ferbeam's indices."""
ENOUGH_TO_TELL = 50
"""Labels with a majority of votes beside them from which a wrong order can be told."""


def _decode_crop(data: bytes | None) -> NDArray[np.uint8] | None:
    """Decodes a picture to a grey crop, or None where OpenCV cannot."""
    if not data:
        return None
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if image is None:
        return None
    if image.shape != (CROP_SIZE, CROP_SIZE):
        image = cv2.resize(image, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_AREA)
    return np.asarray(image, np.uint8)


def _collect(
    crops: list[NDArray[np.uint8] | None],
    names: list[str],
    labels: NDArray[np.int64],
    votes: NDArray[np.float32],
) -> LabelledFaces:
    """Joins what was read, leaving out and naming what was not."""
    keep = np.array([crop is not None for crop in crops], bool)
    skipped = tuple(
        f"{name}: cannot be read as a picture"
        for name, ok in zip(names, keep, strict=True)
        if not ok
    )
    good = [crop for crop in crops if crop is not None]
    if not crops:
        raise DataError("data: holds no picture; it needs at least one")
    if not good:
        raise DataError("data: no picture in it can be read")
    return LabelledFaces(np.stack(good), labels[keep], votes[keep], skipped)


def _read_table(read: Callable[[Path], pa.Table], path: Path) -> pa.Table:
    """Reads a table file, or says that it is none."""
    try:
        return read(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path.name}: cannot be read as a table ({error})") from error


def _whole_numbers(table: pa.Table, name: str, path: Path) -> NDArray[np.int64]:
    """Returns a column as int64 (n,), -1 where it is null."""
    try:
        return np.asarray(table[name].cast(pa.int64()).fill_null(-1), np.int64)
    except pa.ArrowInvalid as error:
        raise DataError(f"{path.name}: column {name}: values must be whole numbers") from error


def _read_votes(table: pa.Table, columns: tuple[str, ...], path: Path) -> NDArray[np.float32]:
    """Returns vote columns as float32 (n, columns)."""
    votes = np.stack([_whole_numbers(table, name, path) for name in columns], axis=1)
    return np.maximum(votes, 0).astype(np.float32)


def _require_columns(found: list[str], needed: tuple[str, ...], where: Path) -> None:
    missing = [name for name in needed if name not in found]
    if missing:
        raise DataError(f"{where.name}: columns missing: {', '.join(missing)}")


def read_parquet(path: Path) -> LabelledFaces:
    """Reads a Parquet file with `image` (encoded picture), `emotion`, and FER+ votes if any.

    `box_width`, where it is there, is the width in pixels of the box that the picture was cut from.

    Raises:
        DataError: `image` or both kinds of label are missing, or a label is out of range or, as the
            votes tell, in the order of fer2013.csv.
    """
    table = _read_table(pq.read_table, path)
    _require_columns(table.column_names, ("image",), path)
    count = table.num_rows
    labels = np.full(count, -1, np.int64)
    if "emotion" in table.column_names:
        labels = _whole_numbers(table, "emotion", path)
    if ((labels < -1) | (labels >= len(EMOTIONS))).any():
        raise DataError(f"{path.name}: column emotion: values must be 0 to 6 or null")
    votes = np.zeros((count, 10), np.float32)
    vote_columns = VOTE_COLUMNS + OTHER_VOTE_COLUMNS
    if any(name in table.column_names for name in vote_columns):
        _require_columns(table.column_names, vote_columns, path)
        votes = _read_votes(table, vote_columns, path)
    elif "emotion" not in table.column_names:
        raise DataError(f"{path.name}: needs a column emotion or the FER+ vote columns")
    crops = [_decode_crop(data) for data in table["image"].to_pylist()]
    faces = _collect(crops, [f"{path.name} row {i}" for i in range(count)], labels, votes)
    _check_label_order(faces, path)
    if "box_width" not in table.column_names:
        return faces
    widths = _whole_numbers(table, "box_width", path)[[crop is not None for crop in crops]]
    return replace(faces, sizes=np.where(widths > 0, widths, np.nan))


def _check_label_order(faces: LabelledFaces, path: Path) -> None:
    """Refuses labels that fit the votes only when read in the order of fer2013.csv."""
    majority = majority_labels(faces.votes)
    known = (majority >= 0) & (faces.labels >= 0)
    if known.sum() < ENOUGH_TO_TELL:
        return
    labels, majority = faces.labels[known], majority[known]
    ours = float((labels == majority).mean())
    theirs = float((np.array(FER2013_TO_FERBEAM)[labels] == majority).mean())
    if theirs > ours:
        raise DataError(
            f"{path.name}: column emotion: {ours:.0%} agree with the votes, but {theirs:.0%} in "
            "the order of fer2013.csv; number them 4 neutral, 5 sad, 6 surprise"
        )


def read_fer2013_csv(path: Path, usage: str) -> LabelledFaces:
    """Reads the rows of one usage of Kaggle's `fer2013.csv`, in its own label order.

    FER+ votes are taken from `fer2013new.csv` beside it, row by row.

    Args:
        path: the CSV with the columns emotion, pixels, Usage.
        usage: `Training`, `PublicTest` or `PrivateTest`.

    Raises:
        DataError: a column is missing, a label or the pixels do not fit, or the files differ.
    """
    table = _read_table(pa.csv.read_csv, path)
    _require_columns(table.column_names, ("emotion", "pixels", "Usage"), path)
    raw = _whole_numbers(table, "emotion", path)
    if ((raw < 0) | (raw >= len(EMOTIONS))).any():
        raise DataError(f"{path.name}: column emotion: values must be 0 to 6")
    votes = _read_ferplus_csv(path.with_name("fer2013new.csv"), table.num_rows)
    rows = np.flatnonzero(np.array(table["Usage"].to_pylist()) == usage)
    labels = np.array(FER2013_TO_FERBEAM, np.int64)[raw[rows]]
    crops = [_parse_pixels(text) for text in table["pixels"].take(pa.array(rows)).to_pylist()]
    return _collect(crops, [f"{path.name} row {row}" for row in rows], labels, votes[rows])


def _parse_pixels(text: str | None) -> NDArray[np.uint8] | None:
    """Reads 48 x 48 grey values, 0-255, from text; None where they do not fit."""
    try:
        values = np.array(str(text).split(), np.int64)
    except ValueError:
        return None
    if len(values) != CROP_SIZE**2 or values.min() < 0 or values.max() > 255:
        return None
    return values.astype(np.uint8).reshape(CROP_SIZE, CROP_SIZE)


def _read_ferplus_csv(path: Path, rows: int) -> NDArray[np.float32]:
    """Reads FER+ votes for all rows, zeros where the file does not exist."""
    if not path.exists():
        return np.zeros((rows, 10), np.float32)
    table = _read_table(pa.csv.read_csv, path)
    _require_columns(table.column_names, FERPLUS_CSV_COLUMNS, path)
    if table.num_rows != rows:
        raise DataError(f"{path.name}: has {table.num_rows} rows, fer2013.csv has {rows}")
    return _read_votes(table, FERPLUS_CSV_COLUMNS, path)


def read_folders(path: Path) -> LabelledFaces:
    """Reads a folder per emotion (`angry/`, `disgust/`, ...), each holding pictures.

    Raises:
        DataError: no folder is named after an emotion, or an emotion has no picture.
    """
    crops: list[NDArray[np.uint8] | None] = []
    names: list[str] = []
    labels: list[int] = []
    for index, name in enumerate(NAMES):
        files = sorted(f for f in (path / name).glob("*") if f.is_file())
        if not files:
            raise DataError(
                f"{path / name}: no picture for '{name}'; one folder per emotion needed"
            )
        for file in files:
            crops.append(_decode_crop(file.read_bytes()))
            names.append(f"{name}/{file.name}")
            labels.append(index)
    votes = np.zeros((len(crops), 10), np.float32)
    return _collect(crops, names, np.array(labels, np.int64), votes)


def read_data(path: Path, part: str) -> LabelledFaces:
    """Reads the `train`, `valid` or `test` part of DATA, whatever its format.

    DATA is a folder with `train.parquet` and `valid.parquet`, or with `fer2013.csv` (and
    `fer2013new.csv`), or with `train/` and `valid/` holding a folder per emotion.

    Raises:
        DataError: none of these is there, or what is there does not fit.
    """
    if (path / f"{part}.parquet").exists():
        return read_parquet(path / f"{part}.parquet")
    if (path / "fer2013.csv").exists():
        usage = USAGES[part]
        return read_fer2013_csv(path / "fer2013.csv", usage)
    if (path / part).is_dir():
        return read_folders(path / part)
    raise DataError(
        f"{path}: no {part} data; needs {part}.parquet, fer2013.csv, or {part}/<emotion>/ folders"
    )
