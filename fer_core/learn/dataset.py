"""Labelled faces from the formats people have, in ferbeam's order of emotions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS, NAMES
from fer_core.errors import DataError
from fer_core.learn.kaggle import read_fer2013_csv
from fer_core.learn.labels import LabelledFaces
from fer_core.learn.reading import (
    FER2013_TO_FERBEAM,
    check_label_order,
    collect_faces,
    decode_crop,
    read_table,
    read_votes,
    require_columns,
    whole_numbers,
)

USAGES = {"train": "Training", "valid": "PublicTest", "test": "PrivateTest"}
"""What fer2013.csv calls each part."""
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


def _read_pictures(table: pa.Table, path: Path) -> list[NDArray[np.uint8] | None]:
    """Decodes the column `image`."""
    kind = table["image"].type
    if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
        raise DataError(f"{path.name}: column image: is {kind}, needs the bytes of picture files")
    return [decode_crop(data) for data in table["image"].to_pylist()]


def read_parquet(path: Path) -> LabelledFaces:
    """Reads a Parquet file with `image` (encoded picture), `emotion`, and FER+ votes if any.

    `box_width`, where it is there, is the width in pixels of the box that the picture was cut from.

    Raises:
        DataError: `image` or both kinds of label are missing, or a label is out of range or, as the
            votes tell, in the order of fer2013.csv.
    """
    table = read_table(pq.read_table, path)
    require_columns(table.column_names, ("image",), path)
    count = table.num_rows
    labels = np.full(count, -1, np.int64)
    if "emotion" in table.column_names:
        labels = whole_numbers(table, "emotion", path)
    if ((labels < -1) | (labels >= len(EMOTIONS))).any():
        raise DataError(f"{path.name}: column emotion: values must be 0 to 6 or null")
    votes = np.zeros((count, 10), np.float32)
    vote_columns = VOTE_COLUMNS + OTHER_VOTE_COLUMNS
    if any(name in table.column_names for name in vote_columns):
        require_columns(table.column_names, vote_columns, path)
        votes = read_votes(table, vote_columns, path)
    elif "emotion" not in table.column_names:
        raise DataError(f"{path.name}: needs a column emotion or the FER+ vote columns")
    crops = _read_pictures(table, path)
    faces = collect_faces(crops, [f"{path.name} row {i}" for i in range(count)], labels, votes)
    remedy = "number them 4 neutral, 5 sad, 6 surprise"
    check_label_order(faces, path, FER2013_TO_FERBEAM, "the order of fer2013.csv", remedy)
    if "box_width" not in table.column_names:
        return faces
    widths = whole_numbers(table, "box_width", path)[[crop is not None for crop in crops]]
    return replace(faces, sizes=np.where(widths > 0, widths, np.nan))


def read_unlabelled(path: Path) -> NDArray[np.uint8]:
    """Reads the pictures of a Parquet file with `image`, whatever else it holds: uint8 (n, 48, 48).

    Raises:
        DataError: it is no such file, or none of the pictures can be read.
    """
    table = read_table(pq.read_table, path)
    require_columns(table.column_names, ("image",), path)
    crops = [crop for crop in _read_pictures(table, path) if crop is not None]
    if not crops:
        raise DataError(f"{path.name}: no picture in it can be read")
    return np.stack(crops)


def read_folders(path: Path) -> LabelledFaces:
    """Reads a folder per emotion (`angry/`, `disgust/`, ...), each holding pictures.

    Raises:
        DataError: no folder is named after an emotion, or an emotion has no picture.
    """
    crops: list[NDArray[np.uint8] | None] = []
    names: list[str] = []
    labels: list[int] = []
    for index, name in enumerate(NAMES):
        files = sorted(f for f in (path / name).rglob("*") if not f.is_dir())
        if not files:
            raise DataError(
                f"{path / name}: no picture for '{name}'; one folder per emotion needed"
            )
        for file in files:
            # A link to nowhere is a picture that cannot be read.
            crops.append(decode_crop(file.read_bytes() if file.is_file() else None))
            names.append(file.relative_to(path).as_posix())
            labels.append(index)
    votes = np.zeros((len(crops), 10), np.float32)
    return collect_faces(crops, names, np.array(labels, np.int64), votes)


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
