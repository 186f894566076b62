"""Opens the tables of a finished run in DuckDB, where a query can read these and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from fer_core.errors import UsageError
from fer_core.records import TABLES
from ferbeam.output.folder import Output
from ferbeam.output.read_tables import check_table_files, read_tables
from ferbeam.output.run_file import Run, load_run
from ferbeam.query.views import TABLES_TELL, VIEWS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CONFIDENCE = 0.95
MOST_IN_MEMORY = 2_000_000
"""Rows of some 100 bytes that are read whole; every query on a data set opens its files again."""
VIEWERS = pa.schema([("media", pa.string()), ("offset_ms", pa.int64()), ("group", pa.string())])
"""Columns that `--viewers FILE.csv` has; its `group` is `viewer_group`, as SQL knows the other."""
LOCKED = (
    "SET temp_directory = ''",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
"""After these a query cannot write a file, read another, load an extension, or undo them."""


def open_tables(
    output: Output, viewers: Path | None = None, baseline_ms: tuple[int, int] | None = None
) -> DuckDBPyConnection:
    """Opens the tables that `run.json` lists, with the ready-made views.

    Args:
        output: a finished OUTPUT, local or on a store.
        viewers: CSV with the columns media, offset_ms and group, and any more: only these videos
            are in the view `cohort`, where their time counts from `offset_ms`. One of these may be
            `rest`: a medium of OUTPUT that shows the viewer at rest, for the view `calibrated`.
            None for all videos from their start.
        baseline_ms: stretch of every video, first and last millisecond, in which faces are at rest,
            for the view `calibrated`; None for the quietest samples of each followed face. Viewers
            with a `rest` have that.

    Raises:
        UsageError: OUTPUT holds no finished run, or the CSV or the stretch does not fit it.
    """
    if baseline_ms is not None and not 0 <= baseline_ms[0] <= baseline_ms[1]:
        raise UsageError(
            f"baseline {baseline_ms[0]} to {baseline_ms[1]} ms: is no stretch of a video"
        )
    run = load_run(output)
    tables = duckdb.connect(
        config={
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    for name in TABLES:
        tables.register(name, _open_table(output, run, name))
    videos = tables.execute("SELECT media FROM media WHERE kind = 'video' ORDER BY media")
    names = [str(name) for (name,) in videos.fetchall()]
    chosen = _all_viewers(names) if viewers is None else _read_viewers(viewers, names)
    tables.register("viewers", chosen)
    tables.register("at_rest", _media_at_rest(chosen))
    tables.register("t_quantiles", _list_quantiles(len(names)))
    tables.register("baseline", _baseline(baseline_ms))
    _check_rests(tables, viewers)
    for name, (sql, _) in VIEWS.items():
        tables.execute(f"CREATE VIEW {name} AS {sql}")
    for statement in LOCKED:
        tables.execute(statement)
    return tables


def check_view(name: str) -> None:
    """Refuses what is no table and no view.

    Raises:
        UsageError: with those that there are.
    """
    known = [*TABLES_TELL, *VIEWS]
    if name not in known:
        raise UsageError(f"view {name}: is not known; {', '.join(known)} are")


def _open_table(output: Output, run: Run, name: str) -> Any:
    """Returns a table: read whole, or as a data set where it is local and very large."""
    if not output.is_local or run.rows[name] <= MOST_IN_MEMORY:
        return read_tables(output, run, name)
    schema = TABLES[name].remove_metadata()
    return ds.dataset(check_table_files(output, run, name), schema, format="parquet")


def _baseline(stretch: tuple[int, int] | None) -> pa.Table:
    """Returns the one row that says when faces are at rest, null where they themselves say it."""
    first, last = stretch or (None, None)
    times = {"from_ms": pa.array([first], pa.int64()), "to_ms": pa.array([last], pa.int64())}
    return pa.table(times)


def _media_at_rest(viewers: pa.Table) -> pa.Table:
    """Returns which medium shows the viewer of a video at rest, for those that name one."""
    rests = viewers["rest"] if "rest" in viewers.column_names else pa.nulls(len(viewers))
    table = pa.table({"media": viewers["media"], "rest": rests.cast(pa.string())})
    return table.filter(pc.fill_null(pc.not_equal(table["rest"], ""), False))


def _check_rests(tables: DuckDBPyConnection, viewers: Path | None) -> None:
    """Refuses a clip of the resting face that is none.

    Raises:
        UsageError: it is no medium of OUTPUT, or no face was found in it.
    """
    unknown = tables.execute(
        "SELECT rest FROM at_rest WHERE rest NOT IN (SELECT media FROM faces) ORDER BY rest"
    ).fetchone()
    if unknown is not None:
        raise UsageError(
            f"viewers {viewers}: column rest: {unknown[0]} is no medium of this OUTPUT in which a "
            "face was found"
        )


def _all_viewers(names: list[str]) -> pa.Table:
    columns = {"media": names, "offset_ms": [0] * len(names), "group": [""] * len(names)}
    return _name_viewers(pa.table(columns, VIEWERS))


def _name_viewers(table: pa.Table) -> pa.Table:
    """Returns the viewers with names: of their own, else those of their videos."""
    renamed = {"group": "viewer_group"}
    table = table.rename_columns([renamed.get(name, name) for name in table.column_names])
    if "viewer" in table.column_names:
        return table
    return table.append_column("viewer", table["media"])


def _read_viewers(path: Path, names: list[str]) -> pa.Table:
    """Reads and checks a CSV of viewers.

    Raises:
        UsageError: a column is missing, or a row does not fit.
    """
    from pyarrow import csv

    types = {field.name: field.type for field in VIEWERS} | {"rest": pa.string()}
    options = csv.ConvertOptions(column_types=types, strings_can_be_null=False)
    try:
        table = csv.read_csv(path, convert_options=options)
    except (OSError, pa.ArrowInvalid) as error:
        raise UsageError(f"viewers {path}: cannot be read: {error}") from error
    missing = [name for name in VIEWERS.names if name not in table.column_names]
    if missing:
        raise UsageError(
            f"viewers {path}: has no column {', '.join(missing)}; media, offset_ms and group are "
            "needed"
        )
    given = table["media"].to_pylist()
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise UsageError(f"viewers {path}: {unknown[0]} is no video of this OUTPUT")
    twice = [name for name in set(given) if given.count(name) > 1]
    if twice:
        raise UsageError(f"viewers {path}: {min(twice)} has two rows; each video has one viewer")
    if table["offset_ms"].null_count:
        raise UsageError(f"viewers {path}: a row has no offset_ms; 0 is the start of the video")
    return _name_viewers(table)


def _list_quantiles(most: int) -> pa.Table:
    """Returns Student's t for the 95 % interval of a mean, by degrees of freedom."""
    from scipy.special import stdtrit

    freedom = np.arange(1, max(2, most))
    return pa.table({"freedom": freedom, "t": stdtrit(freedom, (1 + CONFIDENCE) / 2)})
