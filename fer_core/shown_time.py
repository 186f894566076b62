"""For how long a sampled frame of a video is shown: the rule by which everything is weighed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fer_core.records import fill_columns

MOST_SHOWN_MS = 3_600_000
"""A sample counts for an hour at most: so much time without a frame is a fault of the file."""


def shown_times(timestamp_ms: NDArray[np.int64], duration_ms: int) -> NDArray[np.int64]:
    """Returns for how many milliseconds each sample is shown: until the next one, or the end.

    Args:
        timestamp_ms: int64 (n,), of all samples of one medium, in their order.
        duration_ms: when the medium ends; a picture counts as 1 ms.
    """
    lasts = np.diff(timestamp_ms, append=duration_ms)
    return np.asarray(np.clip(lasts, 1, MOST_SHOWN_MS), np.int64)


def fill_shown(
    faces: pa.Table, frames: pa.Table, duration_ms: int | None
) -> tuple[pa.Table, pa.Table]:
    """Fills the column `shown_ms` of the rows of one medium.

    Args:
        faces: its rows of `faces`.
        frames: its rows of `frames`, in their order.
        duration_ms: when the video ends; None for a picture, which is shown for no time.
    """
    if duration_ms is None:
        return faces, frames
    shown = shown_times(frames["timestamp_ms"].to_numpy(), duration_ms)
    place = np.searchsorted(frames["frame_index"].to_numpy(), faces["frame_index"].to_numpy())
    return (
        fill_columns(faces, {"shown_ms": pa.array(shown[place])}),
        fill_columns(frames, {"shown_ms": pa.array(shown)}),
    )
