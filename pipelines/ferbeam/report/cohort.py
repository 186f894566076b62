"""The curve of all viewers together: means and intervals of each second, thinned for drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fer_core.emotions import NAMES
from ferbeam.report.charts import HEIGHT, Curve, Tick, choose_top, draw_curve, time_ticks
from ferbeam.report.gather import Row, batch_media, read_media, read_rows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_STEPS = 600
MOST_INTERVALS = 6
MEASURES = ("positive", "negative", *NAMES)
"""What has a curve, the one that is shown first in front."""
MOST_GROUPS, MOST_COMPARED = 4, 100
"""Groups and viewers up to which they are compared in the report; `query` compares any."""
LEVEL = 0.05
SECONDS = "report_seconds"
"""A temporary table: the view `viewer_seconds`, which is asked several times."""


@dataclass(frozen=True)
class Marker:
    """A stretch of the stimulus, as the charts shade it.

    Attributes:
        name: of the stretch.
        condition: of it, or empty.
        start_ms: when it begins, in the time of the stimulus.
        end_ms: when it ends.
    """

    name: str
    condition: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Cohort:
    """The curve.

    Attributes:
        videos: how many it is the mean of: those with a face.
        step_s: seconds from one of its points to the next.
        curves: plain values for the script: `seconds`, `most_videos`, `measures`, and `groups` with
            `name`, `videos` at each time and `mean`, `low`, `high` of each measure in per cent.
        markers: stretches of the stimulus.
        rows: the groups as their table shows them, and how each two of them differ.
        differs: of each measure, the seconds in which two groups differ, corrected for many.
    """

    videos: int
    step_s: int
    curves: dict[str, Any]
    markers: list[Marker]
    rows: list[Row]
    differs: dict[str, list[int]]


@dataclass(frozen=True)
class Shade:
    """A marker within a chart: its place and width in steps, and in per cent."""

    marker: Marker
    place: float
    width: float
    percent: float


@dataclass(frozen=True)
class CohortCharts:
    """The curve as its template shows it: a chart for each measure, and one of how many had a face.

    Attributes:
        width: of the viewBox: steps.
        ticks: of the axis of time.
        top: per cent at which the scale of each measure ends.
        most_videos: where that of the last chart ends.
        measures: of each measure, the curve of each group.
        counts: of each group, how many of its videos had a face.
        shades: the markers that lie within.
        differs: of each measure, the path of the seconds in which two groups differ.
    """

    width: int
    ticks: list[Tick]
    top: list[int]
    most_videos: int
    measures: list[list[Curve]]
    counts: list[Curve]
    shades: list[Shade]
    differs: list[str]


def draw_cohort(cohort: Cohort) -> CohortCharts:
    """Draws the curves of `Cohort`."""
    curves = cohort.curves
    seconds, groups, most = curves["seconds"], curves["groups"], curves["most_videos"]
    nothing = [None] * len(seconds)
    tops = [choose_top(groups, k) for k in range(len(MEASURES))]
    measures = [
        [draw_curve(one["mean"][k], one["low"][k], one["high"][k], tops[k]) for one in groups]
        for k in range(len(MEASURES))
    ]
    counts = [draw_curve(group["videos"], nothing, nothing, most) for group in groups]
    ticks = time_ticks(seconds[0], seconds[-1], MOST_INTERVALS)
    width = len(seconds) - 1
    shades = _shade(cohort.markers, seconds[0], cohort.step_s, width)
    differs = [
        "".join(
            f"M{max(0, (second - seconds[0]) / cohort.step_s - 0.5):.4g} {HEIGHT}h1"
            for second in cohort.differs.get(measure, ())
        )
        for measure in MEASURES
    ]
    return CohortCharts(width, ticks, tops, most, measures, counts, shades, differs)


def _shade(markers: list[Marker], first: int, step: int, width: int) -> list[Shade]:
    shades = []
    for marker in markers:
        times = marker.start_ms / 1000, marker.end_ms / 1000
        begin, end = (max(0.0, (at - first) / step) for at in times)
        if begin < width:
            part = min(end, width) - begin
            shades.append(Shade(marker, begin, part, 100 * begin / max(width, 1)))
    return shades


def read_cohort(tables: DuckDBPyConnection) -> Cohort | None:
    """Reads the curve, None where no second has the faces of two videos."""
    _keep_seconds(tables)
    (span,) = read_rows(
        tables,
        f"""SELECT min(second) AS first, max(second) AS last, max(videos) AS most,
        (SELECT count(*) FROM viewers) AS viewers,
        (SELECT count(DISTINCT media) FROM {SECONDS} WHERE happy IS NOT NULL) AS seen,
        (SELECT max(n) FROM (SELECT count(happy) AS n FROM {SECONDS} GROUP BY second)) AS together
        FROM (SELECT second, viewer_group, count(happy) AS videos FROM {SECONDS} GROUP BY ALL)""",
    )
    if (span["together"] or 0) < 2:
        return None
    first, step = span["first"], -(-(span["last"] - span["first"] + 1) // MOST_STEPS)
    places = (span["last"] - first) // step + 1
    groups: dict[str, list[Row]] = {}
    for row in _read_curves(tables, first, step):
        groups.setdefault(row["viewer_group"], []).append(row)
    curves = {
        "seconds": [first + place * step for place in range(places)],
        "most_videos": span["most"],
        "measures": list(MEASURES),
        "groups": [_draw_group(name, rows, places) for name, rows in groups.items()],
    }
    markers = _read_markers(tables)
    found = _read_differences(tables, len(groups), span["viewers"])
    rows = _read_groups(tables, markers, found)
    return Cohort(span["seen"], step, curves, markers, rows, _list_seconds(found))


def _list_seconds(found: list[Row]) -> dict[str, list[int]]:
    """Returns of each measure the seconds in which groups differ, corrected for many."""
    differs: dict[str, list[int]] = {}
    for row in found:
        if row["kind"] == "second" and row["p_corrected"] < LEVEL:
            differs.setdefault(row["measure"], []).append(row["start_ms"] // 1000)
    return differs


def _keep_seconds(tables: DuckDBPyConnection) -> None:
    """Fills the table of seconds, some videos at a time, which bounds memory."""
    tables.execute(f"CREATE OR REPLACE TEMP TABLE {SECONDS} AS FROM viewer_seconds LIMIT 0")
    for batch in batch_media(read_media(tables, "video")):
        tables.execute(
            f"INSERT INTO {SECONDS} SELECT * FROM viewer_seconds WHERE media BETWEEN ? AND ?",
            [batch[0]["media"], batch[-1]["media"]],
        )


def _each(pattern: str) -> str:
    return ", ".join(pattern.format(name=name) for name in MEASURES)


def _read_curves(tables: DuckDBPyConnection, first: int, step: int) -> list[Row]:
    """Reads means and bounds in per cent, averaged in steps of whole seconds."""
    counted = _each(
        "avg({name}) AS mean_{name}, stddev_samp({name}) / sqrt(count({name})) AS error_{name}"
    )
    bounded = _each(
        "100 * avg(mean_{name}) AS mean_{name}, 100 * avg(mean_{name} - t * error_{name}) AS "
        "low_{name}, 100 * avg(mean_{name} + t * error_{name}) AS high_{name}"
    )
    return read_rows(
        tables,
        f"""WITH counted AS (
            SELECT viewer_group, second, count(happy) AS videos, {counted}
            FROM {SECONDS} GROUP BY viewer_group, second)
        SELECT viewer_group, (second - {first}) // {step} AS place, max(videos) AS videos, {bounded}
        FROM (SELECT *, t_for_mean(videos) AS t FROM counted)
        GROUP BY ALL ORDER BY viewer_group, place""",
    )


def _read_markers(tables: DuckDBPyConnection) -> list[Marker]:
    """Reads the markers; none where nobody gave any."""
    rows = read_rows(tables, "SELECT name, condition, start_ms, end_ms FROM markers ORDER BY 3, 4")
    return [
        Marker(row["name"], row["condition"] or "", row["start_ms"], row["end_ms"]) for row in rows
    ]


def _read_differences(tables: DuckDBPyConnection, groups: int, viewers: int) -> list[Row]:
    """Reads how groups differ; nothing where there is one, or where it would take long."""
    if not 2 <= groups <= MOST_GROUPS or viewers > MOST_COMPARED:
        return []
    return read_rows(
        tables,
        """SELECT kind, name, start_ms, end_ms, measure, group_a, group_b, difference,
            low, high, p_corrected
        FROM groups WHERE p_corrected IS NOT NULL ORDER BY group_a, group_b, start_ms""",
    )


def _read_groups(tables: DuckDBPyConnection, markers: list[Marker], found: list[Row]) -> list[Row]:
    """Reads what each group showed over all, and within each marker: means over viewers.

    Each row has the marker (None for all), the group, its viewers, coverage, and of each measure
    mean and 95 % interval; rows of two groups instead the `pair` and of each measure how they
    differ. Both are of the view `viewer_windows`, so that they agree.
    """
    means = _read_windows(tables)
    rows: list[Row] = []
    for marker in (None, *markers):
        own = [row for row in means if _is_of(row, marker)]
        rows += [{"marker": marker, "pair": None, **row} for row in own]
        own = [row for row in found if _is_of(row, marker)]
        pairs = dict.fromkeys((row["group_a"], row["group_b"]) for row in own)
        rows += [
            {
                "marker": marker,
                "pair": pair,
                "differences": {
                    row["measure"]: row for row in own if (row["group_a"], row["group_b"]) == pair
                },
            }
            for pair in pairs
        ]
    return rows


def _is_of(row: Row, marker: Marker | None) -> bool:
    if marker is None:
        return bool(row["kind"] == "whole")
    window = (row["kind"], row["name"], row["start_ms"], row["end_ms"])
    return window == ("marker", marker.name, marker.start_ms, marker.end_ms)


def _read_windows(tables: DuckDBPyConnection) -> list[Row]:
    counted = _each(
        "avg({name}) AS {name}, t_of * stddev_samp({name}) / sqrt(count({name})) AS half_{name}"
    ).replace("t_of", "any_value(t)")
    window = "kind, name, start_ms, end_ms, viewer_group"
    return read_rows(
        tables,
        f"""WITH sized AS (
            SELECT *, count(happy) OVER (PARTITION BY {window}) AS viewers FROM viewer_windows)
        SELECT {window}, any_value(viewers) AS viewers, avg(coverage) AS coverage, {counted}
        FROM (SELECT *, t_for_mean(viewers) AS t FROM sized)
        GROUP BY {window} ORDER BY viewer_group""",
    )


def _draw_group(name: str, rows: list[Row], places: int) -> dict[str, Any]:
    """Returns the curve of one group; None where nobody had a face."""
    at = {row["place"]: row for row in rows}
    order = [at.get(place, {}) for place in range(places)]
    bounds = {
        part: [[_rounded(row.get(f"{part}_{measure}")) for row in order] for measure in MEASURES]
        for part in ("mean", "low", "high")
    }
    return {"name": name, "videos": [row.get("videos", 0) for row in order], **bounds}


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(min(max(percent, 0.0), 100.0), 1)
