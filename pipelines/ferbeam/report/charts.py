"""Charts as paths of SVG, drawn before the page is opened: they print, and need no script.

A chart has no size of its own; its `viewBox` is stretched over the place that the page gives it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferbeam.report.figures import show_time

HEIGHT = 200
"""Of a viewBox: half per cents of a timeline."""
INTERVALS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200)
TOPS = (5, 10, 20, 30, 40, 50, 60, 80, 100)
"""Where the scale of shares may end, in per cent."""


@dataclass(frozen=True)
class Tick:
    """A mark of an axis.

    Attributes:
        place: per cent of the axis.
        label: what stands there.
    """

    place: float
    label: str


@dataclass(frozen=True)
class Areas:
    """The timeline of one person.

    Attributes:
        person_id: whose.
        width: of the viewBox.
        layers: index of an emotion and the path of all up to it; later ones cover earlier ones.
    """

    person_id: int
    width: float
    layers: list[tuple[int, str]]


@dataclass(frozen=True)
class Curve:
    """A line of one group, with its interval.

    Attributes:
        line: path of the means.
        band: path of the intervals, empty without.
    """

    line: str
    band: str


def time_ticks(first: float, last: float, most: int) -> list[Tick]:
    """Returns the marks of an axis between two times in seconds: at most so many intervals."""
    length = last - first
    steps = (step for step in INTERVALS_S if length <= most * step)
    step = next(steps, -(-length // (most * INTERVALS_S[-1])) * INTERVALS_S[-1])
    times = np.arange(-(-first // step) * step, last + 1e-6, step)
    return [Tick(100 * (time - first) / (length or 1), _clock(time)) for time in times.tolist()]


def _clock(seconds: float) -> str:
    """Writes a time; before the stimulus it is negative."""
    return ("-" if seconds < 0 else "") + show_time(abs(round(1000 * seconds)))


def draw_areas(timeline: dict[str, Any], stacked: Sequence[int]) -> list[Areas]:
    """Draws the tracks of a timeline.

    Args:
        timeline: as `draw_timeline` returns it.
        stacked: indices of the emotions from below.
    """
    width = 2 * timeline["seconds"] / timeline["step"]
    return [
        Areas(track["person_id"], width, _stack_runs(track["runs"], stacked, width))
        for track in timeline["tracks"]
    ]


def _stack_runs(
    runs: list[list[int]], stacked: Sequence[int], width: float
) -> list[tuple[int, str]]:
    """Returns the paths of all runs of a track, the uppermost emotion first."""
    paths: dict[int, list[str]] = {}
    for first, *flat in runs:
        shares = np.array(flat, np.float64).reshape(-1, 7)[:, stacked]
        sums = shares.cumsum(axis=1)
        whole = np.maximum(sums[:, -1:], 1)
        tops = np.rint(HEIGHT * (1 - sums / whole)).astype(np.int64)
        below = np.full(len(tops), HEIGHT)
        for emotion, top in zip(stacked, tops.T, strict=True):
            if (top != below).any():
                paths.setdefault(emotion, []).append(_area(first, top, width))
            below = top
    return [(emotion, "".join(paths[emotion])) for emotion in reversed(stacked) if emotion in paths]


def _area(first: int, top: NDArray[np.int64], width: float) -> str:
    """Returns the area below a line whose points lie 2 apart, half a step longer at both ends."""
    end = 2 * (first + len(top)) - 1
    until = width if width - end < 2.2 else end  # after the last sample comes none
    begin = max(2 * first - 1, 0)
    lead = f"h{2 * first - begin}" if first else ""
    return f"M{begin} {HEIGHT}V{top[0]}{lead}{_steps(top)}H{until:.6g}V{HEIGHT}Z"


def _steps(values: NDArray[np.int64]) -> str:
    """Returns the way from point to point, 2 apart; level stretches in one."""
    return "".join(
        "".join(f"l2 {change}" for _ in same) if change else f"h{2 * len(list(same))}"
        for change, same in groupby(np.diff(values).tolist())
    )


def choose_top(groups: list[dict[str, Any]], measure: int) -> int:
    """Returns where the scale of the curves of a measure ends, in per cent."""
    rows = [group[part][measure] for group in groups for part in ("mean", "high")]
    most = max((value for row in rows for value in row if value is not None), default=0)
    return next(top for top in TOPS if top >= min(most, 100))


def draw_curve(
    mean: Sequence[float | None], low: Sequence[Any], high: Sequence[Any], top: float
) -> Curve:
    """Draws the means of one group with their intervals; nothing where there is none."""
    line = (f"M{_points(run, mean, top)}h0" for run in _runs(mean))
    band = (f"M{_points(run, high, top)}L{_points(run[::-1], low, top)}Z" for run in _runs(low))
    return Curve("".join(line), "".join(band))


def _runs(values: Sequence[Any]) -> list[range]:
    """Returns the stretches in which there are values."""
    runs = []
    for there, same in groupby(range(len(values)), key=lambda place: values[place] is not None):
        places = list(same)
        if there:
            runs.append(range(places[0], places[-1] + 1))
    return runs


def _points(places: range, values: Sequence[Any], top: float) -> str:
    return " ".join(f"{place} {HEIGHT * (1 - values[place] / top):.4g}" for place in places)
