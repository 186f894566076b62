"""Whether OUTPUT may hold the rows of an analysis, and what of it goes when it has."""

from __future__ import annotations

from typing import Any

from fer_core.errors import SettingsError
from fer_core.records import TABLES
from ferbeam.control.request import AnalysisRequest
from ferbeam.output.analysis_folder import OWN_NAMES
from ferbeam.output.folder import PART, TILES, Output, sheet_name
from ferbeam.output.notes import read_settings
from ferbeam.output.read_tables import read_tables
from ferbeam.output.report_mark import AGREEMENT, PAGES, REPORT, shows_other_run
from ferbeam.output.run_file import Run, find_run
from ferbeam.output.sweeping import keep_notes, sweep_files


def claim_output(request: AnalysisRequest, names: set[str]) -> None:
    """Checks that OUTPUT may hold the rows of this run, and notes whose rows it holds.

    Args:
        request: the run.
        names: the media it will analyse.

    Raises:
        SettingsError: OUTPUT holds rows of other settings, or of media that INPUT no longer has.
    """
    output = request.output
    if request.overwrite:
        sweep_files(output, _list_own(output))
    note = output.path(".spans", "settings.json")
    mine = request.belongs_to()
    run = find_run(output)
    held = read_settings(output, note) if run is None else run.belongs_to
    if held and not request.overwrite:
        _refuse_difference(held, mine)
    if run and not request.prune and not request.overwrite:
        _refuse_loss(output, run, names)
    output.write_json(note, mine)


def _refuse_difference(held: dict[str, Any], mine: dict[str, Any]) -> None:
    # What says nothing is as good as not said, as in an OUTPUT of an earlier version.
    differing = [key for key in mine if (held.get(key) or "") != (mine[key] or "")]
    # Where it is another detector, its settings say nothing more.
    changed = [key for key in differing if key.rpartition(".")[0] not in differing]
    if changed:
        lines = "; ".join(
            f"{key} was {_show(held.get(key))}, is {_show(mine[key])}" for key in changed
        )
        raise SettingsError(
            f"OUTPUT holds the rows of another run: {lines}. "
            "Choose another OUTPUT, or start this one anew with --overwrite"
        )


def _show(value: object) -> object:
    return "unset" if value in ("", None) else value


def _refuse_loss(output: Output, run: Run, names: set[str]) -> None:
    had = set(read_tables(output, run, "media")["media"].to_pylist())
    gone = sorted(had - names)
    if gone:
        raise SettingsError(
            f"OUTPUT holds {len(gone)} media that INPUT no longer has ({gone[0]}"
            f"{', ...' if len(gone) > 1 else ''}): add --prune to drop their rows"
        )


def remove_stale(output: Output, run: Run) -> None:
    """Removes from OUTPUT what is ours and not of this finished run: tables, copies, a report."""
    kept = {file for files in run.tables.values() for file in files}
    tables = (file for name in TABLES for file in output.list_files(name) if file not in kept)
    begun = (file for file in output.list_files(".spans") if _is_begun(file))
    sweep_files(output, [*tables, *begun])
    sweep_copies(output, run)
    sweep_report(output, run)
    keep_notes(output)


def _is_begun(file: str) -> bool:
    """Tells whether a file below `.spans` is of copies that were begun and not put in place."""
    return file.endswith((PART, TILES)) or file.startswith(".spans/made/")


def sweep_copies(output: Output, run: Run) -> None:
    """Removes the copies and contact sheets that a run has none of."""
    media = read_tables(output, run, "media", ["media", "annotated"]).to_pylist()
    copies = {row["annotated"]: row["media"] for row in media if row["annotated"]}
    kept = {*copies, *map(sheet_name, copies.values())}
    shown = (file for name in ("annotated", "sheets") for file in output.list_files(name))
    sweep_files(output, [file for file in shown if file not in kept])


def sweep_report(output: Output, run: Run) -> None:
    """Removes a report of other tables or copies than those of a run."""
    if shows_other_run(output, run):
        sweep_files(output, _list_own(output, (REPORT, AGREEMENT, PAGES)))


def _list_own(output: Output, own: tuple[str, ...] = OWN_NAMES) -> list[str]:
    """Lists the files that may be ours: these, and those in folders of these names."""
    return [*own, *(file for name in own for file in output.list_files(name))]
