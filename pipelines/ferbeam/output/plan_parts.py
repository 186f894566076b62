"""Decides which parts of the tables are written anew, and with the rows of which media."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fer_core.records import FAILURES, UNOPENED, Failure
from ferbeam.output.folder import Output, encode_table
from ferbeam.output.known_media import KnownMedium, stage_known
from ferbeam.output.listed_media import Listed, ListedMedium
from ferbeam.output.read_tables import read_rows, read_table_file
from ferbeam.output.run_file import Run, find_run
from ferbeam.output.table_parts import (
    FAILURES_FILE,
    FULL_ROWS,
    NEXT,
    NOWHERE,
    PARTED,
    part_number,
)
from ferbeam.output.tables import TableFiles

ORDER = pa.schema(
    [("medium", pa.string()), ("kept", pa.bool_()), *((name, pa.string()) for name in PARTED)]
)
"""What is in a part to be: media whose rows are kept, and files with the rows of the others."""
FAILURES_FACTS = f"{NEXT}/failures.json"


@dataclass
class Found:
    """What a job has found.

    Attributes:
        groups: the table files of the groups that were to be done.
        failures: of media that have no row in `media`.
        retry: media to be tried again by the next run, for what kept them may be the machine.
    """

    groups: Sequence[TableFiles] = ()
    failures: Sequence[Failure] = ()
    retry: Collection[str] = ()


@dataclass
class _Parts:
    """The parts of a finished run, and what they are to be.

    Attributes:
        rows: rows of each part, of the table that has most.
        media: number of media of each part.
        kept: media of each part that stay as they are.
        added: media of each part whose rows are new, with the files that hold them.
    """

    rows: Counter[int] = field(default_factory=Counter)
    media: Counter[int] = field(default_factory=Counter)
    kept: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    added: dict[int, list[tuple[str, TableFiles]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def open_part(self) -> int:
        """Returns the first part with room, a new one where all are full."""
        return next(
            (number for number in sorted(self.rows) if self.rows[number] < FULL_ROWS),
            max(self.rows, default=-1) + 1,
        )

    def touched(self) -> list[int]:
        """Returns the parts that are to be written anew; there is always a first one."""
        fewer = {number for number in self.media if len(self.kept[number]) < self.media[number]}
        return sorted({*self.added, *fewer, *([] if self.media else [0])})


def plan_parts(output: Output, run_id: str, listed: Listed, found: Found) -> list[int]:
    """Writes down what each part that changes will hold, and makes the note of known media.

    Returns:
        The numbers of these parts.
    """
    run = find_run(output)
    parts = _sort_media(run, listed, found.groups)
    numbers = parts.touched()
    for number in numbers:
        table = pa.Table.from_pylist(list(_order(parts, number)), schema=ORDER)
        output.write_table(order_path(output, number), table)
    _stage_failures(output, run, listed, found)
    stage_known(output, run_id, listed.known_for, _note_media(listed, parts, found))
    return numbers


def order_path(output: Output, number: int) -> str:
    """Returns the path of what a part will hold."""
    return output.path(NEXT, f"order-{number:05d}.parquet")


def _sort_media(run: Run | None, listed: Listed, groups: Sequence[TableFiles]) -> _Parts:
    """Finds the part of every medium: the one that it has, or else one with room."""
    parts, homes = _Parts(), dict[str, int]()
    for name, files in run.tables.items() if run else ():
        for file in files:
            if run and (number := part_number(file)) is not None:
                rows = run.rows_of.get(file, 0)
                parts.rows[number] = max(parts.rows[number], rows)
                parts.media[number] += rows if name == "media" else 0
    for medium in listed.media:
        homes[medium.media] = medium.part
        if not medium.todo and medium.part != NOWHERE:
            parts.kept[medium.part].append(medium.media)
    for group in sorted(groups, key=lambda group: group.names):
        known = (homes[name] for name in group.names if homes[name] != NOWHERE)
        common = next(known, None)
        common = parts.open_part() if common is None else common
        for name in group.names:
            home = homes[name] if homes[name] != NOWHERE else common
            parts.added[home].append((name, group))
        parts.rows[common] += max(group.rows.get(name, 0) for name in ("faces", "frames"))
    return parts


def _order(parts: _Parts, number: int) -> Iterator[dict[str, Any]]:
    for name in parts.kept[number]:
        yield {"medium": name, "kept": True}
    for name, group in sorted(parts.added[number], key=lambda one: one[0]):
        files = {table: group.tables.get(table) for table in PARTED}
        yield {"medium": name, "kept": False, **files}


def _stage_failures(output: Output, run: Run | None, listed: Listed, found: Found) -> None:
    """Makes the file of all failures, and tells of it."""
    beside = sorted({*found.failures, *listed.failures}, key=lambda row: (row.stage, row.message))
    rows = pa.concat_tables(
        [
            pa.Table.from_pylist([row._asdict() for row in beside], schema=FAILURES),
            *_kept_failures(output, run, listed),
            *(
                read_rows(output, group.tables["failures"])
                for group in sorted(found.groups, key=lambda group: group.names)
                if "failures" in group.tables
            ),
        ]
    )
    rows = rows.take(pc.sort_indices(rows["media"]))  # stable: each medium's as they come
    data = encode_table(rows)
    output.write(output.path(NEXT, FAILURES_FILE), data)
    told = pc.sum(pc.is_in(rows["stage"], pa.array(UNOPENED))).as_py() or 0
    facts = {"rows": rows.num_rows, "sum": sha256(data).hexdigest(), "unopened": told}
    output.write_json(output.path(FAILURES_FACTS), facts)


def _kept_failures(output: Output, run: Run | None, listed: Listed) -> Iterator[pa.Table]:
    """Yields the rows of the media that stay as they are."""
    kept = pa.array([medium.media for medium in listed.media if not medium.todo], pa.string())
    if run is None:
        return
    for file in run.tables["failures"]:
        rows = read_table_file(output, run, file)
        yield rows.filter(pc.is_in(rows["media"], kept))


def _note_media(listed: Listed, parts: _Parts, found: Found) -> Iterator[tuple[str, KnownMedium]]:
    homes = {name: number for number, media in parts.added.items() for name, _ in media}
    groups = {name: group for group in found.groups for name in group.names}
    retry = {*found.retry, *(failure.media for group in found.groups for failure in group.unopened)}
    for medium in listed.media:
        yield medium.media, _note(medium, homes, groups.get(medium.media), retry)


def _note(
    medium: ListedMedium, homes: dict[str, int], group: TableFiles | None, retry: set[str]
) -> KnownMedium:
    if not medium.todo:
        part, done, planned = medium.part, True, medium.planned
    elif group is None:
        part, done, planned = NOWHERE, medium.media not in retry, ""
    else:
        part, done, planned = homes[medium.media], group.settled, group.group
    return KnownMedium(medium.size, medium.mtime_ns, part, done, planned)
