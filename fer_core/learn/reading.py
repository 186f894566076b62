"""What all formats of labelled faces share: pictures, columns of numbers, the order of labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE
from fer_core.errors import DataError
from fer_core.learn.labels import LabelledFaces, majority_labels

FER2013_TO_FERBEAM = (0, 1, 2, 3, 5, 6, 4)
"""The label order of fer2013.csv (4 sad, 5 surprise, 6 neutral), as ferbeam's indices."""
ENOUGH_TO_TELL = 50
"""Labels with a majority of votes beside them from which a wrong order can be told."""


def decode_crop(data: bytes | None) -> NDArray[np.uint8] | None:
    """Decodes a picture to a grey crop, or None where OpenCV cannot."""
    if not data:
        return None
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:  # it claims to be larger than OpenCV takes
        return None
    if image is None:
        return None
    if image.shape != (CROP_SIZE, CROP_SIZE):
        image = cv2.resize(image, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_AREA)
    return np.asarray(image, np.uint8)


def collect_faces(
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


def read_table(read: Callable[[Path], pa.Table], path: Path) -> pa.Table:
    """Reads a table file, or says that it is none."""
    try:
        return read(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path.name}: cannot be read as a table ({error})") from error


def whole_numbers(table: pa.Table, name: str, path: Path) -> NDArray[np.int64]:
    """Returns a column as int64 (n,), -1 where it is null."""
    try:
        return np.asarray(table[name].cast(pa.int64()).fill_null(-1), np.int64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"{path.name}: column {name}: values must be whole numbers") from error


def read_votes(table: pa.Table, columns: tuple[str, ...], path: Path) -> NDArray[np.float32]:
    """Returns vote columns as float32 (n, columns)."""
    votes = np.stack([whole_numbers(table, name, path) for name in columns], axis=1)
    return np.maximum(votes, 0).astype(np.float32)


def require_columns(found: list[str], needed: tuple[str, ...], where: Path) -> None:
    """Raises DataError where a table lacks columns."""
    missing = [name for name in needed if name not in found]
    if missing:
        raise DataError(f"{where.name}: columns missing: {', '.join(missing)}")


def check_label_order(
    faces: LabelledFaces, path: Path, order: tuple[int, ...], whose: str, remedy: str
) -> None:
    """Refuses labels that fit the votes only when read in another order.

    Args:
        faces: with labels read in the order that the format has.
        path: where they are from.
        order: what each label would stand for in the other one, in ferbeam's order.
        whose: names the other order.
        remedy: what is to be done.

    Raises:
        DataError: more labels fit in the other order.
    """
    majority = majority_labels(faces.votes)
    known = (majority >= 0) & (faces.labels >= 0)
    if known.sum() < ENOUGH_TO_TELL:
        return
    labels, majority = faces.labels[known], majority[known]
    now = float((labels == majority).mean())
    then = float((np.array(order)[labels] == majority).mean())
    if then > now:
        raise DataError(
            f"{path.name}: column emotion: {now:.0%} agree with the votes, but {then:.0%} in "
            f"{whose}; {remedy}"
        )
