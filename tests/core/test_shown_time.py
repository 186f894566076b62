"""For how long samples are shown, and that rows of faces tell it of their frames."""

from __future__ import annotations

import numpy as np
import pytest

from fer_core.shown_time import fill_shown, shown_times
from tests.core.linked import make_rows


@pytest.mark.parametrize(
    ("times", "end", "shown"),
    [
        ([0, 100, 250], 300, [100, 150, 50]),
        ([0, 100, 100, 90], 80, [100, 1, 1, 1]),  # times that repeat or go back
        ([0, 5_000_000], 9_000_000, [3_600_000, 3_600_000]),
        ([], 0, []),
    ],
)
def test_a_sample_is_shown_until_the_next(times: list[int], end: int, shown: list[int]) -> None:
    assert shown_times(np.array(times, np.int64), end).tolist() == shown


def test_faces_are_shown_as_long_as_their_frame() -> None:
    spot = (10, 10)
    faces, frames = make_rows([(0, [spot]), (40, []), (100, [spot, (300, 10)]), (130, [])])
    faces, frames = fill_shown(faces, frames, 200)
    assert frames["shown_ms"].to_pylist() == [40, 60, 30, 70]
    assert faces["shown_ms"].to_pylist() == [40, 30, 30]
    picture = fill_shown(*make_rows([(0, [spot])]), None)
    assert [table["shown_ms"].to_pylist() for table in picture] == [[None], [None]]
