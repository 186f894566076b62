"""Checks that an OUTPUT holds nothing beside what belongs to its run, and names what it does."""

from __future__ import annotations

from collections.abc import Iterator

from fer_core.errors import ForeignError
from fer_core.records import TABLES
from ferbeam.output.analysis_folder import OUTPUT, OWN_NAMES, REMEMBERED
from ferbeam.output.folder import SUBTITLES, Output
from ferbeam.output.owned_names import FOLDER, LOCK
from ferbeam.output.ownership import SYSTEM_NAMES, is_marked
from ferbeam.output.report_mark import PAGES
from ferbeam.verify.findings import Findings

_COPIES = ("annotated", "sheets")


def check_beside(findings: Findings, output: Output, known: set[str], whole: bool) -> list[str]:
    """Checks the folders that ferbeam writes, where others' files are a finding, too.

    Args:
        findings: what is found is added to.
        output: what is checked.
        known: the files that belong to the run.
        whole: whether all table files could be read; else it is not known which copies belong.

    Returns:
        What else lies in OUTPUT: no fault, for nobody would take it for a result.
    """
    older = set() if is_marked(output) else OUTPUT.older(output) or set()
    for folder in (*TABLES, *(_COPIES if whole else ()), ".spans", PAGES):
        for file in _list(findings, output, folder):
            if file not in known and not _is_subtitle(file, known):
                _tell(findings, output, file, file in older)
    own = {*OWN_NAMES, *REMEMBERED, FOLDER, LOCK, *SYSTEM_NAMES}
    names = output.list_names() if output.is_local else output.list_files()
    return [name for name in names if name.partition("/")[0] not in own]


def _is_subtitle(file: str, known: set[str]) -> bool:
    """Tells whether a file is named as the subtitles of a copy: `export` may write them there."""
    stem, dot, suffix = file.rpartition(".")
    return dot + suffix == SUBTITLES and f"{stem}.mp4" in known


def _list(findings: Findings, output: Output, folder: str) -> Iterator[str]:
    try:
        yield from output.list_files(folder)
    except ForeignError:
        findings.add("path", folder)


def _tell(findings: Findings, output: Output, file: str, older: bool) -> None:
    """Adds a file that does not belong to the run, unless it is a span or a page of ours."""
    try:
        ours = older or output.wrote(output.path(file))
        if not ours and not output.exists(output.path(file)):  # it went meanwhile
            return
    except ForeignError:
        ours = False
    if not ours or not file.startswith((".spans/", f"{PAGES}/")):
        findings.add("file-stray", file if ours else f"{file}, which is not ferbeam's")
