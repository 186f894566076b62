"""Whether OUTPUT may hold the rows of an analysis, and what of it goes when it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fer_core.errors import SettingsError
from ferbeam.control.request import AnalysisRequest
from ferbeam.control.sort_out import known_for
from ferbeam.output.analysis_folder import OWN_NAMES
from ferbeam.output.damage import DamageError
from ferbeam.output.folder import Output
from ferbeam.output.known_media import KnownMedium, read_known
from ferbeam.output.notes import read_settings
from ferbeam.output.put_tables import PUT, clear_staged, finish_put
from ferbeam.output.read_tables import check_sums
from ferbeam.output.run_file import RUN_FILE, Run, find_run
from ferbeam.output.sweeping import sweep_files
from ferbeam.output.table_parts import NOWHERE
from ferbeam.text import count_of

SETTINGS = ".spans/settings.json"
"""The settings that the rows of an OUTPUT belong to."""


@dataclass(frozen=True)
class Held:
    """What OUTPUT holds already.

    Attributes:
        run: the finished run, None without one.
        known: what it has noted of its media.
    """

    run: Run | None
    known: dict[str, KnownMedium]


def claim_output(request: AnalysisRequest, names: set[str]) -> Held:
    """Checks that OUTPUT may hold the rows of this run, and notes whose rows it holds.

    What an earlier run had begun to put in place is put there first.

    Args:
        request: the run.
        names: the media it will analyse.

    Raises:
        SettingsError: OUTPUT holds rows of other settings, or of media that INPUT no longer has.
        DamageError: its tables are not as ferbeam wrote them.
    """
    output, mine = request.output, request.belongs_to()
    if request.overwrite:
        begin_anew(output, mine)
    finish_put(output)
    clear_staged(output)
    note = output.path(SETTINGS)
    run = find_run(output)
    held = read_settings(output, note) if run is None else run.belongs_to
    if held and not request.overwrite:
        refuse_difference(held, mine, request.input_moved)
    known = _read_known(request, run) if run else {}
    if not request.prune:
        _refuse_loss(known, names)
    output.write_json(note, mine)
    return Held(run, known)


def begin_anew(output: Output, mine: dict[str, Any]) -> None:
    """Removes what is ours, but for what the same command has begun anew and not finished.

    Args:
        output: where.
        mine: the settings that its rows are to belong to.
    """
    unfinished = not output.exists(output.path(RUN_FILE))
    if unfinished and read_settings(output, output.path(SETTINGS)) == mine:
        return
    # First what a killed run had begun to put in place, or else the next one would go on with it;
    # and what would make the rest, were this killed, look like what was begun anew.
    for names in ([PUT], [SETTINGS], _list_own(output)):
        sweep_files(output, names)


def _read_known(request: AnalysisRequest, run: Run) -> dict[str, KnownMedium]:
    """Reads what the finished run has noted; nothing where it is damaged and may be dropped."""
    try:
        if request.output.is_local:
            check_sums(request.output, run)
        # Copies that a killed run had begun to replace are told of nowhere.
        withdrawn = run.render is None and request.settings.render is not None
        return read_known(request.output, run, "" if withdrawn else known_for(request))
    except DamageError:
        if not request.prune:
            raise
        return {}


TOLD = {"detector.revision": "this version finds faces in another way: detector.revision"}
"""What stands for a setting that nobody has set."""


def refuse_difference(held: dict[str, Any], mine: dict[str, Any], moved: bool) -> None:
    """Refuses a run whose rows would not fit those that are there.

    Args:
        held: what the rows that are there belong to.
        mine: what those of this run would.
        moved: whether INPUT may lie elsewhere.

    Raises:
        SettingsError: with the difference, and the ways out.
    """
    told = [key for key in mine if not (moved and key == "INPUT")]
    # What says nothing is as good as not said, as in an OUTPUT of an earlier version.
    differing = [key for key in told if (held.get(key) or "") != (mine[key] or "")]
    # Where it is another detector, its settings say nothing more.
    changed = [key for key in differing if key.rpartition(".")[0] not in differing]
    if changed:
        lines = "; ".join(
            f"{TOLD.get(key, key)} was {_show(held.get(key))}, is {_show(mine[key])}"
            for key in changed
        )
        moved_to = "; where INPUT has moved, add --input-moved" if changed == ["INPUT"] else ""
        raise SettingsError(
            f"OUTPUT holds the rows of another run: {lines}. "
            f"Choose another OUTPUT, or start this one anew with --overwrite{moved_to}"
        )


def _show(value: object) -> object:
    return "unset" if value in ("", None) else value


def _refuse_loss(known: dict[str, KnownMedium], names: set[str]) -> None:
    gone = sorted(
        name for name in known.keys() - names if known[name].part != NOWHERE or known[name].size < 0
    )
    if gone:
        raise SettingsError(
            f"OUTPUT holds {count_of(len(gone), 'medium')} that INPUT no longer has ({gone[0]}"
            f"{', ...' if len(gone) > 1 else ''}): add --prune to drop their rows"
        )


def _list_own(output: Output) -> list[str]:
    """Lists the files that may be ours: by their names, and those in folders of ours."""
    return [*OWN_NAMES, *(file for name in OWN_NAMES for file in output.list_files(name))]
