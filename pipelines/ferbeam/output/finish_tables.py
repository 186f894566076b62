"""Puts the tables of a run in place: what was written anew, and what stays of the run before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fer_core.errors import FerError
from fer_core.records import TABLES
from ferbeam.output.costs import Costs, sum_costs
from ferbeam.output.folder import Output
from ferbeam.output.known_media import KNOWN, STAGED
from ferbeam.output.plan_parts import FAILURES_FACTS
from ferbeam.output.put_tables import Put, put_in_place
from ferbeam.output.run_file import RUN_FILE, Run, RunTables, write_run
from ferbeam.output.table_parts import FAILURES_FILE, NEXT, PARTED, part_file, part_number
from ferbeam.output.write_part import facts_path

_COUNTED = {"frames": "frames_sampled", "faces": "face_count"}


def gather_parts(
    output: Output, before: Run | None, numbers: Iterable[int], listed: int
) -> RunTables:
    """Puts together what `run.json` tells of the tables, and checks that their counts add up.

    Args:
        output: where the parts were written.
        before: the finished run whose other parts stay; None without one.
        numbers: of the parts that were written.
        listed: how many media were listed, and failed to be.

    Raises:
        FerError: a medium or row is missing.
    """
    rows = _stay(before, set(numbers))
    sums = {file: before.sums[file] for file in rows} if before else {}
    for number in numbers:
        facts = _read_facts(output, facts_path(output, number))
        _check_counts(facts)
        if facts["rows"]["media"] or number == 0:
            for name in PARTED:
                rows[part_file(name, number)] = facts["rows"][name]
                sums[part_file(name, number)] = facts["sums"][name]
    failures = _read_facts(output, output.path(FAILURES_FACTS))
    rows[FAILURES_FILE], sums[FAILURES_FILE] = failures["rows"], failures["sum"]
    tables = {name: tuple(sorted(f for f in rows if f.startswith(f"{name}/"))) for name in TABLES}
    whole = {name: sum(rows[file] for file in files) for name, files in tables.items()}
    if whole["media"] + failures["unopened"] != listed:
        raise FerError(
            f"{listed} media were listed, {whole['media']} analysed and {failures['unopened']} "
            "failed: INPUT changed during the run; run the same command again"
        )
    return RunTables(rows=whole, tables=tables, sums=sums, rows_of=rows)


def merge_costs(output: Output, numbers: Iterable[int]) -> Costs:
    """Adds up what it cost to write parts."""
    return sum_costs(_read_facts(output, facts_path(output, number))["costs"] for number in numbers)


def put_run(
    output: Output,
    before: Run | None,
    run: Run,
    copies: Iterable[tuple[str, str]] | None = None,
) -> None:
    """Puts the copies, the tables and the `run.json` of a run in place, and removes what is stale.

    Args:
        output: where.
        before: the finished run that it follows; None without one.
        run: what is put in place.
        copies: its groups, each with the key of its copies; None where nothing has changed.

    Raises:
        FerError: what is not ours has come where a copy is to lie, or the disk refuses its name.
    """
    write_run(output, run, f"{NEXT}/{RUN_FILE}")
    old = before.sums if before else {}
    changed = [file for file, checksum in run.sums.items() if old.get(file) != checksum]
    gone = [file for file in old if file not in run.sums]
    files = {file: f"{NEXT}/{file}" for file in changed}
    files |= {KNOWN: STAGED, RUN_FILE: f"{NEXT}/{RUN_FILE}"}
    kept = {file: old[file] for file in (*changed, *gone) if file in old}
    groups = None if copies is None else list(copies)
    put_in_place(output, Put(files, gone, kept, groups))


def _stay(before: Run | None, written: set[int]) -> dict[str, int]:
    """Returns the rows of the files that stay as they are."""
    if before is None:
        return {}
    numbers = {file: part_number(file) for file in before.rows_of}
    return {
        file: before.rows_of[file]
        for file, number in numbers.items()
        if number is not None and number not in written
    }


def _read_facts(output: Output, path: str) -> dict[str, Any]:
    facts: dict[str, Any] | None = output.read_json(path)
    if facts is None:
        raise FerError("the job ended without all tables: run the same command again to go on")
    return facts


def _check_counts(facts: dict[str, Any]) -> None:
    for table, column in _COUNTED.items():
        counted = facts["counted"].get(column, 0)
        if facts["rows"][table] != counted:
            raise FerError(f"{facts['rows'][table]} rows in {table}, media count {counted}")
