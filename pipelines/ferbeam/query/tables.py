"""Opens the tables of a finished run in DuckDB, where a query can read these and nothing else."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from fer_core.errors import FerWarning, UsageError
from fer_core.records import TABLES, UNOPENED
from ferbeam.guard.scratch import Scratch
from ferbeam.output.folder import Output
from ferbeam.output.one_run import read_one_run
from ferbeam.output.read_tables import copy_table_files, open_table_files, read_tables
from ferbeam.output.run_file import Run
from ferbeam.query.clear import CLEAR, LeftOut, count_unclear
from ferbeam.query.computed import add_functions
from ferbeam.query.corrections import LEFT, corrections_table, obeying
from ferbeam.query.markers import markers_table
from ferbeam.query.namesakes import OF_ONE_NAME, find_namesakes
from ferbeam.query.sheets import write_sheet
from ferbeam.query.study import Study, read_lists, read_viewers, remember_lists
from ferbeam.query.viewers import Videos, all_viewers, order_columns, viewers_table
from ferbeam.query.views import MACROS, TABLES_TELL, VIEWS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_IN_MEMORY = 50_000
"""Rows of some 100 bytes that are read whole."""
MOST_COPIED = 20_000_000
"""Rows up to which DuckDB reads a copy of the table's files, and of them only what a query asks
for; a local table that is larger yet, some gigabytes, is read where it lies, by Arrow."""
NO_STUDY = Study()
ALONE = {
    "python_enable_replacements": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
"""Nothing is looked for outside the database."""
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
    output: Output, study: Study = NO_STUDY, only: Collection[str] = VIEWS
) -> Iterator[DuckDBPyConnection]:
    """Opens the tables that `run.json` lists, with the ready-made views, for a block.

    What is left out, of the viewers and by `only_clear`, is told as `FerWarning`. OUTPUT remembers
    lists that are given.

    Args:
        output: a finished OUTPUT, local or on a store.
        study: what the views are asked with.
        only: the views that are made, of VIEWS, with those that they read.

    Raises:
        UsageError: OUTPUT holds no finished run, or a list does not fit it.
        TryLaterError: other runs are put in place all the time.
    """
    with ExitStack() as left:
        tables, copies = read_one_run(output, partial(_show_tables, output, left))
        videos = cache(partial(list_videos, tables))
        lists = read_lists(output, study, videos)
        _show_viewers(tables, lists.viewers, videos)
        tables.register("markers", markers_table(lists.markers))
        tables.register("corrections", corrections_table(lists.corrections))
        excluded = any(row["excluded"] == "1" for row in lists.corrections)
        _show_kept(tables, excluded, study.only_clear)
        if study.only_clear:
            _tell_unclear(count_unclear(tables))
        _show_views(tables, study.baseline_ms, only)
        for statement in (f"SET allowed_paths = [{_quoted(copies)}]", *LOCKED):
            tables.execute(statement)
        remember_lists(output, study, lists)
        yield tables


def _show_views(
    tables: DuckDBPyConnection, baseline_ms: tuple[int, int] | None, only: Collection[str]
) -> None:
    """Makes views, and what they need."""
    first, last = baseline_ms or ("NULL", "NULL")
    rest = f"{first}::BIGINT AS from_ms, {last}::BIGINT AS to_ms"
    tables.execute(f"CREATE VIEW baseline AS SELECT {rest}")
    add_functions(tables)
    for name, (sql, _) in VIEWS.items():
        if name not in only:
            continue
        if name in MACROS:
            tables.execute("CREATE MACRO {} AS TABLE {}".format(*map(obeying, MACROS[name])))
        tables.execute(f"CREATE VIEW {name} AS {obeying(sql)}")


def _show_tables(output: Output, left: ExitStack, run: Run) -> tuple[DuckDBPyConnection, list[str]]:
    """Makes the tables of a run known to a DuckDB of their own; returns it, and the copies."""
    tables = left.enter_context(duckdb.connect(config=ALONE))
    return tables, [
        path for name in TABLES for path in _show_table(tables, output, run, name, left)
    ]


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

        parquet, schema = ds.ParquetFileFormat(), TABLES[name].remove_metadata()
        files = map(parquet.make_fragment, open_table_files(output, run, name))
        tables.register(name, ds.FileSystemDataset(list(files), schema, parquet))
    else:
        scratch = Scratch()
        left.callback(scratch.remove)
        copies = copy_table_files(output, run, name, scratch.path)
        tables.execute(f"CREATE VIEW {name} AS FROM read_parquet([{_quoted(copies)}])")
        return copies
    return []


def _show_kept(tables: DuckDBPyConnection, excluded: bool, only_clear: bool) -> None:
    """Makes known which faces the views read, and the frames in which there are any."""
    every = OF_ONE_NAME if find_namesakes(tables) else "FROM faces"
    left, clear = LEFT if excluded else "", f"WHERE {CLEAR}" if only_clear else ""
    of_kept = "SELECT DISTINCT media, frame_index FROM kept_faces"
    of_all = "SELECT media, frame_index FROM frames WHERE face_count > 0"
    tables.execute(f"CREATE VIEW kept_faces AS SELECT * FROM ({every}) {left} {clear}")
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


def write_viewers(output: Output) -> str:
    """Returns the list of viewers that OUTPUT remembers, else a list of its videos, as CSV.

    Raises:
        UsageError: OUTPUT holds no finished run.
    """
    with open_tables(output) as tables:
        videos = cache(partial(list_videos, tables))
        rows = read_viewers(output, NO_STUDY, videos)
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
