"""Removes from an OUTPUT what is ours and of no use beside its finished run."""

from __future__ import annotations

from collections.abc import Iterator

from fer_core.records import TABLES
from ferbeam.output.folder import PART, TILES, Output, sheet_name
from ferbeam.output.read_tables import read_tables
from ferbeam.output.report_mark import AGREEMENT, PAGES, REPORT, shows_other_run
from ferbeam.output.run_file import Run
from ferbeam.output.sweeping import keep_notes, sweep_files
from ferbeam.output.table_parts import NEXT, ROWS

_BEGUN = (".spans/made", ROWS, ".spans/listed", NEXT)
"""Folders of what a run needs until it is done; a killed one leaves it there."""


def remove_stale(output: Output, run: Run) -> None:
    """Removes from OUTPUT what is ours and not of this finished run: tables, copies, a report."""
    kept = {file for files in run.tables.values() for file in files}
    tables = (file for name in TABLES for file in output.list_files(name) if file not in kept)
    sweep_files(output, tables)
    sweep_copies(output, run)
    sweep_report(output, run)
    keep_notes(output)


def remove_begun(output: Output) -> None:
    """Removes what was begun below `.spans` and is of no use once a run is done."""
    sweep_files(output, list(_list_begun(output)))
    for folder in _BEGUN:
        output.remove_empty(output.path(folder))


def _list_begun(output: Output) -> Iterator[str]:
    for name in output.list_names(".spans"):
        if name.endswith((PART, TILES)) or name.startswith("run-"):  # of an earlier version
            yield f".spans/{name}"
    for folder in _BEGUN:
        yield from output.list_files(folder)


def sweep_copies(output: Output, run: Run) -> None:
    """Removes the copies and contact sheets that a run has none of."""
    columns = ["media", "annotated", "annotated_sha256", "sheet_sha256"]
    media = read_tables(output, run, "media", columns).to_pylist()
    copied = [row for row in media if row["annotated"]]
    # What was an animation had a sheet, and has none as a picture: its sum tells, where any does.
    sheets = (row for row in copied if row["sheet_sha256"] or not row["annotated_sha256"])
    kept = {row["annotated"] for row in copied} | {sheet_name(row["media"]) for row in sheets}
    shown = (file for name in ("annotated", "sheets") for file in output.list_files(name))
    sweep_files(output, [file for file in shown if file not in kept])


def sweep_report(output: Output, run: Run) -> None:
    """Removes a report of other tables or copies than those of a run."""
    stale = [REPORT, AGREEMENT] if shows_other_run(output, run) else []
    # Pages without the one that leads to them are of a report that was being written, or removed.
    if stale or not output.exists(output.path(REPORT)):
        sweep_files(output, [*stale, *output.list_files(PAGES)])
