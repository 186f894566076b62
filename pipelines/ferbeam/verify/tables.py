"""Checks the files of an OUTPUT: that all are there and whole, and that no others are."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fer_core.records import SCHEMA_VERSION, TABLES
from ferbeam.output.folder import Output
from ferbeam.verify.findings import Findings

VERSION_KEY = b"ferbeam.schema_version"


@dataclass(frozen=True)
class Listed:
    """What `run.json` tells of the table files.

    Attributes:
        files: names below OUTPUT, by table.
        sums: SHA-256 of each of them.
    """

    files: dict[str, list[str]]
    sums: dict[str, str]


@dataclass
class Group:
    """The tables of one medium, or span of pictures.

    Attributes:
        tables: by name; empty where there is no file.
        whole: whether all its files could be read.
    """

    tables: dict[str, pa.Table] = field(default_factory=dict)
    whole: bool = True


def check_run(findings: Findings, run: Any) -> Listed | None:
    """Checks what `run.json` must tell of the table files; returns it, None where it does not."""
    tables = run.get("tables") if isinstance(run, dict) else None
    if not isinstance(tables, dict) or set(tables) != set(TABLES):
        findings.add("run", "it does not list the files of faces, frames, media and failures")
        return None
    if not all(isinstance(listed, list) for listed in tables.values()):
        findings.add("run", "its lists of table files are none")
        return None
    files = [file for listed in tables.values() for file in listed]
    sums = run.get("sums")
    if not all(isinstance(file, str) for file in files) or not isinstance(sums, dict):
        findings.add("run", "it holds no names or no checksums of table files")
        return None
    if len(files) > len(set(files)):
        findings.add("run", "it lists a file twice")
    if run.get("schema_version") != SCHEMA_VERSION:
        findings.add("schema", f"run.json is of version {run.get('schema_version')!r}")
    return Listed(tables, sums)


def leads_out(output: Output, path: str) -> bool:
    """Tells whether a path below OUTPUT is not below it, by its name or through a link."""
    if {"", ".", ".."} & set(path.split("/")) or "\0" in path:
        return True
    if not output.is_local:
        return False
    root = os.path.realpath(output.root)
    return not os.path.realpath(output.path(path)).startswith(root.rstrip(os.sep) + os.sep)


def read_groups(findings: Findings, output: Output, listed: Listed) -> Iterator[Group]:
    """Reads the listed table files, group by group, and checks each as a file."""
    named: dict[str, list[tuple[str, str]]] = {}
    for name in TABLES:
        for file in dict.fromkeys(listed.files[name]):
            key = file.rpartition("/")[2].rpartition("-")[0]
            named.setdefault(key, []).append((name, file))
    for files in named.values():
        group = Group()
        parts: dict[str, list[pa.Table]] = {name: [] for name in TABLES}
        for name, file in files:
            table = _read_file(findings, output, name, file, listed.sums.get(file))
            group.whole = group.whole and table is not None
            if table is not None:
                parts[name].append(table.replace_schema_metadata(None))
        for name, schema in TABLES.items():
            empty = pa.Table.from_batches([], schema.remove_metadata())
            group.tables[name] = pa.concat_tables([empty, *parts[name]])
        yield group


def _read_file(
    findings: Findings, output: Output, name: str, file: str, wanted: str | None
) -> pa.Table | None:
    """Reads a table file whose sum is `wanted`; None where there is no using it."""
    if leads_out(output, file) or not file.startswith(f"{name}/"):
        findings.add("path", f"table file {file} of {name}")
        return None
    try:
        data = output.read(output.path(file))
    except OSError as error:
        findings.add("file-missing", f"{file}: {error.strerror or error}")
        return None
    # Before anything is parsed: Arrow ends the process over some damaged footers.
    if hashlib.sha256(data).hexdigest() != wanted:
        findings.add("file-damaged", f"{file}: its bytes are not those that were written")
        return None
    try:
        table = pq.ParquetFile(io.BytesIO(data), pre_buffer=False).read(use_threads=False)
        table.validate(full=True)
    except (OSError, ValueError, pa.ArrowException) as error:
        findings.add("file-damaged", f"{file}: {error}")
        return None
    return table if _fits(findings, name, file, table) else None


def _fits(findings: Findings, name: str, file: str, table: pa.Table) -> bool:
    """Tells whether a table has its columns, nulls only where they may be, and its version."""
    version = (table.schema.metadata or {}).get(VERSION_KEY, b"none").decode("utf-8", "replace")
    if version != SCHEMA_VERSION or not table.schema.equals(TABLES[name], check_metadata=False):
        findings.add("schema", f"{file}, version {version}")
        return False
    return True
