"""The curve of all videos together: what the view `cohort` holds, thinned for drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fer_core.emotions import NAMES
from ferbeam.report.charts import Curve, Tick, choose_top, draw_curve, time_ticks
from ferbeam.report.gather import Row, read_rows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_STEPS = 600
MOST_INTERVALS = 4


@dataclass(frozen=True)
class Cohort:
    """The curve.

    Attributes:
        videos: how many it is the mean of.
        step_s: seconds from one of its points to the next.
        curves: plain values for the script: `seconds`, `most_videos`, and `groups` with `name`,
            `videos` at each time and `mean`, `low`, `high` of each emotion in per cent.
    """

    videos: int
    step_s: int
    curves: dict[str, Any]


@dataclass(frozen=True)
class CohortCharts:
    """The curve as its template shows it: a chart for each emotion, and one of how many had a face.

    Attributes:
        width: of the viewBox: steps.
        ticks: of the axis of time.
        top: per cent at which the scale ends.
        most_videos: where that of the last chart ends.
        emotions: of each emotion, the curve of each group.
        counts: of each group, how many of its videos had a face.
    """

    width: int
    ticks: list[Tick]
    top: int
    most_videos: int
    emotions: list[list[Curve]]
    counts: list[Curve]


def draw_cohort(curves: dict[str, Any]) -> CohortCharts:
    """Draws the curves of `Cohort`."""
    seconds, groups, most = curves["seconds"], curves["groups"], curves["most_videos"]
    top, nothing = choose_top(groups), [None] * len(seconds)
    emotions = [
        [draw_curve(one["mean"][k], one["low"][k], one["high"][k], top) for one in groups]
        for k in range(len(NAMES))
    ]
    counts = [draw_curve(group["videos"], nothing, nothing, most) for group in groups]
    ticks = time_ticks(seconds[0], seconds[-1], MOST_INTERVALS)
    return CohortCharts(len(seconds) - 1, ticks, top, most, emotions, counts)


def read_cohort(tables: DuckDBPyConnection) -> Cohort | None:
    """Reads the curve, None where no second has the faces of two videos."""
    (span,) = read_rows(
        tables,
        """SELECT min(second) AS first, max(second) AS last, max(videos) AS most,
        (SELECT count(*) FROM viewers) AS viewers FROM cohort""",
    )
    if span["most"] is None or span["most"] < 2:
        return None
    first, step = span["first"], -(-(span["last"] - span["first"] + 1) // MOST_STEPS)
    places = (span["last"] - first) // step + 1
    groups: dict[str, list[Row]] = {}
    for row in _read_curves(tables, first, step):
        groups.setdefault(row["viewer_group"], []).append(row)
    curves = {
        "seconds": [first + place * step for place in range(places)],
        "most_videos": span["most"],
        "groups": [_draw_group(name, rows, places) for name, rows in groups.items()],
    }
    return Cohort(span["viewers"], step, curves)


def _read_curves(tables: DuckDBPyConnection, first: int, step: int) -> list[Row]:
    """Reads means and bounds in per cent, averaged in steps of whole seconds."""
    columns = ", ".join(
        f"100 * avg({part}_{name}) AS {part}_{name}"
        for name in NAMES
        for part in ("mean", "low", "high")
    )
    return read_rows(
        tables,
        f"""SELECT viewer_group, (second - {first}) // {step} AS place, max(videos) AS videos,
        {columns} FROM cohort GROUP BY ALL ORDER BY viewer_group, place""",
    )


def _draw_group(name: str, rows: list[Row], places: int) -> dict[str, Any]:
    """Returns the curve of one group; None where nobody had a face."""
    at = {row["place"]: row for row in rows}
    order = [at.get(place, {}) for place in range(places)]
    bounds = {
        part: [[_rounded(row.get(f"{part}_{emotion}")) for row in order] for emotion in NAMES]
        for part in ("mean", "low", "high")
    }
    return {"name": name, "videos": [row.get("videos", 0) for row in order], **bounds}


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(min(max(percent, 0.0), 100.0), 1)
