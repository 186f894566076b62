"""Reads the table files of an OUTPUT, each checked before anything of it is decoded."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fer_core.records import SPAN, TABLES
from ferbeam.output.checked_files import LeadsOutError, measure_checked, read_checked
from ferbeam.output.damage import DamageError
from ferbeam.output.folder import Folder, Output
from ferbeam.output.run_file import RUN_FILE, RunTables
from ferbeam.output.table_parts import NEXT, kept_file

MOST_BYTES = 8 * 2**30
SPARE, RATIO, TEXT_RATIO = 32 * 2**20, 512, 8192
"""A table of so many bytes takes at most `SPARE`, and `RATIO` times these, in memory.

Its text takes at most `TEXT_RATIO` times these. Tables of real media take up to 290 times as much:
2 million rows of `frames`, of clips that are all alike, in 0.26 MB.
"""
VERSION_KEY = b"ferbeam.schema_version"
REPAIR = "the same `ferbeam analyze` with --prune writes it anew"
SPAN_REPAIR = "the same `ferbeam analyze` makes it anew once it is removed"
_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4}
"""Bytes that a value takes in memory, by its type in Parquet; 8 for all others."""


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
        return _read(io.BytesIO(data), TABLES[table_of(file)], len(data), columns)


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
            yield _plain_table(opened.read_row_group(at, columns, use_threads=False), len(data))


def read_rows(output: Output, file: str) -> pa.Table:
    """Reads the rows of a group of media that this run has written.

    Raises:
        DamageError: as of `read_table_file`.
    """
    with _naming(output, file, SPAN_REPAIR):
        data = read_checked(output, file, MOST_BYTES)
        return _read(io.BytesIO(data), TABLES[table_of(file)], len(data), None)


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


def check_table_files(output: Output, run: RunTables, name: str) -> list[str]:
    """Checks the files of a table of a local OUTPUT by their metadata; returns their paths.

    Raises:
        DamageError: one is not there, or is not as ferbeam wrote it.
    """
    paths, rows = [], 0
    for file in run.tables[name]:
        with _naming(output, file):
            kept = kept_file(run.sums[file])
            place = kept if output.exists(output.path(kept)) else file
            size = measure_checked(output, place, MOST_BYTES)
            paths.append(output.path(place))
            rows += open_checked(paths[-1], TABLES[name], size).metadata.num_rows
    _check_rows(output, run, name, rows)
    return paths


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
        return _read(io.BytesIO(data), SPAN, len(data), columns)


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
    except _OtherSchemaError as error:
        raise DamageError(output.root, "schema", file, str(error), repair) from None
    except LeadsOutError as error:
        raise DamageError(output.root, "path", file, str(error), repair) from None
    except (OSError, ValueError, MemoryError, pa.ArrowException) as error:
        if getattr(error, "errno", None) is not None:  # the machine's, not Arrow's
            raise
        raise DamageError(output.root, "file-damaged", file, str(error), repair) from None


class _OtherSchemaError(ValueError):
    """A table that has other columns, or is of another version."""


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
        return _read(io.BytesIO(data), schema, len(data), None)
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


def open_checked(source: io.BytesIO | str, schema: pa.Schema, size: int) -> pq.ParquetFile:
    """Opens a Parquet file, and checks by its metadata alone what it holds and would take.

    Args:
        source: its bytes, or a local path.
        schema: that it is to have.
        size: its bytes.

    Raises:
        ValueError: it has other columns, or would take more memory than a file of its size can.
        ArrowException: it is damaged.
    """
    # So that a long name, in every row the same, takes memory once until it is known how much.
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    # Without threads: Arrow's abort one process in a hundred that ends soon after reading.
    try:
        opened = pq.ParquetFile(
            source,
            read_dictionary=texts,
            pre_buffer=False,
            page_checksum_verification=True,
            thrift_string_size_limit=2**24,
            thrift_container_size_limit=2**20,
        )
    except KeyError as error:  # a column of texts that it has not
        raise _OtherSchemaError("its columns are not those of this table") from error
    _check_schema(opened.schema_arrow, schema)
    _check_claims(opened.metadata, size)
    return opened


def _check_schema(found: pa.Schema, wanted: pa.Schema) -> None:
    version, own = (
        (schema.metadata or {}).get(VERSION_KEY, b"none").decode("utf-8", "replace")
        for schema in (found, wanted)
    )
    if version != own:
        raise _OtherSchemaError(f"it is of version {version}, this ferbeam reads {own}")
    if not pa.schema([_plain(field) for field in found]).equals(wanted.remove_metadata()):
        raise _OtherSchemaError("its columns are not those of this table")


def _check_claims(facts: pq.FileMetaData, size: int) -> None:
    groups = [facts.row_group(at) for at in range(facts.num_row_groups)]
    whole = sum(
        max(chunk.total_uncompressed_size, max(chunk.num_values, group.num_rows) * _width(chunk))
        for group in groups
        for chunk in map(group.column, range(group.num_columns))
    )
    if whole > SPARE + RATIO * size or facts.num_rows != sum(group.num_rows for group in groups):
        raise ValueError(
            f"it claims {facts.num_rows:,} rows, {whole:,} bytes in memory; it is of {size:,} bytes"
        )


def _width(chunk: pq.ColumnChunkMetaData) -> int:
    return _WIDTHS.get(chunk.physical_type, 8)


def _plain(field: pa.Field) -> pa.Field:
    """Returns a field as its table has it, though it is read as a dictionary."""
    kind = field.type
    return field.with_type(kind.value_type) if pa.types.is_dictionary(kind) else field


def _read(source: io.BytesIO, schema: pa.Schema, size: int, columns: list[str] | None) -> pa.Table:
    return _plain_table(open_checked(source, schema, size).read(columns, use_threads=False), size)


def _plain_table(table: pa.Table, size: int) -> pa.Table:
    """Checks what was read of a file, and gives every row its own text."""
    table.validate(full=True)
    texts = [name for name in table.column_names if pa.types.is_dictionary(table[name].type)]
    whole = sum(_measure_text(chunk) for name in texts for chunk in table[name].chunks)
    if whole > SPARE + TEXT_RATIO * size:
        raise ValueError(f"its text takes {whole:,} bytes in memory; it is of {size:,} bytes")
    for name in texts:
        at = table.column_names.index(name)
        plain = [chunk.dictionary_decode() for chunk in table[name].chunks]
        column = pa.chunked_array(plain, pa.string())
        table = table.set_column(at, _plain(table.schema.field(at)), column)
    return table


def _measure_text(column: pa.DictionaryArray) -> int:
    """Returns how many bytes a column takes once every row has its own text."""
    column.dictionary.validate(full=True)
    lengths = pc.binary_length(column.dictionary)
    return int(pc.sum(pc.take(lengths, column.indices)).as_py() or 0)
