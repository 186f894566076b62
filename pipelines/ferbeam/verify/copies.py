"""Checks the annotated copies and contact sheets: there, whole, and as long as their medium."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from fer_core.errors import MediaError, UsageError
from fer_core.measure_copies import CopyMeasures, measure_picture, measure_video
from ferbeam.output.checked_files import leads_out
from ferbeam.output.copy_sums import is_copy
from ferbeam.output.folder import Output, copy_name, sheet_name
from ferbeam.stores.sources import open_source
from ferbeam.verify.findings import Findings
from ferbeam.verify.media import Copy, Tally

TOLERANCE_MS = 2
"""How far the end of a copy may be from that of its medium, for rounding."""


def begun_at(copies: Iterable[Copy], run_id: str | None) -> datetime | None:
    """Returns when a run began; None of None.

    Raises:
        UsageError: no medium is of that run.
    """
    if run_id is None:
        return None
    times = {copy.run_id: copy.analysed_at for copy in copies}
    if run_id not in times:
        latest = max(times, key=lambda known: times[known], default="none")
        raise UsageError(f"--since {run_id}: no medium is of that run; the latest is {latest}")
    return times[run_id]


def check_copies(
    findings: Findings, output: Output, tally: Tally, rendered: bool, since: str | None = None
) -> set[str]:
    """Checks every copy, the sheet of every video, and what a picture has in place of one.

    Args:
        findings: what is found is added to.
        output: where they lie.
        tally: what the tables tell of them.
        rendered: whether the run was to make copies.
        since: a `run_id`: copies of media that runs begun before it have analysed are not opened.

    Returns:
        The files that belong to OUTPUT by this, as paths below it.
    """
    expected, begun = set[str](), begun_at(tally.copies, since)
    for copy in tally.copies:
        if copy.annotated is None:
            if rendered and not copy.failed:
                findings.add("lost-silently", f"{copy.media}: has no copy")
            continue
        if copy.annotated != copy_name(copy.kind, copy.media) or leads_out(output, copy.annotated):
            findings.add("path", f"copy {copy.annotated} of {copy.media}")
            continue
        files = {copy.annotated: copy.kind}
        sheet = sheet_name(copy.media)
        if copy.kind == "video" or sheet in tally.sums:
            files[sheet] = "image"
        expected.update(files)
        for file, kind in files.items() if begun is None or copy.analysed_at >= begun else ():
            measures = _measure(findings, output, file, kind)
            right = file != copy.annotated or (measures and _compare(findings, copy, measures))
            if measures is not None and right:
                _check_sum(findings, output, file, tally)
    return expected


def _check_sum(findings: Findings, output: Output, name: str, tally: Tally) -> None:
    """Checks that a copy or sheet is the one that the run has made, with its overlay."""
    if name in tally.sums and not is_copy(output, name, tally.sums[name]):
        findings.add("copy-other", name)


def _measure(findings: Findings, output: Output, file: str, kind: str) -> CopyMeasures | None:
    """Measures a copy or sheet; None where it is missing or damaged."""
    path = output.path(file)
    if leads_out(output, file):
        findings.add("path", file)
        return None
    if not output.exists(path):
        findings.add("copy-missing", file)
        return None
    try:
        with open_source(path) as source:
            return measure_video(source) if kind == "video" else measure_picture(source)
    except MediaError as error:
        findings.add("copy-damaged", f"{file}: {error}")
        return None


def _compare(findings: Findings, copy: Copy, measures: CopyMeasures) -> bool:
    """Tells whether a copy has the size and length of its medium; H.264 makes odd sizes even."""
    even = 1 if copy.kind == "video" else 0
    wanted = tuple(side + (side % 2) * even for side in (copy.width, copy.height))
    found = ""
    if (measures.width, measures.height) != wanted:
        size, whole = f"{measures.width} x {measures.height}", f"{copy.width} x {copy.height}"
        found = f"{size} pixels of {whole}"
    elif copy.kind == "video" and not copy.failed:
        if measures.frame_count != copy.frame_count:
            found = f"{measures.frame_count} frames of {copy.frame_count}"
        elif abs(measures.end_ms - copy.duration_ms) > TOLERANCE_MS:
            found = f"{measures.end_ms:.0f} ms of {copy.duration_ms}"
    if found:
        findings.add("copy-length", f"{copy.annotated}: {found}")
    return not found
