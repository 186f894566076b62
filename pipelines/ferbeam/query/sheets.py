"""Reads CSV files as spreadsheets write them: any separator, encoding and decimal sign."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import pyarrow as pa
from pyarrow import csv as arrow_csv

from fer_core.errors import UsageError

SEPARATORS = ",;\t|"
MOST_BYTES = 64 * 2**20
MOST_WHOLE = 2**53
CRLF = "\r\n"
_SPACES = re.compile(r"[\s'\u2019]")
_GROUPED = re.compile(r"[+-]?\d{1,3}([.,]\d{3})+")
_PLAIN = re.compile(r"[+-]?\d+(\.\d+)?")


@dataclass(frozen=True)
class Sheet:
    """The rows of a CSV file.

    Attributes:
        what: names the file in messages.
        columns: in small letters, `_` for spaces.
        rows: of each its values by column.
        decimal: sign before the decimals: `,` where columns are not separated by it.
    """

    what: str
    columns: list[str]
    rows: list[dict[str, str]]
    decimal: str

    def whole(self, row: dict[str, str], column: str, most: int = MOST_WHOLE) -> int:
        """Returns a whole number, rounded.

        Raises:
            UsageError: there is none, it can be read in two ways, or is more than `most`.
        """
        text = _SPACES.sub("", row[column])
        grouped = _GROUPED.fullmatch(text)
        if grouped and (grouped[1][0] == "," or self.decimal == ","):
            raise UsageError(
                f"{self.what}: {column} {row[column]!r} can be read in two ways; "
                "write it without thousands separators"
            )
        sign = max(text.rfind(","), text.rfind("."))
        plain = re.sub("[.,]", "", text[:sign]) + "." + text[sign + 1 :] if sign >= 0 else text
        if not _PLAIN.fullmatch(plain):
            raise UsageError(f"{self.what}: {column} {row[column]!r} is no number")
        if not abs(number := float(plain)) <= most:
            raise UsageError(f"{self.what}: {column} {row[column]!r} is more than {most}")
        return round(number)


def read_sheet(path: Path, what: str) -> Sheet:
    """Reads a CSV file.

    Args:
        path: the file.
        what: what it is called in messages, before its path.

    Raises:
        UsageError: it cannot be read, is empty, or a column comes twice.
    """
    return parse_sheet(read_file(path, what), f"{what} {path}")


def read_file(path: Path, what: str) -> bytes:
    """Reads a file of the user's.

    Raises:
        UsageError: it cannot be read, or is larger than MOST_BYTES.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{what} {path}: cannot be read: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise UsageError(f"{what} {path}: is larger than {MOST_BYTES >> 20} MiB")
    return data


def parse_sheet(data: bytes, what: str) -> Sheet:
    """Takes the bytes of a CSV file apart.

    Raises:
        UsageError: it is empty, or a column comes twice.
    """
    text = decode_text(data)
    first, _, rest = text.lstrip("\r\n").partition("\n")
    if first.strip().lower().startswith("sep="):  # Excel's own way to say it
        separator, text = first.strip()[4:5] or "\t", rest
    else:
        separator = max(SEPARATORS, key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        cells = [[cell.strip() for cell in line] for line in lines]
    except csv.Error as error:
        raise UsageError(f"{what}: cannot be read: {error}") from error
    header, *rows = [line for line in cells if any(line)] or [[]]
    columns = [re.sub(r"\s+", "_", name.casefold()) for name in header]
    twice = [name for name, count in Counter(columns).items() if count > 1 and name]
    if twice or not any(columns):
        reason = f"the column {twice[0]} comes twice" if twice else "is empty"
        raise UsageError(f"{what}: {reason}")
    decimal = "." if separator == "," else ","
    named = [dict(zip(columns, line + [""] * len(columns), strict=False)) for line in rows]
    kept = [name for name in columns if name]
    return Sheet(what, kept, [{name: row[name] for name in kept} for row in named], decimal)


def write_sheet(columns: list[str], rows: list[dict[str, str]]) -> bytes:
    """Returns rows as a plain CSV file: UTF-8, commas."""
    file = io.StringIO(newline="")
    writer = csv_writer(file)
    writer.writerow(columns)
    writer.writerows([row[name] for name in columns] for row in rows)
    return file.getvalue().encode()


def csv_writer(file: IO[str], delimiter: str = ",") -> Any:
    """Returns what writes rows, each a line that ends as on Unix."""
    # Line ends in a value are quoted only where they are also written: here both of them are.
    lines = SimpleNamespace(write=lambda line: file.write(f"{line.removesuffix(CRLF)}\n"))
    return csv.writer(lines, delimiter=delimiter, lineterminator=CRLF)


def sheet_table(columns: list[str], rows: list[dict[str, str]], types: Any) -> pa.Table:
    """Returns rows as a table of a schema, or with types by name and else what they look like.

    By the way of CSV, for a column that is made of a list imports pandas where that is installed.
    """
    alone = arrow_csv.ReadOptions(use_threads=False)  # see `open_checked`
    options = arrow_csv.ConvertOptions(column_types=types, strings_can_be_null=False)
    parsing = arrow_csv.ParseOptions(newlines_in_values=True)
    data = io.BytesIO(write_sheet(columns, rows))
    return arrow_csv.read_csv(data, alone, parsing, options)


def decode_text(data: bytes) -> str:
    """Returns text of UTF-8, UTF-16 with its mark, or else what Windows writes in the West."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
