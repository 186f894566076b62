"""A file of what a teacher outside ferbeam said about pictures: scores by the picture's pixels."""

from __future__ import annotations

import hashlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS
from fer_core.errors import DataError

LEAST = 1e-6
"""Lower scores count as this: a teacher that excludes an emotion may be wrong."""


def crop_digests(crops: NDArray[np.uint8]) -> list[bytes]:
    """Returns what names a crop in the file: the SHA-256 of its pixels, row by row."""
    return [hashlib.sha256(crop.tobytes()).digest() for crop in crops]


def write_answers(file: Path, crops: NDArray[np.uint8], scores: NDArray[np.float32]) -> None:
    """Writes what a teacher said.

    Args:
        file: `.npz`; holds `sha256` uint8 (n, 32) and `scores` float32 (n, 7).
        crops: uint8 (n, 48, 48), as `train` reads them.
        scores: float32 (n, 7), each row summing to 1.
    """
    digests = np.frombuffer(b"".join(crop_digests(crops)), np.uint8).reshape(-1, 32)
    np.savez_compressed(file, sha256=digests, scores=scores.astype(np.float32))


def read_answers(file: Path, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns what the teacher said of crops, float32 (n, 7), NaN where it was not asked.

    Raises:
        DataError: the file is none, or tells of none of the crops.
    """
    try:
        with np.load(file, allow_pickle=False) as held:
            digests, scores = held["sha256"], held["scores"]
        known = {digest.tobytes(): row for digest, row in zip(digests, scores, strict=True)}
        fits = scores.shape[1:] == (len(EMOTIONS),) and np.isfinite(scores).all()
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        raise DataError(f"{file}: is no file of answers ({error})") from error
    if not fits:
        raise DataError(f"{file}: scores are {scores.shape}, needs finite (n, {len(EMOTIONS)})")
    unknown = np.full(len(EMOTIONS), np.nan, np.float32)
    answers = np.stack([known.get(digest, unknown) for digest in crop_digests(crops)])
    if np.isnan(answers).all():
        raise DataError(f"{file}: tells of none of the pictures; ask about these very crops")
    return np.asarray(answers, np.float32)


def hints_of(
    answers: NDArray[np.float32], power: float | NDArray[np.float64]
) -> NDArray[np.float32]:
    """Returns what other scores are to be multiplied by, so that this teacher is heard too.

    A product of experts (Hinton 2002, Neural Computation 14): its scores, less what it says of all
    pictures on average, to a power below 1, since it is surer than it is right.

    Args:
        answers: float32 (n, 7), NaN where it was not asked.
        power: 0 for not hearing it, 1 for all it says; of all, or of each picture, (n, 1).

    Returns:
        float32 (n, 7), 1 where it was not asked.
    """
    logs = np.log(np.maximum(answers, LEAST))
    hints = np.exp(power * (logs - np.nanmean(logs, axis=0)))
    return np.asarray(np.nan_to_num(hints, nan=1.0), np.float32)
