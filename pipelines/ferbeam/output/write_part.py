"""Writes the files of a part of the tables, in bounded memory, to be put in place later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fer_core.records import TABLES
from ferbeam.output.costs import timed
from ferbeam.output.folder import Output
from ferbeam.output.merge_rows import Rows, RowWriter, merge_rows
from ferbeam.output.plan_parts import order_path
from ferbeam.output.read_tables import read_row_groups, read_rows
from ferbeam.output.run_file import Run, find_run
from ferbeam.output.table_parts import NEXT, PARTED, part_file

_OPEN_GROUPS = 64
"""Groups of pictures whose rows are held at once: folders in folders take turns by name."""
_BLOCK = 1 << 20


def facts_path(output: Output, number: int) -> str:
    """Returns the path of what a part that was written tells of itself."""
    return output.path(NEXT, f"part-{number:05d}.json")


def write_part(output: Output, number: int) -> None:
    """Writes the files of a part as it was planned, and what they hold.

    Raises:
        DamageError: a file that it is made of is not as ferbeam wrote it.
    """
    part = _read_order(output, number)
    facts: dict[str, Any] = {"rows": {}, "sums": {}, "counted": {}, "costs": {}}
    with timed(facts["costs"], "merge") as counts:
        _write_tables(output, part, facts)
        counts["rows"] = sum(facts["rows"].values())
    output.write_json(facts_path(output, number), facts)


def _write_tables(output: Output, part: _Part, facts: dict[str, Any]) -> None:
    """Writes the files, and notes what they hold."""
    for name in PARTED:
        file = part_file(name, part.number)
        with output.making(output.path(NEXT, file)) as attempt:
            with RowWriter(attempt, TABLES[name]) as writer:
                for table in merge_rows(part.kept_rows(name), part.added_rows(name)):
                    writer.add(table)
                    _count(facts["counted"], name, table)
            facts["sums"][name] = _hash_file(attempt)
        facts["rows"][name] = writer.rows


@dataclass(frozen=True)
class _Part:
    """What a part is made of.

    Attributes:
        output: where.
        number: of the part.
        run: the finished run whose rows are kept; None without one.
        kept: the media whose rows are.
        added: the others in order of their names, with the file of each table, if there is one.
    """

    output: Output
    number: int
    run: Run | None
    kept: pa.Array
    added: list[dict[str, Any]]

    def kept_rows(self, table: str) -> Iterator[pa.Table]:
        """Yields the rows that stay, in their order."""
        file = part_file(table, self.number)
        if self.run is None or not len(self.kept):
            return
        for rows in read_row_groups(self.output, self.run, file):
            yield rows.filter(pc.is_in(rows["media"], self.kept))

    def added_rows(self, table: str) -> Iterator[Rows]:
        """Yields the rows of each medium that is new, or is done anew."""
        read = lru_cache(_OPEN_GROUPS)(lambda file: _by_medium(read_rows(self.output, file)))
        for order in self.added:
            if order[table] is not None:
                found = read(order[table]).get(order["medium"], ())
                yield from ((order["medium"], rows) for rows in found)


def _by_medium(rows: pa.Table) -> dict[str, list[pa.Table]]:
    """Returns the rows of each medium, as they follow each other in a file."""
    runs = pc.run_end_encode(rows["media"].combine_chunks())
    found: dict[str, list[pa.Table]] = {}
    begin = 0
    for name, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        found.setdefault(name, []).append(rows.slice(begin, end - begin))
        begin = end
    return found


def _read_order(output: Output, number: int) -> _Part:
    order = output.read_table(order_path(output, number))
    kept = order.filter(order["kept"])["medium"].combine_chunks()
    added = order.filter(pc.invert(order["kept"])).to_pylist()
    return _Part(output, number, find_run(output), kept, added)


def _count(counted: dict[str, int], name: str, table: pa.Table) -> None:
    """Adds up what `media` counts of the other tables."""
    for column in ("frames_sampled", "face_count") if name == "media" else ():
        counted[column] = counted.get(column, 0) + (pc.sum(table[column]).as_py() or 0)


def _hash_file(path: str) -> str:
    summed = sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            summed.update(block)
    return summed.hexdigest()
