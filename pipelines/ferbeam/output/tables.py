"""The table files of single media: how they are named and written, until they are in a part too."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pyarrow as pa

from fer_core.records import Failure
from ferbeam.output.costs import Costs
from ferbeam.output.folder import Output, encode_table
from ferbeam.output.row_file import encode_rows
from ferbeam.output.table_parts import NEXT, ROWS

COUNTS_KEY = b"ferbeam.counts"
"""Metadata of a committed span: its frames and faces, and what they cost before the commit."""


@dataclass(frozen=True)
class TableFiles:
    """The rows of one medium (or span of pictures), as files below OUTPUT.

    Attributes:
        group: the group they belong to.
        tables: table name to file name.
        rows: table name to number of rows.
        names: the media that have rows in `media`.
        settled: whether another run would do nothing else with the same media.
        unopened: what has to be told of media that have no row in `media`.
        costs: what this run has spent on them.
        earlier: what earlier runs spent on those of their spans that they had committed.
        copies_key: of the copies that belong to them; empty without.
    """

    group: str
    tables: dict[str, str]
    rows: dict[str, int]
    names: tuple[str, ...] = ()
    settled: bool = True
    unopened: tuple[Failure, ...] = ()
    costs: Costs = field(default_factory=dict)
    earlier: Costs = field(default_factory=dict)
    copies_key: str = ""


def digest(*parts: object) -> str:
    """Returns 32 hexadecimal digits that stand for the parts, the same on every machine."""
    text = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def write_rows(output: Output, group: str, tables: dict[str, pa.Table]) -> TableFiles:
    """Writes the rows of a group, each table under a name that follows from its bytes."""
    names = {}
    for name, table in tables.items():
        if table.num_rows or name in ("media", "frames"):
            data = encode_rows(table)
            names[name] = f"{ROWS}/{name}/{group}-{sha256(data).hexdigest()[:32]}.arrow"
            output.write(output.path(names[name]), data)
    return TableFiles(group, names, {name: tables[name].num_rows for name in names})


def write_tables(
    output: Output, group: str, version: str, tables: dict[str, pa.Table]
) -> dict[str, Any]:
    """Writes tables to be put in place later, under names that end with a version.

    Returns:
        What `gather_tables` takes.
    """
    names, sums = {}, {}
    for name, table in tables.items():
        if table.num_rows or name in ("media", "frames"):
            names[name] = file = f"{name}/{group}-{version}.parquet"
            data = encode_table(table)
            sums[file] = sha256(data).hexdigest()
            output.write(output.path(NEXT, file), data)
    rows = {name: tables[name].num_rows for name in names}
    return {"group": group, "tables": names, "rows": rows, "sums": sums}
