"""The faces of one video in columns, as linking takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fer_core.tracking.descriptors import Descriptors, find_cuts

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

GAP_MS = 1000
"""A face that is not found for longer gets a new track."""

GAP_SAMPLES = 1.5
"""Unless samples are further apart: then for so many of their intervals."""


@dataclass(frozen=True)
class Sightings:
    """The n faces of one video in the order of frame and face, and its m sampled frames.

    Attributes:
        frame: int64 (n,), position of each one's frame among the sampled, from 0.
        ms: int64 (n,), time of each, where between two sampled frames at most the gap counts.
            So a face is given up after a time in which it was looked for and not found, not after
            one without frames, as where a screen or a bad network holds a frame for long.
        x: float64 (n,), middle of its box in pixels.
        y: likewise.
        side: float64 (n,), of its box: the root of its area.
        looks: float32 (n, LOOKS_SIZE), see `describe_face`; None where they are not known.
        shot: int64 (n,), number of cuts before each.
        starts: int64 (m + 1,), position of the first face at or after each frame.
        interval_ms: time from one sampled frame to the next, usually.
    """

    frame: Whole
    ms: Whole
    x: Floats
    y: Floats
    side: Floats
    looks: NDArray[np.float32] | None
    shot: Whole
    starts: Whole
    interval_ms: float

    def __len__(self) -> int:
        """Returns the number of faces."""
        return len(self.ms)

    @property
    def gap_ms(self) -> float:
        """Longest time for which a face keeps its track without being found."""
        return longest_gap(self.interval_ms)


def longest_gap(interval_ms: float) -> float:
    """Returns for how many milliseconds a face keeps its track without being found."""
    return max(GAP_MS, GAP_SAMPLES * interval_ms)


def read_sightings(faces: pa.Table, frames: pa.Table, marks: Descriptors | None) -> Sightings:
    """Takes what linking needs from the rows of one video.

    Raises:
        ValueError: the marks are not those of these rows, or a face is in no sampled frame.
    """
    if marks is not None and (len(marks.looks), len(marks.scenes)) != (len(faces), len(frames)):
        raise ValueError(
            f"marks: of {len(marks.looks)} faces and {len(marks.scenes)} frames, "
            f"{len(faces)} and {len(frames)} are needed"
        )
    sampled, times = _column(frames, "frame_index"), _column(frames, "timestamp_ms")
    index = _column(faces, "frame_index")
    frame = np.searchsorted(sampled, index)
    if len(index) and not np.array_equal(sampled[np.minimum(frame, len(sampled) - 1)], index):
        raise ValueError("faces: a row lies in no sampled frame")
    shots = np.zeros(len(sampled), np.int64)
    if marks is not None:
        shots = np.cumsum(find_cuts(marks.scenes))
    interval_ms = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    steps = np.minimum(np.diff(times, prepend=0), round(longest_gap(interval_ms)))
    looked = np.cumsum(steps)
    left, top, width, height = (
        _column(faces, f"box_{part}").astype(np.float64) for part in ("x", "y", "width", "height")
    )
    return Sightings(
        frame=frame,
        ms=looked[frame],
        x=left + width / 2,
        y=top + height / 2,
        side=np.sqrt(width * height),
        looks=None if marks is None else marks.looks.astype(np.float32),
        shot=shots[frame],
        starts=np.searchsorted(frame, np.arange(len(sampled) + 1)),
        interval_ms=interval_ms,
    )


def _column(table: pa.Table, name: str) -> Whole:
    return np.asarray(table[name].to_numpy(), np.int64)
