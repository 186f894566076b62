"""Checks the files of an OUTPUT: that all are there and whole, and that no others are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from fer_core.records import TABLES
from ferbeam.output.copy_sums import sums_of
from ferbeam.output.damage import DamageError
from ferbeam.output.folder import Output
from ferbeam.output.read_tables import read_table_file
from ferbeam.output.run_file import Run
from ferbeam.verify.findings import Findings


@dataclass
class Group:
    """The tables of one medium, or span of pictures.

    Attributes:
        tables: by name; empty where there is no file.
        whole: whether all its files could be read.
        sums: SHA-256 of its copies and contact sheets, by their paths below OUTPUT.
    """

    tables: dict[str, pa.Table] = field(default_factory=dict)
    whole: bool = True
    sums: dict[str, str] = field(default_factory=dict)


def read_groups(findings: Findings, output: Output, run: Run) -> Iterator[Group]:
    """Reads the listed table files, group by group, and checks each as a file."""
    named: dict[str, list[tuple[str, str]]] = {}
    for name in TABLES:
        for file in run.tables[name]:
            key = file.rpartition("/")[2].rpartition("-")[0]
            named.setdefault(key, []).append((name, file))
    for files in named.values():
        group = Group()
        parts: dict[str, list[pa.Table]] = {name: [] for name in TABLES}
        for name, file in files:
            table = _read_file(findings, output, run, file)
            group.whole = group.whole and table is not None
            if table is not None:
                group.sums.update(sums_of(table))
                parts[name].append(table.replace_schema_metadata(None))
        for name, schema in TABLES.items():
            empty = pa.Table.from_batches([], schema.remove_metadata())
            group.tables[name] = pa.concat_tables([empty, *parts[name]])
        yield group


def _read_file(findings: Findings, output: Output, run: Run, file: str) -> pa.Table | None:
    """Reads a table file; None where there is no using it."""
    try:
        return read_table_file(output, run, file)
    except DamageError as damage:
        findings.add(damage.kind, f"{file}: {damage.reason}")
        return None
