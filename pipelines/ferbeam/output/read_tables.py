"""Reads the table files of an OUTPUT, each checked before anything of it is decoded."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256

import pyarrow as pa

from fer_core.records import SPAN, TABLES
from ferbeam.output.checked_files import LeadsOutError, measure_checked, read_checked
from ferbeam.output.checked_parquet import OtherSchemaError, open_checked, plain_table, read_parquet
from ferbeam.output.damage import DamageError
from ferbeam.output.folder import Folder, Output
from ferbeam.output.row_file import decode_rows
from ferbeam.output.run_file import RUN_FILE, RunTables
from ferbeam.output.table_parts import NEXT, kept_file

MOST_BYTES = 8 * 2**30
REPAIR = "the same `ferbeam analyze` with --prune writes it anew"
SPAN_REPAIR = "the same `ferbeam analyze` makes it anew once it is removed"


def read_tables(
    output: Output, run: RunTables, name: str, columns: list[str] | None = None
) -> pa.Table:
    """Reads one table of a finished run, through `run.json`.

    Raises:
        DamageError: a file of it is not there, or is not as ferbeam wrote it.
    """
    parts = [read_table_file(output, run, file, columns) for file in run.tables[name]]
    _check_rows(output, run, name, sum(part.num_rows for part in parts))
    if not parts:
        # Not `schema.empty_table()`, which imports pandas where that is installed: 0.3 s.
        return pa.Table.from_batches([], TABLES[name].remove_metadata())
    return pa.concat_tables([part.replace_schema_metadata(None) for part in parts])


def read_table_file(
    output: Folder, run: RunTables, file: str, columns: list[str] | None = None
) -> pa.Table:
    """Reads a table file that `run.json` lists, or some of its columns.

    Raises:
        DamageError: it is not there, or is not as ferbeam wrote it.
    """
    with _naming(output, file):
        data = _read_listed(output, run, file)
        return read_parquet(data, TABLES[table_of(file)], columns)


def read_row_groups(
    output: Output, run: RunTables, file: str, columns: list[str] | None = None
) -> Iterator[pa.Table]:
    """Reads a table file that `run.json` lists, or some of its columns, a row group at a time.

    Raises:
        DamageError: as of `read_table_file`.
    """
    with _naming(output, file):
        data = _read_listed(output, run, file)
        opened = open_checked(io.BytesIO(data), TABLES[table_of(file)], len(data))
        for at in range(opened.num_row_groups):
            yield plain_table(opened.read_row_group(at, columns, use_threads=False), len(data))


def read_rows(output: Output, file: str) -> pa.Table:
    """Reads the rows of a group of media that this run has written.

    Raises:
        DamageError: as of `read_table_file`.
    """
    with _naming(output, file, SPAN_REPAIR):
        data = read_checked(output, file, MOST_BYTES)
        return decode_rows(data, file, TABLES[table_of(file)])


def table_of(file: str) -> str:
    """Returns the table that a file belongs to: the name of its folder."""
    return file.split("/")[-2]


def _read_listed(output: Folder, run: RunTables, file: str) -> bytes:
    """Reads a table file whose checksum is known: in its place, or replaced, or yet to come."""
    try:
        data = read_checked(output, file, MOST_BYTES)
        # Before anything is parsed: Arrow ends the process over some damaged footers.
        if sha256(data).hexdigest() == run.sums[file]:
            return data
        fault: Exception = ValueError("its bytes are not those that were written")
    except (OSError, ValueError) as error:
        fault = error
    for other in (kept_file(run.sums[file]), f"{NEXT}/{file}"):
        with suppress(OSError, ValueError):
            data = read_checked(output, other, MOST_BYTES)
            if sha256(data).hexdigest() == run.sums[file]:
                return data
    raise fault


def open_table_files(output: Output, run: RunTables, name: str) -> list[pa.OSFile]:
    """Opens the files of a table of a local OUTPUT, each checked by its metadata.

    They stay those that were opened, whatever is put in their places.

    Raises:
        DamageError: one is not there, or is not as ferbeam wrote it.
    """
    files, rows = [], 0
    for file in run.tables[name]:
        with _naming(output, file):
            files.append(_open_listed(output, run, file))
            rows += open_checked(files[-1], TABLES[name], files[-1].size()).metadata.num_rows
    _check_rows(output, run, name, rows)
    return files


def _open_listed(output: Output, run: RunTables, file: str) -> pa.OSFile:
    """Opens a table file, or what it was before it was replaced."""
    kept = kept_file(run.sums[file])
    with suppress(FileNotFoundError):
        opened = _open_plain(output, file)
        if not output.exists(output.path(kept)):  # what is replaced is kept first
            return opened
    return _open_plain(output, kept)


def _open_plain(output: Output, file: str) -> pa.OSFile:
    measure_checked(output, file, MOST_BYTES)
    return pa.OSFile(output.path(file))


def copy_table_files(output: Output, run: RunTables, name: str, folder: str) -> list[str]:
    """Copies the files of a table, each checked, into a local folder; returns their paths.

    Raises:
        DamageError: as of `read_table_file`.
    """
    paths, rows = [], 0
    for number, file in enumerate(run.tables[name]):
        with _naming(output, file):
            data = _read_listed(output, run, file)
            rows += open_checked(io.BytesIO(data), TABLES[name], len(data)).metadata.num_rows
            paths.append(f"{folder}/{name}-{number}.parquet")
            with open(paths[-1], "xb", opener=_private) as copy:
                copy.write(data)
    _check_rows(output, run, name, rows)
    return paths


def _private(path: str, flags: int) -> int:
    """Opens a file that only this user may read, and nobody may write from now on."""
    return os.open(path, flags, 0o400)


def read_span(output: Output, key: str, columns: list[str] | None = None) -> pa.Table:
    """Reads a committed span, or some of its columns.

    Raises:
        DamageError: it is not as ferbeam wrote it.
    """
    path = output.span_path(key)
    file = path[len(output.path("")) :]
    with _naming(output, file, SPAN_REPAIR):
        data = read_checked(output, file, MOST_BYTES)
        return read_parquet(data, SPAN, columns)


def _check_rows(output: Output, run: RunTables, name: str, rows: int) -> None:
    if rows != run.rows[name]:
        reason = f"it counts {run.rows[name]:,} rows of {name}, their files hold {rows:,}"
        raise DamageError(output.root, "run-rows", RUN_FILE, reason, REPAIR)


@contextmanager
def _naming(output: Folder, file: str, repair: str = REPAIR) -> Iterator[None]:
    """Turns whatever reading a file raises into one line that names it.

    Raises:
        DamageError: of the kind that it is.
    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise DamageError(output.root, "file-missing", file, "it is not there", repair) from None
    except OtherSchemaError as error:
        raise DamageError(output.root, "schema", file, str(error), repair) from None
    except LeadsOutError as error:
        raise DamageError(output.root, "path", file, str(error), repair) from None
    except (OSError, ValueError, MemoryError, pa.ArrowException) as error:
        if getattr(error, "errno", None) is not None:  # the machine's, not Arrow's
            raise
        raise DamageError(output.root, "file-damaged", file, str(error), repair) from None


def check_sums(output: Output, run: RunTables) -> None:
    """Checks by their checksums that the table files of a local run are as they were written.

    Raises:
        DamageError: one is not, or is not there.
    """
    for file in run.sums:
        with _naming(output, file):
            _read_listed(output, run, file)


def read_checked_note(output: Output, file: str, schema: pa.Schema) -> pa.Table | None:
    """Reads a note that is a table; None where there is none, or it is damaged."""
    try:
        data = read_checked(output, file, MOST_BYTES)
        return read_parquet(data, schema)
    except (FileNotFoundError, NotADirectoryError, ValueError, pa.ArrowException):
        return None


def find_span(output: Output, key: str, columns: list[str] | None = None) -> pa.Table | None:
    """Reads a committed span, or some columns; None where it has to be done: a damaged one too."""
    if not output.exists(output.span_path(key)):
        return None
    try:
        return read_span(output, key, columns)
    except DamageError:
        return None
