"""For how long a sampled frame of a video is shown: the rule by which everything is weighed.

It is written twice, for rows in memory and for SQL; a test holds the two together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_SHOWN_MS = 3_600_000
"""A sample counts for an hour at most: so much time without a frame is a fault of the file."""

SHOWN_SQL = f"""least(greatest(coalesce(
    lead(timestamp_ms) OVER (PARTITION BY media ORDER BY frame_index), duration_ms
) - timestamp_ms, 1), {MOST_SHOWN_MS})"""
"""Milliseconds, of the columns of `frames` and `duration_ms` of `media`."""


def shown_times(timestamp_ms: NDArray[np.int64], duration_ms: int) -> NDArray[np.int64]:
    """Returns for how many milliseconds each sample is shown: until the next one, or the end.

    Args:
        timestamp_ms: int64 (n,), of all samples of one medium, in their order.
        duration_ms: when the medium ends; a picture counts as 1 ms.
    """
    lasts = np.diff(timestamp_ms, append=duration_ms)
    return np.asarray(np.clip(lasts, 1, MOST_SHOWN_MS), np.int64)
