"""The request for an analysis, and whether OUTPUT may hold its rows."""

from __future__ import annotations

import os
import shutil
import uuid
from dataclasses import dataclass, field
from typing import Any

from fer_core.errors import SettingsError, UsageError
from fer_core.model import ModelCard
from fer_core.records import TABLES
from pipelines.contents import list_files
from pipelines.output import PART, RUN_FILE, TILES, Output, read_tables, sheet_name
from pipelines.report.places import PAGES, REPORT, shows_other_run
from pipelines.runners import Runner
from pipelines.settings import RenderSettings, RowSettings
from pipelines.stores import is_uri

OWN_NAMES = (*TABLES, "annotated", "sheets", ".spans", RUN_FILE, REPORT, PAGES)
"""What ferbeam writes below OUTPUT; nothing else there is ever touched."""
_SHOWN = (*TABLES, "annotated", "sheets")


@dataclass(frozen=True)
class AnalysisRequest:
    """What the command line asks for.

    Attributes:
        input: folder, glob, file or URI.
        output: where the tables go.
        rows: the settings that change rows.
        span_s: length of a span of video in seconds.
        model_dir: model folder, None for the shipped one.
        detector_model: model file of the detector, None for one without.
        card: the card of the model.
        render: of the annotated copies, None for no copies.
        runner: where it runs.
        overwrite: removes what an earlier run wrote.
        prune: lets media go that are no longer in INPUT.
        retry_failures: does once more what ended in a failure.
    """

    input: str
    output: Output
    rows: RowSettings
    span_s: float
    model_dir: str | None
    detector_model: str | None
    card: ModelCard
    render: RenderSettings | None
    runner: Runner
    overwrite: bool = False
    prune: bool = False
    retry_failures: bool = False
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    def belongs_to(self) -> dict[str, Any]:
        """Returns what an OUTPUT belongs to: its INPUT and the settings that change rows."""
        place = self.input
        if not is_uri(place):
            place = os.path.abspath(place).encode("utf-8", "replace").decode()
        return {"INPUT": place, **self.rows.flat()}


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
        _remove_own(output)
    note = output.path(".spans", "settings.json")
    mine = request.belongs_to()
    run = output.read_json(output.path(RUN_FILE))
    held = (run or {}).get("belongs_to") or output.read_json(note)
    if held and not request.overwrite:
        _refuse_difference(held, mine)
    if run and not request.prune and not request.overwrite:
        _refuse_loss(output, run, names)
    output.write_json(note, mine)


def refuse_inside(source: str, what: str, folder: str) -> None:
    """Refuses to write into INPUT.

    Args:
        source: INPUT.
        what: what the command line calls the folder.
        folder: folder that is to be written.

    Raises:
        UsageError: the folder is INPUT or lies inside it.
    """
    if is_uri(source) or is_uri(folder):
        lies_inside = f"{folder}/".startswith(source.rstrip("/") + "/")
    else:
        inside = os.path.realpath(folder) + os.sep
        lies_inside = os.path.isdir(source) and inside.startswith(os.path.realpath(source) + os.sep)
    if lies_inside:
        raise UsageError(f"{what} {folder}: lies inside INPUT; choose another folder")


def _refuse_difference(held: dict[str, Any], mine: dict[str, Any]) -> None:
    differing = [key for key in mine if held.get(key) != mine[key]]
    # Where it is another detector, its settings say nothing more.
    changed = [key for key in differing if key.rpartition(".")[0] not in differing]
    if changed:
        lines = "; ".join(f"{key} was {held.get(key)}, is {mine[key]}" for key in changed)
        raise SettingsError(
            f"OUTPUT holds the rows of another run: {lines}. "
            "Choose another OUTPUT, or start this one anew with --overwrite"
        )


def _refuse_loss(output: Output, run: dict[str, Any], names: set[str]) -> None:
    had = set(read_tables(output, run, "media")["media"].to_pylist())
    gone = sorted(had - names)
    if gone:
        raise SettingsError(
            f"OUTPUT holds {len(gone)} media that INPUT no longer has ({gone[0]}"
            f"{', ...' if len(gone) > 1 else ''}): add --prune to drop their rows"
        )


def remove_stale(output: Output, run: dict[str, Any]) -> None:
    """Removes from OUTPUT what is not of this finished run: tables, copies, parts, a report."""
    media = read_tables(output, run, "media", ["media", "annotated"]).to_pylist()
    copies = {row["annotated"]: row["media"] for row in media if row["annotated"]}
    kept = {file for files in run["tables"].values() for file in files} | set(copies)
    kept |= {sheet_name(name) for name in copies.values()}
    tables = [file for name in _SHOWN for file in list_files(output, name)]
    stale = [file for file in tables if file not in kept]
    parts = [file for file in list_files(output, ".spans") if file.endswith((PART, TILES))]
    output.remove(*(output.path(file) for file in (*stale, *parts)))
    for name in _SHOWN if output.is_local else ():
        for folder, _, _ in os.walk(output.path(name), topdown=False):
            if not os.listdir(folder):
                os.rmdir(folder)
    if shows_other_run(output, run):
        _remove_own(output, (REPORT, PAGES))


def _remove_own(output: Output, own: tuple[str, ...] = OWN_NAMES) -> None:
    if not output.is_local:
        files = [output.path(name) for name in own]
        below = [uri for name in own for uri in output.list_below(name)]
        output.remove(*below, *files)
        return
    for name in own:
        path = output.path(name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)
