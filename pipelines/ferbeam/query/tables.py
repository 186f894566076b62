"""Opens the tables of a finished run in DuckDB, where a query can read these and nothing else."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from fer_core.errors import FerWarning, UsageError
from fer_core.records import TABLES, UNOPENED
from ferbeam.guard.scratch import Scratch
from ferbeam.output.folder import Output
from ferbeam.output.read_tables import check_table_files, copy_table_files, read_tables
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
from ferbeam.query.sheets import MOST_WHOLE, write_sheet
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

MOST_IN_MEMORY = 50_000
"""Rows of some 100 bytes that are read whole."""
MOST_COPIED = 20_000_000
"""Rows up to which DuckDB reads a copy of the table's files, and of them only what a query asks
for; a local table that is larger yet, some gigabytes, is read where it lies, by Arrow."""
LOCKED = (
    "SET temp_directory = ''",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
"""After these a query cannot write a file, read another, load an extension, or undo them."""
_AT_REST = pa.schema([("media", pa.string()), ("rest", pa.string())])
ALL_VIEWERS = """
SELECT media, media AS viewer, '' AS viewer_group, 0::BIGINT AS offset_ms
FROM media WHERE kind = 'video' ORDER BY media
"""
"""A viewer for each video, who sees the stimulus from its start."""


@contextmanager
def open_tables(
    output: Output,
    viewers: Path | None = None,
    baseline_ms: tuple[int, int] | None = None,
    markers: Path | None = None,
    corrections: Path | None = None,
    only_clear: bool = False,
) -> Iterator[DuckDBPyConnection]:
    """Opens the tables that `run.json` lists, with the ready-made views, for a block.

    What of the viewers is left out is told as `FerWarning`. OUTPUT remembers lists that are given.

    Args:
        output: a finished OUTPUT, local or on a store.
        viewers: CSV with the column media, and offset_ms, viewer, viewer_group, rest and any more:
            only these videos are in the views `viewer_seconds` and `cohort`, where their time
            counts from `offset_ms`; `rest` is a medium that shows the viewer at rest, for the view
            `calibrated`. None for what OUTPUT remembers, else all videos from their start.
        baseline_ms: stretch of every video, first and last millisecond, in which faces are at rest,
            for the view `calibrated`; None for the quietest samples of each followed face. Viewers
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
    if baseline_ms is not None and not 0 <= baseline_ms[0] <= baseline_ms[1] <= MOST_WHOLE:
        raise UsageError(
            f"baseline {baseline_ms[0]} to {baseline_ms[1]} ms: is no stretch of a video"
        )
    run = load_run(output)
    config = {
        "python_enable_replacements": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with ExitStack() as left, duckdb.connect(config=config) as tables:
        copies = [path for name in TABLES for path in _show_table(tables, output, run, name, left)]
        videos = cache(partial(list_videos, tables))
        who, what = _find_viewers(output, viewers, videos), _find_markers(output, markers)
        _show_viewers(tables, who, videos)
        tables.register("markers", markers_table(what))
        mended = _find_corrections(output, corrections, videos)
        tables.register("corrections", corrections_table(mended))
        _show_kept(tables, any(row["excluded"] == "1" for row in mended), only_clear)
        if only_clear:
            _tell_unclear(count_unclear(tables))
        first, last = baseline_ms or ("NULL", "NULL")
        rest = f"{first}::BIGINT AS from_ms, {last}::BIGINT AS to_ms"
        tables.execute(f"CREATE VIEW baseline AS SELECT {rest}")
        add_functions(tables)
        for name, (sql, _) in VIEWS.items():
            if name in MACROS:
                tables.execute("CREATE MACRO {} AS TABLE {}".format(*map(obeying, MACROS[name])))
            tables.execute(f"CREATE VIEW {name} AS {obeying(sql)}")
        for statement in (f"SET allowed_paths = [{_quoted(copies)}]", *LOCKED):
            tables.execute(statement)
        if viewers is not None and who is not None:
            remember(output, VIEWERS_FILE, write_sheet(order_columns(who), who))
        if markers is not None:
            remember(output, MARKERS_FILE, write_sheet(MARKERS.names, what))
        if corrections is not None:
            remember(output, CORRECTIONS_FILE, write_sheet(CORRECTIONS.names, mended))
        yield tables


def _show_table(
    tables: DuckDBPyConnection, output: Output, run: Run, name: str, left: ExitStack
) -> list[str]:
    """Makes a table known: read whole, as copies of its files, or where it lies.

    Whatever a query does, it does to a copy; and what it reads stays as it was checked, also where
    another run is put in place meanwhile.

    Returns:
        The copies, which go when the tables are left.
    """
    if run.rows[name] <= MOST_IN_MEMORY:
        tables.register(name, read_tables(output, run, name))
    elif output.is_local and run.rows[name] > MOST_COPIED:
        import pyarrow.dataset as ds  # which loads pandas where that is installed

        schema, files = TABLES[name].remove_metadata(), check_table_files(output, run, name)
        tables.register(name, ds.dataset(files, schema, format="parquet"))
    else:
        scratch = Scratch()
        left.callback(scratch.remove)
        copies = copy_table_files(output, run, name, scratch.path)
        tables.execute(f"CREATE VIEW {name} AS FROM read_parquet([{_quoted(copies)}])")
        return copies
    return []


def _show_kept(tables: DuckDBPyConnection, excluded: bool, only_clear: bool) -> None:
    """Makes known which faces the views read, and the frames in which there are any."""
    faces, clear = KEPT_FACES if excluded else "FROM faces", f"WHERE {CLEAR}" if only_clear else ""
    of_kept = "SELECT DISTINCT media, frame_index FROM kept_faces"
    of_all = "SELECT media, frame_index FROM frames WHERE face_count > 0"
    tables.execute(f"CREATE VIEW kept_faces AS {faces} {clear}")
    tables.execute(f"CREATE VIEW kept_frames AS {of_kept if excluded or only_clear else of_all}")


def _quoted(paths: Sequence[str]) -> str:
    """Returns paths as a list of strings in SQL."""
    return ", ".join("'" + path.replace("'", "''") + "'" for path in paths)


def _show_viewers(
    tables: DuckDBPyConnection, who: list[dict[str, str]] | None, videos: Callable[[], Videos]
) -> None:
    """Makes known who watches in which video, and which medium shows them at rest.

    Raises:
        UsageError: none of the videos opened, or no face was found in what shows one at rest.
    """
    if who is None:
        tables.execute(f"CREATE VIEW viewers AS {ALL_VIEWERS}")
        tables.register("at_rest", pa.Table.from_batches([], _AT_REST))
        return
    watching = viewers_table(who, videos())
    tables.register("viewers", watching)
    tables.register("at_rest", _media_at_rest(watching))
    _check_rests(tables)


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


def _find_viewers(
    output: Output, given: Path | None, videos: Callable[[], Videos]
) -> list[dict[str, str]] | None:
    """Returns the viewers that are given or remembered; None without a list."""
    sheet = find_sheet(output, VIEWERS_FILE, given)
    if sheet is None:
        return None
    rows = match_viewers(sheet, videos(), remembered=given is None)
    tell_of_viewers(rows, videos())
    return rows


def _find_markers(output: Output, given: Path | None) -> list[dict[str, str]]:
    """Returns the markers that are given or remembered, else none."""
    sheet = find_sheet(output, MARKERS_FILE, given)
    return [] if sheet is None else match_markers(sheet)


def _find_corrections(
    output: Output, given: Path | None, videos: Callable[[], Videos]
) -> list[dict[str, str]]:
    """Returns the corrections that are given or remembered, else none."""
    sheet = find_sheet(output, CORRECTIONS_FILE, given)
    return [] if sheet is None else match_corrections(sheet, videos())


def write_viewers(output: Output) -> str:
    """Returns the list of viewers that OUTPUT remembers, else a list of its videos, as CSV.

    Raises:
        UsageError: OUTPUT holds no finished run.
    """
    with open_tables(output) as tables:
        videos = cache(partial(list_videos, tables))
        rows = _find_viewers(output, None, videos)
        rows = all_viewers(videos()) if rows is None else rows
    return write_sheet(order_columns(rows), rows).decode()


def check_view(name: str) -> None:
    """Refuses what is no table and no view.

    Raises:
        UsageError: with those that there are.
    """
    known = [*TABLES_TELL, *VIEWS]
    if name not in known:
        raise UsageError(f"view {name}: is not known; {', '.join(known)} are")


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
