"""`run.json`, what a finished run tells of itself: its types, and the one reader that checks it."""

from __future__ import annotations

import json
import os
from typing import Annotated, Any

from msgspec import Meta, Struct, to_builtins
from msgspec.json import decode

from fer_core.errors import UsageError
from fer_core.records import SCHEMA_VERSION, TABLES
from ferbeam.output.checked_files import read_checked
from ferbeam.output.damage import DamageError
from ferbeam.output.folder import Output
from ferbeam.shell_words import split_line

RUN_FILE = "run.json"
MOST_BYTES = 128 * 2**20
"""Enough for the table files of 200,000 videos."""
REPAIR = "the same `ferbeam analyze` makes it anew once it is removed"

Word = Annotated[str, Meta(pattern=r"^[\w .+-]{1,100}$")]
Line = Annotated[str, Meta(max_length=100_000)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Number = Annotated[float, Meta(ge=-1e15, le=1e15)]
Whole = Annotated[int, Meta(ge=-(2**53), le=2**53)]
Numbers = dict[Word, Number]
Counts = dict[Word, Whole | Number]
Facts = dict[Word, Line | Whole | Number | bool | None]


class ModelUsed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model of a run."""

    name: Line
    sha256: Sha256


class Earlier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What earlier runs had spent on spans that this one found committed."""

    seconds: Numbers
    counts: dict[Word, Counts]


class RunTables(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table files of a run.

    Attributes:
        rows: of each table.
        tables: the files of each table, below OUTPUT.
        sums: SHA-256 of each of them.
        rows_of: number of rows of each of them; empty where it is not told.
    """

    rows: dict[Word, Count]
    tables: dict[Word, tuple[Line, ...]]
    sums: dict[Line, Sha256]
    rows_of: dict[Line, Count] = {}


class Run(RunTables, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `run.json` holds.

    Attributes:
        run_id: as in the column of `media`; empty where it is not told.
        command: what was called, as a line for a shell, secrets masked.
        belongs_to: INPUT, what is picked of it, and the settings that change rows.
        model: the model.
        render: settings of the annotated copies, None for no copies.
        left_out: what of INPUT is not analysed: files by suffix, or by the option that says so,
            and folders of the system by name.
        span_s: length of a span of video in seconds, None where there are none.
        people: how many each video was said to show, None where that was not said.
        schema_version: of the tables.
        versions: of what was used, by package.
        started: when, as `2026-11-01T10:00:00Z`.
        workers: number of worker processes, None if a runner decides on it.
        seconds: of the stages, summed over the workers, and of the `whole` on the clock.
        wall: the parts of the whole one after the other, in seconds.
        counts: of the stages.
        earlier: what is in none of these.
    """

    run_id: Annotated[str, Meta(pattern=r"^\w{0,32}$")] = ""
    command: Line
    belongs_to: Facts
    model: ModelUsed
    render: Facts | None
    left_out: dict[Line, Count] = {}
    span_s: Number | None
    people: Count | None = None
    schema_version: Word
    versions: dict[Word, Word]
    started: Annotated[str, Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])-\d\dT\d\d:\d\d:\d\dZ$")]
    workers: Count | None
    seconds: Numbers
    wall: Numbers
    counts: dict[Word, Counts]
    earlier: Earlier

    def setting(self, name: str) -> str:
        """Returns one of the settings that change rows, as text."""
        return str(self.belongs_to.get(name, ""))


def load_run(output: Output) -> Run:
    """Reads `run.json` of a finished run.

    Raises:
        UsageError: there is none.
        DamageError: it is not as ferbeam wrote it.
    """
    run = find_run(output)
    if run is None:
        missing = f"holds no finished run, {RUN_FILE} is missing"
        if output.is_local and not os.path.isdir(output.root):
            missing = "there is no such folder"
        raise UsageError(
            f"OUTPUT {output.root}: {missing}; `ferbeam analyze INPUT OUTPUT` makes one"
        )
    return run


def find_run(output: Output, place: str = RUN_FILE) -> Run | None:
    """Reads `run.json`, or what is to be it and lies in another place; None where there is none.

    Raises:
        DamageError: it is not as ferbeam wrote it.
    """
    try:
        data = read_checked(output, place, MOST_BYTES)
        # Typed first, so that what it claims bounds what it takes; then no key may come twice.
        run = decode(data, type=Run)
        json.loads(data, object_pairs_hook=_refuse_twice)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, RecursionError) as error:
        reason = f"it is damaged, or of another version of ferbeam: {error}"
        raise DamageError(output.root, "run", RUN_FILE, reason, REPAIR) from None
    if fault := _find_fault(run):
        raise DamageError(output.root, *fault, REPAIR)
    return run


def write_run(output: Output, run: Run, place: str = RUN_FILE) -> None:
    """Writes `run.json`, readable by people; to another place where it comes later."""
    values = to_builtins(run)
    values |= {name: values.pop(name) for name in RunTables.__struct_fields__}  # the long ones last
    text = json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False)
    output.write(output.path(place), f"{text}\n".encode())


def _refuse_twice(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a key comes twice")


def _find_fault(run: Run) -> tuple[str, str, str] | None:
    """Finds what fits no run though its type does: the kind, the file and the reason."""
    files = [(name, file) for name, listed in run.tables.items() for file in listed]
    outside = [file for name, file in files if not _names_table(name, file)]
    named = {file for _, file in files}
    faults = {
        f"it is of version {run.schema_version}, this ferbeam reads {SCHEMA_VERSION}": (
            run.schema_version != SCHEMA_VERSION
        ),
        f"it does not list the files of {', '.join(TABLES)}": (
            set(run.tables) != set(TABLES) or set(run.rows) != set(TABLES)
        ),
        "it lists a file twice": len(files) > len(named),
        "it holds no checksum of a table file": not named <= set(run.sums),
        "its command is none of ferbeam's": split_line(run.command) is None,
        "it does not tell INPUT": not isinstance(run.belongs_to.get("INPUT"), str),
        "it does not tell its time": "whole" not in run.seconds,
    }
    if outside:
        return "path", outside[0], f"{RUN_FILE} lists it as a table file, but it lies elsewhere"
    found = [reason for reason, there in faults.items() if there]
    kind = "schema" if run.schema_version != SCHEMA_VERSION else "run"
    return (kind, RUN_FILE, found[0]) if found else None


def _names_table(name: str, file: str) -> bool:
    """Tells whether a path is of a file right in the folder of its table."""
    folder, _, last = file.partition("/")
    return folder == name and "/" not in last and last.isprintable() and last not in ("", ".", "..")
