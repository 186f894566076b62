"""Merges rows of media into a table file without ever holding more than a row group of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from ferbeam.output.folder import how_written
from ferbeam.output.table_parts import GROUP_ROWS

MOST_PIECES = 256
"""Tables of a few rows that are held side by side: each takes some kB however small it is."""
Rows = tuple[str, pa.Table]
"""A medium and its rows."""


def merge_rows(kept: Iterable[pa.Table], added: Iterable[Rows]) -> Iterator[pa.Table]:
    """Merges two sequences of rows by the names of their media.

    Args:
        kept: rows in order of their media, which may go on from one table to the next.
        added: the rows of each medium, in order; of none that is in `kept`.
    """
    waiting = iter(added)
    first = next(waiting, None)
    for table in kept:
        names, at = table["media"].to_pylist(), 0
        while first is not None and names and first[0] < names[-1]:
            end = bisect_right(names, first[0], at)
            yield table.slice(at, end - at)
            yield first[1]
            at, first = end, next(waiting, None)
        yield table.slice(at)
    if first is not None:
        yield first[1]
    yield from (rows for _, rows in waiting)


class RowWriter:
    """Writes rows into a Parquet file, in row groups of `GROUP_ROWS`.

    Args:
        path: of the file, on this machine.
        schema: of the table.

    Attributes:
        rows: how many were written.
    """

    def __init__(self, path: str, schema: pa.Schema) -> None:
        self._schema = schema
        self._file = pq.ParquetWriter(path, schema, **how_written(schema))
        self._pieces: list[pa.Table] = []
        self._held: list[pa.Table] = []
        self._held_rows = self.rows = 0

    def __enter__(self) -> RowWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._write(self._held_rows)
        self._file.close()

    def add(self, table: pa.Table) -> None:
        """Takes rows, and writes those that fill a row group."""
        if table.num_rows:
            self._pieces.append(table)
            self._held_rows += table.num_rows
            if len(self._pieces) >= MOST_PIECES:
                self._join_pieces()
            if self._held_rows >= GROUP_ROWS:
                self._write(self._held_rows // GROUP_ROWS * GROUP_ROWS)

    def _join_pieces(self) -> None:
        if self._pieces:
            self._held.append(self._joined(self._pieces))
            self._pieces = []

    def _joined(self, tables: list[pa.Table]) -> pa.Table:
        parts = [table.replace_schema_metadata(None) for table in tables]
        return pa.concat_tables(parts).combine_chunks().cast(self._schema)

    def _write(self, count: int) -> None:
        if count:
            self._join_pieces()
            held = self._joined(self._held)
            self._file.write_table(held.slice(0, count), row_group_size=GROUP_ROWS)
            rest = held.slice(count)
            self._held, self._held_rows = [rest] * bool(rest.num_rows), rest.num_rows
            self.rows += count
