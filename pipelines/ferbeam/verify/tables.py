"""Checks the files of an OUTPUT: that all are there and whole, and that no others are."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from fer_core.records import TABLES
from ferbeam.output.copy_sums import sums_of
from ferbeam.output.damage import DamageError
from ferbeam.output.folder import Output
from ferbeam.output.read_tables import read_table_file
from ferbeam.output.run_file import Run
from ferbeam.output.table_parts import PARTED, part_number
from ferbeam.verify.findings import Findings

MOST_ROWS = 200_000
"""Frames and faces that are checked in one go; a medium is never cut."""


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
    failed = _read_files(findings, output, run, [("failures", f) for f in run.tables["failures"]])
    failures, placed = failed.tables["failures"], pa.array([], pa.string())
    named: dict[str, list[tuple[str, str]]] = {}
    for name in PARTED:
        for file in run.tables[name]:
            named.setdefault(_key_of(file), []).append((name, file))
    for files in named.values():
        group = _read_files(findings, output, run, files)
        group.whole = group.whole and failed.whole
        own = [chunk for name in PARTED for chunk in group.tables[name]["media"].chunks]
        names = pc.unique(pa.chunked_array(own, pa.string()))
        group.tables["failures"] = failures.filter(pc.is_in(failures["media"], names))
        placed = pa.concat_arrays([placed, pc.unique(group.tables["failures"]["media"])])
        yield from _cut(group)
    rest = pc.invert(pc.is_in(failures["media"], placed))
    yield from _cut(replace(failed, tables={**failed.tables, "failures": failures.filter(rest)}))


def _read_files(
    findings: Findings, output: Output, run: Run, files: list[tuple[str, str]]
) -> Group:
    """Reads the files of a group, each with the name of its table."""
    group = Group()
    parts: dict[str, list[pa.Table]] = {name: [] for name in TABLES}
    for name, file in files:
        table = _read_file(findings, output, run, file)
        group.whole = group.whole and table is not None
        if table is not None:
            group.sums.update(sums_of(table) if name == "media" else {})
            parts[name].append(table.replace_schema_metadata(None))
    for name, schema in TABLES.items():
        empty = pa.Table.from_batches([], schema.remove_metadata())
        group.tables[name] = pa.concat_tables([empty, *parts[name]])
    return group


def _key_of(file: str) -> str:
    """Returns what files of the same media have in common: the number of a part, or their begin."""
    last = file.rpartition("/")[2]
    return last if part_number(file) is not None else last.rpartition("-")[0]


def _cut(group: Group) -> Iterator[Group]:
    """Cuts a group between media, which bounds the memory that its checks take."""
    tables = {name: _in_order(table) for name, table in group.tables.items()}
    rows = pc.add(tables["media"]["frames_sampled"], tables["media"]["face_count"]).to_pylist()
    names, starts = tables["media"]["media"].to_pylist(), list[str]()
    held = 0
    for name, count in zip(names, rows, strict=True):
        if held + count > MOST_ROWS and held:
            starts, held = [*starts, name], 0
        held += max(0, count)
    columns = {name: table["media"].to_pylist() for name, table in tables.items()} if starts else {}
    for first, end in pairwise([None, *starts, None]):
        cut = {name: _between(tables[name], columns.get(name), first, end) for name in tables}
        yield replace(group, tables=cut)


def _in_order(table: pa.Table) -> pa.Table:
    """Returns rows by the names of their media, each medium's as they come."""
    names = table["media"].combine_chunks()
    if len(names) < 2 or pc.all(pc.less_equal(names[:-1], names[1:])).as_py():
        return table
    return table.take(pc.sort_indices(names))  # stable


def _between(
    table: pa.Table, names: list[str] | None, first: str | None, end: str | None
) -> pa.Table:
    """Returns the rows of the media from `first` up to `end`."""
    if names is None:
        return table
    begin = 0 if first is None else bisect_left(names, first)
    return table.slice(begin, (len(names) if end is None else bisect_left(names, end)) - begin)


def _read_file(findings: Findings, output: Output, run: Run, file: str) -> pa.Table | None:
    """Reads a table file; None where there is no using it."""
    try:
        return read_table_file(output, run, file)
    except DamageError as damage:
        findings.add(damage.kind, f"{file}: {damage.reason}")
        return None
