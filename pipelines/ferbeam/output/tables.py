"""The table files of an OUTPUT: how they are named, written and summed up."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from hashlib import sha256

import pyarrow as pa

from fer_core.records import Failure
from ferbeam.output.costs import Costs
from ferbeam.output.folder import Output, encode_table

COUNTS_KEY = b"ferbeam.counts"
"""Metadata of a committed span: its frames and faces, and what they cost before the commit."""


@dataclass(frozen=True)
class TableFiles:
    """The table files of one medium (or span of pictures), by name below OUTPUT.

    Attributes:
        group: the group they belong to.
        tables: table name to file name.
        rows: table name to number of rows.
        sums: file name to the SHA-256 of its bytes.
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
    sums: dict[str, str]
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


def write_tables(
    output: Output, group: str, version: str, tables: dict[str, pa.Table], place: str = ""
) -> TableFiles:
    """Writes table files under a name that changes with their content, below a place in OUTPUT."""
    names, sums = {}, {}
    for name, table in tables.items():
        if table.num_rows or name in ("media", "frames"):
            names[name] = file = f"{place}{name}/{group}-{version[:8]}.parquet"
            data = encode_table(table)
            sums[file] = sha256(data).hexdigest()
            output.write(output.path(file), data)
    rows = {name: tables[name].num_rows for name in names}
    return TableFiles(group, names, rows, sums)
