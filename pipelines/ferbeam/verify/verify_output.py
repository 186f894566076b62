"""`ferbeam verify`: checks that an OUTPUT holds what its run says, and that every sum adds up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ferbeam.output.folder import Output
    from ferbeam.verify.findings import Finding, Findings
    from ferbeam.verify.media import Tally
    from ferbeam.verify.tables import Listed


@dataclass(frozen=True)
class Verified:
    """What a check of an OUTPUT came to.

    Attributes:
        findings: what is wrong, by kind; none if it is clean.
        counted: what was checked.
    """

    findings: list[Finding]
    counted: dict[str, int]


def verify_output(output: Output) -> Verified:
    """Checks an OUTPUT through its `run.json`, one medium after the other.

    Raises:
        UsageError: it holds no finished run.
    """
    from ferbeam.verify.findings import Findings
    from ferbeam.verify.media import Tally, check_group, check_tally
    from ferbeam.verify.tables import check_run, read_groups

    findings, tally = Findings(), Tally()
    run = _load_run(findings, output)
    listed = None if run is None else check_run(findings, run)
    if listed is not None:
        for group in read_groups(findings, output, listed):
            tally.whole = tally.whole and group.whole
            if group.whole:
                check_group(findings, tally, group.tables)
        if tally.whole:  # else all would be missing that a damaged file held
            check_tally(findings, tally, run)
        _check_files(findings, output, listed, tally, run)
    counted = {**tally.rows, "copies": sum(1 for copy in tally.copies if copy.annotated)}
    return Verified(findings.list(), counted)


def _load_run(findings: Findings, output: Output) -> Any:
    """Reads `run.json`; None where it is damaged."""
    from fer_core.errors import UsageError
    from ferbeam.output.run_file import RUN_FILE

    path = output.path(RUN_FILE)
    if not output.exists(path):
        raise UsageError(f"OUTPUT {output.root}: holds no finished run, {RUN_FILE} is missing")
    run = output.read_json(path)
    if run is None:
        findings.add("run", "it is no JSON")
    return run


def _check_files(
    findings: Findings, output: Output, listed: Listed, tally: Tally, run: dict[str, Any]
) -> None:
    """Checks the copies, and that nothing lies beside what belongs to the run."""
    from fer_core.records import TABLES
    from ferbeam.output.folder import list_files
    from ferbeam.verify.copies import check_copies

    known = check_copies(findings, output, tally.copies, run.get("render") is not None)
    known.update(file for files in listed.files.values() for file in files)
    for folder in (*TABLES, *(("annotated", "sheets") if tally.whole else ())):
        for file in list_files(output, folder):
            if file not in known:
                findings.add("file-stray", file)
