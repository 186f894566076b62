"""Kaggle's `fer2013.csv`, and the votes of FER+ in `fer2013new.csv` beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE
from fer_core.emotions import EMOTIONS
from fer_core.errors import DataError
from fer_core.learn.labels import LabelledFaces
from fer_core.learn.reading import (
    FER2013_TO_FERBEAM,
    check_label_order,
    collect_faces,
    read_table,
    read_votes,
    require_columns,
    whole_numbers,
)

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


def read_fer2013_csv(path: Path, usage: str) -> LabelledFaces:
    """Reads the rows of one usage of Kaggle's `fer2013.csv`, in its own label order.

    FER+ votes are taken from `fer2013new.csv` beside it, row by row.

    Args:
        path: the CSV with the columns emotion, pixels, Usage.
        usage: `Training`, `PublicTest` or `PrivateTest`.

    Raises:
        DataError: a column is missing, a label or the pixels do not fit, the files differ, or the
            labels, as the votes tell, are in ferbeam's order.
    """
    table = read_table(pa.csv.read_csv, path)
    require_columns(table.column_names, ("emotion", "pixels", "Usage"), path)
    raw = whole_numbers(table, "emotion", path)
    if ((raw < 0) | (raw >= len(EMOTIONS))).any():
        raise DataError(f"{path.name}: column emotion: values must be 0 to 6")
    votes = _read_ferplus_csv(path.with_name("fer2013new.csv"), table.num_rows)
    rows = np.flatnonzero(np.array(table["Usage"].to_pylist()) == usage)
    labels = np.array(FER2013_TO_FERBEAM, np.int64)[raw[rows]]
    crops = [_parse_pixels(text) for text in table["pixels"].take(pa.array(rows)).to_pylist()]
    faces = collect_faces(crops, [f"{path.name} row {row}" for row in rows], labels, votes[rows])
    # A file in ferbeam's order has been put in another by now: 4 neutral became sad, and so on.
    back = tuple(FER2013_TO_FERBEAM.index(label) for label in range(len(EMOTIONS)))
    remedy = "number them as Kaggle does: 4 sad, 5 surprise, 6 neutral"
    check_label_order(faces, path, back, "ferbeam's order", remedy)
    return faces


def _parse_pixels(text: str | None) -> NDArray[np.uint8] | None:
    """Reads 48 x 48 grey values, 0-255, from text; None where they do not fit."""
    try:
        values = np.array(str(text).split(), np.int64)
    except (ValueError, OverflowError):
        return None
    if len(values) != CROP_SIZE**2 or values.min() < 0 or values.max() > 255:
        return None
    return values.astype(np.uint8).reshape(CROP_SIZE, CROP_SIZE)


def _read_ferplus_csv(path: Path, rows: int) -> NDArray[np.float32]:
    """Reads FER+ votes for all rows, zeros where the file does not exist."""
    if not path.exists():
        return np.zeros((rows, 10), np.float32)
    table = read_table(pa.csv.read_csv, path)
    require_columns(table.column_names, FERPLUS_CSV_COLUMNS, path)
    if table.num_rows != rows:
        raise DataError(f"{path.name}: has {table.num_rows} rows, fer2013.csv has {rows}")
    return read_votes(table, FERPLUS_CSV_COLUMNS, path)
