"""Writes what a query answers: a table for people, or a file in one of many formats."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
from rich.markup import escape

from fer_core.errors import UsageError
from ferbeam.output.folder import Output
from ferbeam.query.formats import write_file, write_text
from ferbeam.query.shown import print_answer
from ferbeam.query.targets import refuse_own_files, whole_file
from ferbeam.query.views import TABLES_TELL, VIEWS
from ferbeam.text import open_console

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BATCH_ROWS = 10_000
FORMATS = ("csv", "tsv", "xlsx", "json", "parquet", "arrow")
"""Of tables, named as the files that hold them end."""
IN_FILES = ("xlsx", "parquet", "arrow")
"""No text: not for a terminal."""
EXAMPLES = (
    "SELECT media, track_id, positive, negative, surprise, coverage FROM summary",
    "SELECT media, second, mean_happy FROM per_second WHERE mean_happy > 0.8",
    "SELECT media, count(*) AS frames FROM frames WHERE status = 'no_face' GROUP BY media",
)


def choose_format(form: str | None, path: str | None, output: Output) -> str:
    """Returns the format that was asked for, or that the ending of a file names.

    Raises:
        UsageError: the ending is not known, what is no text would go to the terminal, or the file
            would lie among those of the run.
    """
    if path is None:
        if form in IN_FILES:
            raise UsageError(f"--format {form}: needs --to FILE")
        return form or "table"
    refuse_own_files(output, path)
    ending = Path(path).suffix.lower().removeprefix(".")
    if form is None and ending not in FORMATS:
        raise UsageError(f"{path}: ends in none of .{', .'.join(FORMATS)}; or add --format")
    return form or ending


def write_answer(tables: DuckDBPyConnection, sql: str, form: str, path: str | None) -> None:
    """Runs a query and writes its answer, to a file whole or not at all.

    Raises:
        UsageError: DuckDB refuses the query; with its reason.
    """
    with _answering(tables, sql) as answer:
        if form == "table":
            print_answer(answer)
        elif path is None:
            write_text(answer, form, sys.stdout)
        else:
            with whole_file(path) as attempt:
                write_file(answer, form, attempt)


def read_answer(tables: DuckDBPyConnection, sql: str) -> pa.Table:
    """Runs a query and returns its whole answer.

    Raises:
        UsageError: DuckDB refuses the query; with its reason.
    """
    with _answering(tables, sql) as answer:
        return answer.read_all()


@contextmanager
def _answering(tables: DuckDBPyConnection, sql: str) -> Iterator[pa.RecordBatchReader]:
    """Runs a query; its answer comes batch by batch within the block.

    Raises:
        UsageError: DuckDB refuses the query, before or within the block; with its reason.
    """
    try:
        relation = tables.sql(sql)
        if relation is None:
            raise UsageError("query: has no answer; SELECT ... FROM faces has one")
        yield _name_apart(relation.to_arrow_reader(BATCH_ROWS))
    except duckdb.Error as error:
        raise UsageError(f"query: {' '.join(str(error).split())}") from error


def _name_apart(answer: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """Numbers the later ones of columns of one name, as DuckDB does in its tables: a, a_1.

    JSON would keep the last one only, and no program opens such a Parquet file.
    """
    names: list[str] = []
    for name in answer.schema.names:
        names.append(next(each for each in _numbered(name) if each not in names))
    if names == answer.schema.names:
        return answer
    schema = pa.schema(
        [field.with_name(name) for field, name in zip(answer.schema, names, strict=True)]
    )
    return pa.RecordBatchReader.from_batches(
        schema, (batch.rename_columns(names) for batch in answer)
    )


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}_{number}" for number in count(1))


def print_views(tables: DuckDBPyConnection) -> None:
    """Prints the tables and views with their columns, and some queries to begin with."""
    console = open_console()
    for name, tells in {
        **TABLES_TELL,
        **{name: tells for name, (_, tells) in VIEWS.items()},
    }.items():
        columns = [row[0] for row in tables.execute(f"DESCRIBE {name}").fetchall()]
        console.print(f"[bold]{name}[/bold]: {escape(tells)}\n  {escape(', '.join(columns))}")
    console.print("\nfor example:")
    for example in EXAMPLES:
        console.print(f"  {escape(example)}", soft_wrap=True)
