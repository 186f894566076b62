"""The tables registered with Iceberg and written to Delta, by the lines of pipelines/README.md."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from pyiceberg.catalog import load_catalog

from fer_core.records import TABLES
from tests.pipelines.jobs import ROOT, SAMPLES, analyze

PAGE = (ROOT / "pipelines/README.md").read_text(encoding="utf-8")
SNIPPETS = {
    name: code
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    for name in ("pyiceberg", "deltalake")
    if name in code
}


def count_iceberg(lake: Path) -> dict[str, int]:
    catalog = load_catalog("lake", type="sql", uri=f"sqlite:///{lake}/lake.db")
    return {name: catalog.load_table(f"ferbeam.{name}").scan().count() for name in TABLES}


def count_delta(lake: Path) -> dict[str, int]:
    return {name: DeltaTable(lake / name).to_pyarrow_dataset().count_rows() for name in TABLES}


@pytest.mark.parametrize(
    ("name", "count"), [("pyiceberg", count_iceberg), ("deltalake", count_delta)]
)
def test_what_the_page_says_gives_the_rows_of_every_night(
    name: str, count: Callable[[Path], dict[str, int]], tmp_path: Path
) -> None:
    media, output, lake = (tmp_path / part for part in ("in", "out", "lake"))
    media.mkdir()
    lake.mkdir()
    code = SNIPPETS[name].replace("/data/out", str(output)).replace("/data/lake", str(lake))
    (media / "broken.jpg").write_bytes(b"none")
    for night, emotion in enumerate(("happy", "sad")):
        shutil.copy(SAMPLES / f"composites/{emotion}.png", media)
        run = analyze(media, output, code=3)
        exec(code, {})
        assert count(lake) == run["rows"]
        assert run["rows"]["faces"] == night + 1
        assert run["rows"]["failures"] == 1
        for table in TABLES:
            files = (output / table).iterdir()
            assert sum(pq.read_metadata(file).num_rows for file in files) == run["rows"][table]
