"""Opens the tables of a finished run in DuckDB, where a query can read these and nothing else."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from fer_core.errors import FerWarning, UsageError
from fer_core.records import TABLES, UNOPENED
from ferbeam.output.folder import Output
from ferbeam.output.read_tables import check_table_files, read_tables
from ferbeam.output.run_file import Run, load_run
from ferbeam.query.clear import CLEAR, LeftOut, count_unclear
from ferbeam.query.computed import add_functions
from ferbeam.query.corrections import (
    CORRECTIONS,
    KEPT_FACES,
    corrections_table,
    match_corrections,
    obeying,
)
from ferbeam.query.markers import MARKERS, markers_table, match_markers
from ferbeam.query.remembered import (
    CORRECTIONS_FILE,
    MARKERS_FILE,
    VIEWERS_FILE,
    find_sheet,
    remember,
)
from ferbeam.query.sheets import write_sheet
from ferbeam.query.viewers import (
    Videos,
    all_viewers,
    match_viewers,
    order_columns,
    tell_of_viewers,
    viewers_table,
)
from ferbeam.query.views import MACROS, TABLES_TELL, VIEWS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CONFIDENCE = 0.95
MOST_IN_MEMORY = 2_000_000
"""Rows of some 100 bytes that are read whole; every query on a data set opens its files again."""
LOCKED = (
    "SET temp_directory = ''",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
"""After these a query cannot write a file, read another, load an extension, or undo them."""


def open_tables(
    output: Output,
    viewers: Path | None = None,
    baseline_ms: tuple[int, int] | None = None,
    markers: Path | None = None,
    corrections: Path | None = None,
    only_clear: bool = False,
) -> DuckDBPyConnection:
    """Opens the tables that `run.json` lists, with the ready-made views.

    What of the viewers is left out is told as `FerWarning`. OUTPUT remembers lists that are given.

    Args:
        output: a finished OUTPUT, local or on a store.
        viewers: CSV with the column media, and offset_ms, viewer, viewer_group, rest and any more:
            only these videos are in the views `viewer_seconds` and `cohort`, where their time
            counts from `offset_ms`; `rest` is a medium that shows the viewer at rest, for the view
            `calibrated`. None for what OUTPUT remembers, else all videos from their start.
        baseline_ms: stretch of every video, first and last millisecond, in which faces are at rest,
            for the view `calibrated`; None for the quietest samples of each person. Viewers
            with a `rest` have that.
        markers: CSV with the columns name, start_ms, end_ms and condition: stretches of the
            stimulus. None for those that OUTPUT remembers, if any.
        corrections: CSV with the columns media, person_id, name and excluded: people of videos who
            have a name, or whom the views leave out. None likewise.
        only_clear: whether the views leave out faces that are turned away or blurred; how many is
            told as `FerWarning`.

    Raises:
        UsageError: OUTPUT holds no finished run, or a list or the stretch does not fit it.
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
    videos = list_videos(tables)
    who, what = _find_viewers(output, viewers, videos), _find_markers(output, markers)
    watching = viewers_table(who, videos)
    tables.register("viewers", watching)
    tables.register("markers", markers_table(what))
    mended = _find_corrections(output, corrections, videos)
    tables.register("corrections", corrections_table(mended))
    clear = f"WHERE {CLEAR}" if only_clear else ""
    tables.execute(f"CREATE VIEW kept_faces AS {KEPT_FACES} {clear}")
    if only_clear:
        _tell_unclear(count_unclear(tables))
    tables.register("at_rest", _media_at_rest(watching))
    tables.register("t_quantiles", _list_quantiles(len(videos.ends_ms)))
    tables.register("baseline", _baseline(baseline_ms))
    _check_rests(tables)
    add_functions(tables)
    for name, (sql, _) in VIEWS.items():
        if name in MACROS:
            tables.execute("CREATE MACRO {} AS TABLE {}".format(*map(obeying, MACROS[name])))
        tables.execute(f"CREATE VIEW {name} AS {obeying(sql)}")
    for statement in LOCKED:
        tables.execute(statement)
    if viewers is not None:
        remember(output, VIEWERS_FILE, write_sheet(order_columns(who), who))
    if markers is not None:
        remember(output, MARKERS_FILE, write_sheet(MARKERS.names, what))
    if corrections is not None:
        remember(output, CORRECTIONS_FILE, write_sheet(CORRECTIONS.names, mended))
    return tables


def _tell_unclear(left: LeftOut) -> None:
    """Says how much is left out for not being seen well."""
    share = 100 * left.left_out / max(1, left.faces)
    message = (
        f"only clear: {left.left_out:,} of {left.faces:,} faces ({share:.1f} %) are left out of "
        f"the views: {left.turned:,} turned aside, {left.blurred:,} blurred"
    )
    warnings.warn(message, FerWarning, stacklevel=3)


def list_videos(tables: DuckDBPyConnection) -> Videos:
    """Lists the videos of the tables, and what did not open."""
    opened = tables.execute(
        "SELECT media, duration_ms FROM media WHERE kind = 'video' ORDER BY media"
    ).fetchall()
    stages = ", ".join(f"'{stage}'" for stage in UNOPENED)
    failed = tables.execute(f"SELECT media FROM failures WHERE stage IN ({stages})").fetchall()
    return Videos(dict(opened), frozenset(name for (name,) in failed))


def _find_viewers(output: Output, given: Path | None, videos: Videos) -> list[dict[str, str]]:
    """Returns the viewers that are given or remembered, else one for each video."""
    sheet = find_sheet(output, VIEWERS_FILE, given)
    if sheet is None:
        return all_viewers(videos)
    rows = match_viewers(sheet, videos, remembered=given is None)
    tell_of_viewers(rows, videos)
    return rows


def _find_markers(output: Output, given: Path | None) -> list[dict[str, str]]:
    """Returns the markers that are given or remembered, else none."""
    sheet = find_sheet(output, MARKERS_FILE, given)
    return [] if sheet is None else match_markers(sheet)


def _find_corrections(output: Output, given: Path | None, videos: Videos) -> list[dict[str, str]]:
    """Returns the corrections that are given or remembered, else none."""
    sheet = find_sheet(output, CORRECTIONS_FILE, given)
    return [] if sheet is None else match_corrections(sheet, videos)


def write_viewers(output: Output) -> str:
    """Returns the list of viewers that OUTPUT remembers, else a list of its videos, as CSV.

    Raises:
        UsageError: OUTPUT holds no finished run.
    """
    with open_tables(output) as tables:
        rows = _find_viewers(output, None, list_videos(tables))
    return write_sheet(order_columns(rows), rows).decode()


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


def _check_rests(tables: DuckDBPyConnection) -> None:
    """Refuses a clip of the resting face that is none.

    Raises:
        UsageError: it is no medium of OUTPUT, or no face was found in it.
    """
    unknown = tables.execute(
        "SELECT rest FROM at_rest WHERE rest NOT IN (SELECT media FROM faces) ORDER BY rest"
    ).fetchone()
    if unknown is not None:
        raise UsageError(
            f"viewers: column rest: {unknown[0]} is no medium of this OUTPUT in which a "
            "face was found"
        )


def _list_quantiles(most: int) -> pa.Table:
    """Returns Student's t for the 95 % interval of a mean, by degrees of freedom."""
    from scipy.special import stdtrit

    freedom = np.arange(1, max(2, most))
    return pa.table({"freedom": freedom, "t": stdtrit(freedom, (1 + CONFIDENCE) / 2)})
