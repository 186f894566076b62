"""How a terminal shows an answer: in columns that fit, the middle ones left out, as DuckDB does."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator

import pyarrow as pa
from rich.cells import cell_len, set_cell_size

from ferbeam.text import printable

SHOWN_ROWS = 100
DIGITS = 3
"""Decimals that are shown; files hold all."""
BETWEEN = "  "
NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
LEFT_OUT = "…"

Column = list[str]
"""Its name and its cells, all of one width."""


def print_answer(answer: pa.RecordBatchReader) -> None:
    """Prints the first rows of an answer, and how many more there are.

    On a terminal, columns that have no room are left out of the middle; elsewhere all are there.
    """
    table, count = _read_first(answer)
    columns = [_lay_out(table, at) for at in range(table.num_columns)]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    fitting = columns if width is None else fit_columns(columns, width)
    for row in zip(*fitting, strict=True):
        print(BETWEEN.join(row).rstrip())  # noqa: T201
    if len(fitting) < len(columns):
        shown = len(fitting) - 1
        print(f"{len(columns)} columns ({shown} shown); --to FILE.csv writes all")  # noqa: T201
    if count > SHOWN_ROWS:
        print(f"... and {count - SHOWN_ROWS:,} more rows; --to FILE.csv writes all")  # noqa: T201


def fit_columns(columns: list[Column], width: int) -> list[Column]:
    """Leaves columns out of the middle, a narrow one in their place, until a line has room.

    Args:
        columns: all; one that is wider than half the line is cut to that.
        width: cells of a line.
    """
    columns = [_cut(column, max(8, width // 2 - 4)) for column in columns]
    if _width_of(columns) <= width:
        return columns
    gap = [LEFT_OUT] * len(columns[0])
    room = width - _width_of([columns[0], gap])
    first, left = columns[:1], columns[1:]
    last: list[Column] = []
    for way in _from_both_ends(columns, room):
        (last if way else first).append(left.pop(way))
    return [*first, gap, *reversed(last)]


def _from_both_ends(columns: list[Column], room: int) -> Iterator[int]:
    """Yields -1 for the last of the columns that are left, 0 for the first, as long as they fit."""
    ways, left = [-1, 0], columns[1:]
    while ways and left:
        way = ways.pop(0)
        taken = cell_len(left[way][0]) + len(BETWEEN)
        if taken <= room:
            room -= taken
            left.pop(way)
            ways.append(way)
            yield way


def _width_of(columns: list[Column]) -> int:
    return sum(cell_len(column[0]) for column in columns) + len(BETWEEN) * (len(columns) - 1)


def _cut(column: Column, most: int) -> Column:
    """Cuts the cells of a column that is wider, and says so at the end of each that is."""
    return [_cut_cell(cell, most) for cell in column] if cell_len(column[0]) > most else column


def _cut_cell(cell: str, most: int) -> str:
    if cell_len(cell.strip()) <= most:
        return set_cell_size(cell.strip(), most)
    return set_cell_size(cell, most - 1) + LEFT_OUT


def _read_first(answer: pa.RecordBatchReader) -> tuple[pa.Table, int]:
    """Returns the first rows, and the number of all."""
    kept, count = [pa.Table.from_batches([], answer.schema)], 0
    for batch in answer:
        kept.append(pa.Table.from_batches([batch.slice(0, max(0, SHOWN_ROWS - count))]))
        count += batch.num_rows
    return pa.concat_tables(kept), count


def _lay_out(table: pa.Table, at: int) -> Column:
    """Writes a column, numbers to the right."""
    cells = [printable(table.column_names[at]), *map(_show, table[at].to_pylist())]
    width = max(map(cell_len, cells))
    kind = table.schema[at].type
    right = any(ask(kind) for ask in NUMBERS)
    return [_pad(cell, width, right) for cell in cells]


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - cell_len(text))
    return space + text if right else text + space


def _show(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.{DIGITS}f}" if isinstance(value, float) else printable(str(value))
