"""The formats of tables: CSV, TSV, JSON, Parquet, Arrow and Excel, a batch of rows at a time."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from fer_core.errors import UsageError
from ferbeam.query.sheets import csv_writer
from ferbeam.text import json_text, printable

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

EXCEL_ROWS = 2**20
"""Rows of a sheet, its head among them."""
EXCEL_TEXT = 2**15 - 1
"""Letters of a cell."""
LEAST_WIDTH, MOST_WIDTH, FILTER_WIDTH = 6, 50, 3
"""Letters that a column of a sheet has room for, beside the button that filters it."""
Writer = Callable[[pa.RecordBatchReader, str], None]


def write_text(answer: pa.RecordBatchReader, form: str, file: IO[str]) -> None:
    """Writes an answer as CSV, TSV or JSON; on a terminal, letters as it may show them."""
    if form == "json":
        _write_json(answer, file)
        return
    writer = csv_writer(file, "\t" if form == "tsv" else ",")
    shown = _show_text if file.isatty() else _keep
    writer.writerow(map(shown, answer.schema.names))
    for row in _rows(answer):
        writer.writerow(map(shown, row))


def write_file(answer: pa.RecordBatchReader, form: str, path: str) -> None:
    """Writes an answer to a new file.

    Raises:
        UsageError: Excel does not hold so many rows.
    """
    if form in _BINARY:
        _BINARY[form](answer, path)
        return
    with open(path, "w", encoding="utf-8", newline="") as file:
        write_text(answer, form, file)


def _rows(answer: pa.RecordBatchReader) -> Iterable[tuple[Any, ...]]:
    for batch in answer:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _show_text(value: Any) -> Any:
    """Returns a value as a terminal may show it."""
    return printable(value) if isinstance(value, str) else value


def _keep(value: Any) -> Any:
    return value


def _write_json(answer: pa.RecordBatchReader, file: IO[str]) -> None:
    """Writes a list of objects, a row each."""
    begun = False
    for row in _rows(answer):
        file.write(",\n" if begun else "[\n")
        named = dict(zip(answer.schema.names, map(_finite, row), strict=True))
        file.write(json_text(named, indent=None))
        begun = True
    file.write("\n]\n" if begun else "[]\n")


def _finite(value: Any) -> Any:
    """Returns a value with null for each number that JSON has no word for."""
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    if isinstance(value, Decimal):  # what DuckDB makes of sums of whole numbers
        return int(value) if value == int(value) else float(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write_parquet(answer: pa.RecordBatchReader, path: str) -> None:
    with pq.ParquetWriter(path, answer.schema, compression="zstd") as writer:
        for batch in answer:
            writer.write_batch(batch)


def _write_arrow(answer: pa.RecordBatchReader, path: str) -> None:
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, answer.schema) as writer:
        for batch in answer:
            writer.write_batch(batch)


def _write_xlsx(answer: pa.RecordBatchReader, path: str) -> None:
    from xlsxwriter import Workbook

    # What looks like a formula or a link is text; a row is on the disk once the next begins.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    names, widths, number = answer.schema.names, [len(name) for name in answer.schema.names], 0
    with io.FileIO(path, "wb") as file, Workbook(file, options) as book:
        sheet = book.add_worksheet("ferbeam")
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, names, book.add_format({"bold": True}))
        for number, row in enumerate(_rows(answer), 1):
            if number == EXCEL_ROWS:
                raise UsageError(f"Excel holds {EXCEL_ROWS - 1:,} rows, these are more: write CSV")
            for at, value in enumerate(row):
                _write_cell(sheet, number, at, value)
                if isinstance(value, str):
                    widths[at] = max(widths[at], len(value))
        sheet.autofilter(0, 0, number, max(0, len(names) - 1))
        _set_widths(sheet, widths)


def _set_widths(sheet: Worksheet, widths: list[int]) -> None:
    for at, width in enumerate(widths):
        sheet.set_column(at, at, min(max(width, LEAST_WIDTH), MOST_WIDTH) + FILTER_WIDTH)


def _write_cell(sheet: Worksheet, row: int, column: int, value: Any) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, (int, float, Decimal)):
        if math.isfinite(value):
            sheet.write_number(row, column, value)
    elif value is not None:
        sheet.write_string(row, column, str(value)[:EXCEL_TEXT])


_BINARY: dict[str, Writer] = {
    "parquet": _write_parquet,
    "arrow": _write_arrow,
    "xlsx": _write_xlsx,
}
