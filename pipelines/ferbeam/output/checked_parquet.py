"""Parquet files from anywhere: what they claim is checked before anything is decoded."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

SPARE, RATIO, TEXT_RATIO = 32 * 2**20, 512, 8192
"""A table of so many bytes takes at most `SPARE`, and `RATIO` times these, in memory.

Its text takes at most `TEXT_RATIO` times these. Tables of real media take up to 290 times as much:
2 million rows of `frames`, of clips that are all alike, in 0.26 MB.
"""
VERSION_KEY = b"ferbeam.schema_version"
_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4}
"""Bytes that a value takes in memory, by its type in Parquet; 8 for all others."""


class OtherSchemaError(ValueError):
    """A table that has other columns, or is of another version."""


def open_checked(
    source: io.BytesIO | pa.NativeFile, schema: pa.Schema, size: int
) -> pq.ParquetFile:
    """Opens a Parquet file, and checks by its metadata alone what it holds and would take.

    Args:
        source: its bytes, or the opened file.
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
        raise OtherSchemaError("its columns are not those of this table") from error
    _check_schema(opened.schema_arrow, schema)
    _check_claims(opened.metadata, size)
    return opened


def _check_schema(found: pa.Schema, wanted: pa.Schema) -> None:
    version, own = (
        (schema.metadata or {}).get(VERSION_KEY, b"none").decode("utf-8", "replace")
        for schema in (found, wanted)
    )
    if version != own:
        raise OtherSchemaError(f"it is of version {version}, this ferbeam reads {own}")
    if not pa.schema([_plain(field) for field in found]).equals(wanted.remove_metadata()):
        raise OtherSchemaError("its columns are not those of this table")


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


def read_parquet(data: bytes, schema: pa.Schema, columns: list[str] | None = None) -> pa.Table:
    """Reads a Parquet file, or some of its columns; raises as `open_checked` does."""
    opened = open_checked(io.BytesIO(data), schema, len(data))
    return plain_table(opened.read(columns, use_threads=False), len(data))


def plain_table(table: pa.Table, size: int) -> pa.Table:
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
