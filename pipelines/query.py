"""The tables of a finished run in DuckDB, and views that answer what is asked most.

faces, frames, media, failures as the run wrote them; `tracks`, `summary` and `cohort` put together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import csv

from fer_core.emotions import NAMES
from fer_core.errors import UsageError
from fer_core.records import TABLES
from pipelines.output import Output, read_tables
from pipelines.profile import load_run

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NEGATIVE = ("angry", "disgust", "fear", "sad")
CONFIDENCE = 0.95
MOST_IN_MEMORY = 2_000_000
"""Rows of a table, some 100 bytes each: every query on a data set opens all its files again."""
LOCK = """SET python_enable_replacements = false;
SET enable_external_access = false;
SET lock_configuration = true"""
"""After this a query can name nothing but the tables, and cannot change that."""

TRACKS = f"""CREATE VIEW tracks AS
SELECT media, track_id, min(timestamp_ms) AS first_ms, max(timestamp_ms) AS last_ms,
count(*) AS samples, mode(smoothed_emotion) AS emotion,
{", ".join(f"avg((smoothed_emotion = '{name}')::INT) AS {name}" for name in NAMES)}
FROM faces WHERE track_id IS NOT NULL GROUP BY media, track_id"""
"""A row for each face that is followed: shares of its samples by smoothed emotion."""

SUMMARY = f"""CREATE VIEW summary AS
SELECT media, track_id, samples, samples / frames_sampled AS coverage,
happy AS positive, {" + ".join(NEGATIVE)} AS negative, {", ".join(NAMES)}
FROM tracks JOIN media USING (media)"""
"""Shares of the time in which a face was seen, and of how much of the medium that is."""

COHORT = f"""CREATE VIEW cohort AS
WITH main AS (
    SELECT media, track_id FROM tracks JOIN viewers USING (media)
    QUALIFY row_number() OVER (PARTITION BY media ORDER BY samples DESC, track_id) = 1
), seconds AS (
    SELECT "group", media, (timestamp_ms - offset_ms) // 1000 AS second,
    {", ".join(f"avg(p_{name}) AS {name}" for name in NAMES)}
    FROM faces JOIN main USING (media, track_id) JOIN viewers USING (media)
    WHERE timestamp_ms >= offset_ms GROUP BY ALL
), curves AS (
    SELECT "group", second, count(*) AS videos,
    {", ".join(f"avg({name}) AS mean_{name}, stddev_samp({name}) AS s_{name}" for name in NAMES)}
    FROM seconds GROUP BY ALL
)
SELECT "group", second, curves.videos, {{columns}}
FROM curves LEFT JOIN t_quantiles ON t_quantiles.videos = curves.videos"""
"""Per second of the stimulus and group: mean and t-interval over videos, each by its main track."""


def open_tables(output: Output, viewers: str | None = None) -> DuckDBPyConnection:
    """Opens the tables of a finished run, from which nothing else can be read or written.

    Args:
        output: where the run wrote to.
        viewers: CSV with media, offset_ms, group: which videos the cohort holds, at what time of
            each the stimulus began, and how they are grouped. Without it all, from 0, in one.

    Raises:
        UsageError: OUTPUT holds no finished run, or the CSV does not fit it.
    """
    import duckdb

    run = load_run(output)
    tables = duckdb.connect()
    for name in TABLES:
        tables.register(name, _open_table(output, run, name))
    known = tables.execute("SELECT media FROM media WHERE kind = 'video'").fetchall()
    videos = [name for (name,) in known]
    tables.register("viewers", _read_viewers(viewers, videos))
    tables.register("t_quantiles", _quantiles(len(videos)))
    bounds = [f"mean_{name}" for name in NAMES]
    for name in NAMES:
        half = f"quantile * s_{name} / sqrt(curves.videos)"
        bounds += [f"mean_{name} - {half} AS low_{name}", f"mean_{name} + {half} AS high_{name}"]
    for view in (TRACKS, SUMMARY, COHORT.format(columns=", ".join(bounds))):
        tables.execute(view)
    tables.execute(LOCK)
    return tables


def _open_table(output: Output, run: dict[str, Any], name: str) -> Any:
    """Returns a table in memory; as an Arrow data set where it is large and on this machine."""
    if not output.is_local or run["rows"][name] <= MOST_IN_MEMORY:
        return read_tables(output, run, name)
    from pyarrow import dataset

    files = [output.path(file) for file in run["tables"][name]]
    return dataset.dataset(files, schema=TABLES[name].remove_metadata(), format="parquet")


def _quantiles(videos: int) -> pa.Table:
    """Returns the quantile of the t-distribution for each number of videos from two on."""
    import numpy as np
    from scipy.special import stdtrit  # scipy.stats has it too, but takes a second to import

    counts = np.arange(2, max(videos, 2) + 1)
    values = stdtrit(counts - 1, (1 + CONFIDENCE) / 2)
    return pa.table({"videos": counts, "quantile": values})


def _read_viewers(path: str | None, videos: list[str]) -> pa.Table:
    """Returns media, offset_ms and group of the videos in the cohort."""
    if path is None:
        columns: dict[str, Any] = {"media": videos, "offset_ms": [0] * len(videos)}
        columns["group"] = [""] * len(videos)
        return pa.table(columns, _VIEWERS)
    try:
        read = csv.read_csv(path)
        rows = read.to_pylist()
        columns = {
            "media": [str(row["media"]) for row in rows],
            "offset_ms": [int(row.get("offset_ms") or 0) for row in rows],
            "group": [str(row.get("group") or "") for row in rows],
        }
    except (pa.ArrowInvalid, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path}: is no CSV with media, offset_ms, group ({error})") from error
    unknown = sorted(set(columns["media"]) - set(videos))
    if unknown:
        raise UsageError(f"{path}: names {unknown[0]}, which is no video of OUTPUT")
    if len(set(columns["media"])) < len(rows):
        raise UsageError(f"{path}: names a medium twice; a row for each is right")
    return pa.table(columns, _VIEWERS)


_VIEWERS = pa.schema([("media", pa.string()), ("offset_ms", pa.int64()), ("group", pa.string())])
