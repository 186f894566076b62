"""Writes what a query answers: a table for people, or CSV, JSON or Parquet."""

from __future__ import annotations

import csv
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from rich.markup import escape

from fer_core.errors import UsageError
from ferbeam.query.shown import print_answer
from ferbeam.query.views import TABLES_TELL, VIEWS
from ferbeam.text import json_text, open_console, printable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BATCH_ROWS = 10_000
ENDINGS = {".csv": "csv", ".json": "json", ".parquet": "parquet"}
EXAMPLES = (
    "SELECT media, track_id, positive, negative, surprise, coverage FROM summary",
    "SELECT media, second, mean_happy FROM per_second WHERE mean_happy > 0.8",
    "SELECT media, count(*) AS frames FROM frames WHERE status = 'no_face' GROUP BY media",
)


def choose_format(form: str | None, path: str | None) -> str:
    """Returns the format that was asked for, or that the ending of a file names.

    Raises:
        UsageError: the ending is not known, or Parquet would go to the terminal.
    """
    if path is None:
        if form == "parquet":
            raise UsageError("--format parquet: needs --to FILE")
        return form or "table"
    ending = Path(path).suffix.lower()
    if form is None and ending not in ENDINGS:
        raise UsageError(f"{path}: ends in none of {', '.join(ENDINGS)}; or add --format")
    return form or ENDINGS[ending]


def write_answer(tables: DuckDBPyConnection, sql: str, form: str, path: str | None) -> None:
    """Runs a query and writes its answer, to a file whole or not at all.

    Raises:
        UsageError: DuckDB refuses the query; with its reason.
    """
    with _answering(tables, sql) as answer:
        if form == "table":
            print_answer(answer)
        elif path is None:
            _write(answer, form, sys.stdout)
        else:
            with _whole_file(path, form) as file:
                _write(answer, form, file)


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
        yield relation.to_arrow_reader(BATCH_ROWS)
    except duckdb.Error as error:
        raise UsageError(f"query: {' '.join(str(error).split())}") from error


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


@contextmanager
def _whole_file(path: str, form: str) -> Iterator[Any]:
    """Gives a file to write that is put in place whole."""
    attempt = f"{path}.{uuid.uuid4().hex[:8]}.tmp"
    try:
        if form == "parquet":
            with open(attempt, "wb") as raw:
                yield raw
        else:
            with open(attempt, "w", encoding="utf-8", newline="") as text:
                yield text
        os.replace(attempt, path)
    finally:
        if os.path.exists(attempt):
            os.unlink(attempt)


def _write(answer: pa.RecordBatchReader, form: str, file: Any) -> None:
    if form == "csv":
        _write_csv(answer, file)
    elif form == "json":
        _write_json(answer, file)
    else:
        _write_parquet(answer, file)


def _write_csv(answer: pa.RecordBatchReader, file: IO[str]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    shown = _show_text if file.isatty() else _keep
    writer.writerow(map(shown, answer.schema.names))
    for batch in answer:
        columns = [map(shown, column.to_pylist()) for column in batch.columns]
        writer.writerows(zip(*columns, strict=True))


def _show_text(value: Any) -> Any:
    """Returns a value as a terminal may show it."""
    return printable(value) if isinstance(value, str) else value


def _keep(value: Any) -> Any:
    return value


def _write_json(answer: pa.RecordBatchReader, file: IO[str]) -> None:
    """Writes a list of objects, a row each."""
    begun = False
    for batch in answer:
        for row in batch.to_pylist():
            file.write(",\n" if begun else "[\n")
            file.write(json_text(row, indent=None))
            begun = True
    file.write("\n]\n" if begun else "[]\n")


def _write_parquet(answer: pa.RecordBatchReader, file: IO[bytes]) -> None:
    with pq.ParquetWriter(file, answer.schema, compression="zstd") as writer:
        for batch in answer:
            writer.write_batch(batch)
