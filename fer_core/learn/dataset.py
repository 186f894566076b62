"""Labelled faces from the formats people have, in ferbeam's order of emotions."""

from __future__ import annotations

from dataclasses import dataclass
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
FER2013_TO_FERBEAM = (0, 1, 2, 3, 5, 6, 4)
"""The label order of fer2013.csv (4 sad, 5 surprise, 6 neutral), as ferbeam's indices."""
LABEL_SETS = ("ferplus", "fer2013")


@dataclass(frozen=True)
class LabelledFaces:
    """Faces with what is known about them.

    Attributes:
        crops: uint8 (n, 48, 48), grey.
        labels: int64 (n,), the single label in ferbeam's order, or -1 where there is none.
        votes: float32 (n, 10), votes for the seven emotions, then contempt, unknown, not a face;
            all 0 where nobody voted.
        skipped: one line for each picture that could not be read.
    """

    crops: NDArray[np.uint8]
    labels: NDArray[np.int64]
    votes: NDArray[np.float32]
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.crops)

    def take(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> LabelledFaces:
        """Returns the chosen faces, by mask or by position."""
        return LabelledFaces(self.crops[keep], self.labels[keep], self.votes[keep], self.skipped)


def drop_single_votes(votes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sets votes of one person to 0, as FER+ does (Barsoum et al. 2016, arXiv 1608.01041)."""
    return np.where(votes > 1, votes, 0).astype(np.float32)


def majority_labels(votes: NDArray[np.float32]) -> NDArray[np.int64]:
    """Returns the emotion with more than half of the votes that remain, else -1; int64 (n,)."""
    kept = drop_single_votes(votes)
    seven = kept[:, : len(EMOTIONS)]
    best = seven.argmax(axis=1)
    most = seven[np.arange(len(seven)), best]
    return np.where(most * 2 > kept.sum(axis=1), best, -1).astype(np.int64)


def vote_shares(votes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the share of each emotion among the votes for the seven; (n, 7), 0 without votes."""
    seven = votes[:, : len(EMOTIONS)]
    total = seven.sum(axis=1, keepdims=True)
    return np.divide(seven, total, out=np.zeros_like(seven), where=total > 0)


def training_targets(faces: LabelledFaces, label_set: str) -> NDArray[np.float32]:
    """Returns what the network is to predict, float32 (n, 7); rows of 0 are not to be used.

    `ferplus` uses the vote shares without single votes and falls back on the label where a data
    set has no votes at all; `fer2013` uses the label alone.

    Raises:
        DataError: the label set is unknown.
    """
    if label_set not in LABEL_SETS:
        raise DataError(f"label set: '{label_set}' is unknown, use one of {', '.join(LABEL_SETS)}")
    one_hot = np.zeros((len(faces), len(EMOTIONS)), np.float32)
    labelled = faces.labels >= 0
    one_hot[labelled, faces.labels[labelled]] = 1
    if label_set == "fer2013" or not faces.votes.any():
        return one_hot
    targets = vote_shares(drop_single_votes(faces.votes))
    usable = faces.votes[:, -1] < faces.votes.sum(axis=1) / 2
    return np.where(usable[:, np.newaxis], targets, 0).astype(np.float32)


def _decode_crop(data: bytes) -> NDArray[np.uint8] | None:
    """Decodes a picture to a grey crop, or None where OpenCV cannot."""
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
    if not good:
        raise DataError("data: no picture in it can be read")
    return LabelledFaces(np.stack(good), labels[keep], votes[keep], skipped)


def _require_columns(found: list[str], needed: tuple[str, ...], where: Path) -> None:
    missing = [name for name in needed if name not in found]
    if missing:
        raise DataError(f"{where.name}: columns missing: {', '.join(missing)}")


def read_parquet(path: Path) -> LabelledFaces:
    """Reads a Parquet file with `image` (encoded picture), `emotion`, and FER+ votes if any.

    Raises:
        DataError: `image` or both kinds of label are missing, or a label is out of range.
    """
    table = pq.read_table(path)
    _require_columns(table.column_names, ("image",), path)
    count = table.num_rows
    labels = np.full(count, -1, np.int64)
    if "emotion" in table.column_names:
        labels = table["emotion"].cast(pa.int64()).fill_null(-1).to_numpy()
    if ((labels < -1) | (labels >= len(EMOTIONS))).any():
        raise DataError(f"{path.name}: column emotion: values must be 0 to 6 or null")
    votes = np.zeros((count, 10), np.float32)
    vote_columns = VOTE_COLUMNS + OTHER_VOTE_COLUMNS
    if any(name in table.column_names for name in vote_columns):
        _require_columns(table.column_names, vote_columns, path)
        votes = np.stack([table[name].to_numpy() for name in vote_columns], 1).astype(np.float32)
    elif "emotion" not in table.column_names:
        raise DataError(f"{path.name}: needs a column emotion or the FER+ vote columns")
    crops = [_decode_crop(data) for data in table["image"].to_pylist()]
    return _collect(crops, [f"{path.name} row {i}" for i in range(count)], labels, votes)


def read_fer2013_csv(path: Path, usage: str) -> LabelledFaces:
    """Reads the rows of one usage of Kaggle's `fer2013.csv`, in its own label order.

    FER+ votes are taken from `fer2013new.csv` beside it, row by row.

    Args:
        path: the CSV with the columns emotion, pixels, Usage.
        usage: `Training`, `PublicTest` or `PrivateTest`.

    Raises:
        DataError: a column is missing, a label or the pixels do not fit, or the files differ.
    """
    options = pa.csv.ParseOptions(newlines_in_values=False)
    table = pa.csv.read_csv(path, parse_options=options)
    _require_columns(table.column_names, ("emotion", "pixels", "Usage"), path)
    raw = table["emotion"].to_numpy()
    if raw.min() < 0 or raw.max() >= len(EMOTIONS):
        raise DataError(f"{path.name}: column emotion: values must be 0 to 6")
    votes = _read_ferplus_csv(path.with_name("fer2013new.csv"), table.num_rows)
    rows = np.flatnonzero(np.array(table["Usage"].to_pylist()) == usage)
    labels = np.array(FER2013_TO_FERBEAM, np.int64)[raw[rows]]
    crops: list[NDArray[np.uint8] | None] = []
    for pixels in table["pixels"].take(pa.array(rows)).to_pylist():
        values = np.array(pixels.split(), np.int64)
        fits = len(values) == CROP_SIZE**2 and values.min() >= 0 and values.max() <= 255
        crops.append(values.astype(np.uint8).reshape(CROP_SIZE, CROP_SIZE) if fits else None)
    return _collect(crops, [f"{path.name} row {row}" for row in rows], labels, votes[rows])


def _read_ferplus_csv(path: Path, rows: int) -> NDArray[np.float32]:
    """Reads FER+ votes for all rows, zeros where the file does not exist."""
    if not path.exists():
        return np.zeros((rows, 10), np.float32)
    table = pa.csv.read_csv(path)
    _require_columns(table.column_names, FERPLUS_CSV_COLUMNS, path)
    if table.num_rows != rows:
        raise DataError(f"{path.name}: has {table.num_rows} rows, fer2013.csv has {rows}")
    columns = [table[name].to_numpy() for name in FERPLUS_CSV_COLUMNS]
    return np.stack(columns, 1).astype(np.float32)


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
    """Reads the `train` or `valid` part of DATA, whatever its format.

    DATA is a folder with `train.parquet` and `valid.parquet`, or with `fer2013.csv` (and
    `fer2013new.csv`), or with `train/` and `valid/` holding a folder per emotion.

    Raises:
        DataError: none of these is there, or what is there does not fit.
    """
    if (path / f"{part}.parquet").exists():
        return read_parquet(path / f"{part}.parquet")
    if (path / "fer2013.csv").exists():
        usage = {"train": "Training", "valid": "PublicTest"}[part]
        return read_fer2013_csv(path / "fer2013.csv", usage)
    if (path / part).is_dir():
        return read_folders(path / part)
    raise DataError(
        f"{path}: no {part} data; needs {part}.parquet, fer2013.csv, or {part}/<emotion>/ folders"
    )
