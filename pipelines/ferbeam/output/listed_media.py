"""What a run is to do, as its command has found it, and what its job tells of what it has done.

INPUT is listed once, and told by a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa

from fer_core.records import FAILURES, SCHEMA_VERSION, Failure
from ferbeam.output.folder import Output
from ferbeam.output.table_parts import NOWHERE

FOR_KEY = b"ferbeam.known_for"
"""Metadata: what decides, beside the media, whether anything would come out otherwise."""


class ListedMedium(NamedTuple):
    """A medium of INPUT.

    Attributes:
        media: the column `media`.
        path: where to open it, as the system names it.
        kind: `image` or `video`.
        size: bytes.
        mtime_ns: time of the last change.
        group: key of those that are opened together; empty where it has not to be.
        todo: whether it has to be.
        part: that holds its rows, NOWHERE where none does yet.
        planned: key of those that it was last planned with.
    """

    media: str
    path: bytes
    kind: str
    size: int
    mtime_ns: int
    group: str
    todo: bool
    part: int = NOWHERE
    planned: str = ""


_LISTED = pa.schema(
    [
        *(("media", pa.string()), ("path", pa.binary()), ("kind", pa.string())),
        *(("size", pa.int64()), ("mtime_ns", pa.int64()), ("group", pa.string())),
        *(("todo", pa.bool_()), ("part", pa.int32()), ("planned", pa.string())),
    ]
)


class Listed(NamedTuple):
    """What a run is to do.

    Attributes:
        media: all of INPUT, in a fixed order.
        failures: of what could not be listed.
        known_for: see FOR_KEY.
    """

    media: list[ListedMedium]
    failures: list[Failure]
    known_for: str


def write_listed(output: Output, run_id: str, listed: Listed) -> None:
    """Writes what a run is to do."""
    columns = zip(*listed.media, strict=True) if listed.media else [[] for _ in _LISTED]
    facts = {"ferbeam.schema_version": SCHEMA_VERSION, FOR_KEY.decode(): listed.known_for}
    table = pa.Table.from_arrays(
        [pa.array(values, kind) for values, kind in zip(columns, _LISTED.types, strict=True)],
        schema=_LISTED,
    )
    output.write_table(_path(output, run_id), table, facts)
    rows = pa.Table.from_pylist([row._asdict() for row in listed.failures], schema=FAILURES)
    output.write_table(_path(output, f"{run_id}-failures"), rows)


def read_listed(output: Output, run_id: str) -> Listed:
    """Reads what a run is to do."""
    table = output.read_table(_path(output, run_id))
    rows = output.read_table(_path(output, f"{run_id}-failures")).to_pylist()
    known_for = table.schema.metadata[FOR_KEY].decode()
    return Listed(list(_media(table)), [Failure(**row) for row in rows], known_for)


def write_result(output: Output, run_id: str, result: dict[str, Any]) -> None:
    """Writes what a job tells of what it has done."""
    output.write_json(_result_path(output, run_id), result)


def read_result(output: Output, run_id: str) -> Any | None:
    """Reads what a job tells of what it has done; None where it has not come to its end."""
    return output.read_json(_result_path(output, run_id))


def _media(table: pa.Table) -> Iterator[ListedMedium]:
    columns: Iterable[list[object]] = (column.to_pylist() for column in table.columns)
    for row in zip(*columns, strict=True):
        yield ListedMedium(*row)


def _result_path(output: Output, run_id: str) -> str:
    return output.path(".spans", "listed", f"{run_id}.json")


def _path(output: Output, name: str) -> str:
    return output.path(".spans", "listed", f"{name}.parquet")
