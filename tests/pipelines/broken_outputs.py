"""Ways to break a finished OUTPUT, one thing at a time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fer_core.records import TABLES
from ferbeam.output.folder import encode_table

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Broken:
    """An OUTPUT that is being broken: a copy of a good one."""

    root: Path

    @property
    def run(self) -> dict[str, Any]:
        run: dict[str, Any] = json.loads((self.root / "run.json").read_text(encoding="utf-8"))
        return run

    def change_run(self, change: Callable[[dict[str, Any]], Any]) -> None:
        run = self.run
        change(run)
        (self.root / "run.json").write_text(json.dumps(run), encoding="utf-8")

    def file_of(self, table: str, medium: str) -> Path:
        """Finds the table file that holds the rows of a medium."""
        for file in self.run["tables"][table]:
            names = pq.ParquetFile(self.root / file).read(["media"]).column(0).to_pylist()
            if medium in names:
                return self.root / str(file)
        raise LookupError(medium)

    def column(self, table: str, medium: str, name: str) -> list[Any]:
        """Returns a column of the rows of a medium."""
        rows = pq.ParquetFile(self.file_of(table, medium)).read().to_pylist()
        return [row[name] for row in rows if row["media"] == medium]

    def write(self, path: Path, table: pa.Table) -> None:
        """Writes a table file, and its checksum: the fault is in the rows alone."""
        data = encode_table(table)
        path.write_bytes(data)
        name = path.relative_to(self.root).as_posix()
        self.change_run(lambda run: run["sums"].update({name: sha256(data).hexdigest()}))

    def change(self, table: str, medium: str, change: Callable[[Rows, int], object]) -> None:
        """Changes the rows of a table file; counts in run.json are left as they are.

        Args:
            table: its name.
            medium: what it holds rows of.
            change: is given all its rows, and where those of the medium start.
        """
        path = self.file_of(table, medium)
        rows = pq.ParquetFile(path).read().to_pylist()
        first = next(at for at, row in enumerate(rows) if row["media"] == medium)
        change(rows, first)
        self.write(path, pa.Table.from_pylist(rows, TABLES[table]))

    def put(self, table: str, medium: str, column: str, value: Any, row: int = 0) -> None:
        """Puts a value into a row of a medium."""
        self.change(table, medium, lambda rows, at: rows[at + row].update({column: value}))

    def drop(self, table: str, medium: str) -> None:
        """Drops the first row of a medium, and counts one row less in run.json."""
        self.change(table, medium, lambda rows, at: rows.pop(at))
        self.change_run(lambda run: run["rows"].update({table: run["rows"][table] - 1}))
