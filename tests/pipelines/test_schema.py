"""The tables hold their schema, and fer_core/README.md says what it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer_core.records import SCHEMA_VERSION, TABLES, FailureKind
from tests.pipelines.jobs import ROOT, SAMPLES, analyze

ROW = re.compile(r"^\| (\w+) \| (\w+\??) \| .+ \|$", re.MULTILINE)


def readme_columns(table: str) -> list[tuple[str, str]]:
    """Returns name and type of the columns that the README gives a table."""
    text = (ROOT / "fer_core/README.md").read_text(encoding="utf-8")
    section = text.partition(f"\n### {table}\n")[2].partition("\n#")[0]
    return [row for row in ROW.findall(section) if row != ("column", "type")]


def shown_type(field: pa.Field) -> str:
    """Returns a type as the README writes it."""
    plain = {"float": "float32", "timestamp[ms]": "timestamp"}
    name = plain.get(str(field.type), str(field.type))
    return f"{name}{'?' if field.nullable else ''}"


@pytest.mark.parametrize("table", TABLES)
def test_readme_lists_the_columns(table: str) -> None:
    assert readme_columns(table) == [(f.name, shown_type(f)) for f in TABLES[table]]


def test_written_files_carry_their_schema(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "happy.png").write_bytes((SAMPLES / "composites/happy.png").read_bytes())
    (source / "cut.png").write_bytes(b"")
    run = analyze(source, tmp_path / "out", "--workers", "1", code=3)
    for name, schema in TABLES.items():
        assert run["tables"][name], name
        for file in run["tables"][name]:
            written = pq.read_schema(tmp_path / "out" / file)
            assert written.equals(schema), name
            assert written.metadata[b"ferbeam.schema_version"] == SCHEMA_VERSION.encode()


def test_readme_lists_the_kinds_of_failure() -> None:
    text = (ROOT / "fer_core/README.md").read_text(encoding="utf-8")
    told = next(line for line in text.splitlines() if line.startswith("| error | string |"))
    assert set(re.findall("`(\\w+)`", told)) == set(get_args(FailureKind))
