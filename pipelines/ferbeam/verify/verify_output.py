"""`ferbeam verify`: checks that an OUTPUT holds what its run says, and that every sum adds up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ferbeam.output.folder import Output
    from ferbeam.output.run_file import Run
    from ferbeam.verify.findings import Finding, Findings
    from ferbeam.verify.media import Tally


@dataclass(frozen=True)
class Verified:
    """What a check of an OUTPUT came to.

    Attributes:
        findings: what is wrong, by kind; none if it is clean.
        counted: what was checked.
        beside: names in OUTPUT, outside the folders of ferbeam, that are not ferbeam's.
    """

    findings: list[Finding]
    counted: dict[str, int]
    beside: list[str]


def verify_output(output: Output, since: str | None = None) -> Verified:
    """Checks an OUTPUT through its `run.json`, one medium after the other.

    Args:
        output: what is checked.
        since: a `run_id`: copies of media that runs begun before it have analysed are not opened.

    Raises:
        UsageError: it holds no finished run, or no medium of that run.
        TryLaterError: other runs are put in place all the time.
    """
    from ferbeam.output.damage import DamageError
    from ferbeam.output.one_run import read_one_run
    from ferbeam.verify.findings import Findings
    from ferbeam.verify.media import Tally

    try:
        return read_one_run(output, partial(_verify_run, output, since), lambda v: not v.findings)
    except DamageError as damage:  # of `run.json`
        findings = Findings()
        findings.add(damage.kind, f"{damage.file}: {damage.reason}")
        return _tell(findings, Tally(), [])


def _verify_run(output: Output, since: str | None, run: Run) -> Verified:
    """Checks an OUTPUT as a run has told of it."""
    from ferbeam.verify.findings import Findings
    from ferbeam.verify.media import Tally, check_group, check_tally
    from ferbeam.verify.tables import read_groups

    findings, tally = Findings(), Tally()
    for group in read_groups(findings, output, run):
        tally.whole = tally.whole and group.whole
        tally.sums.update(group.sums)
        if group.whole:
            check_group(findings, tally, group.tables)
    if tally.whole:  # else all would be missing that a damaged file held
        check_tally(findings, tally, run)
    return _tell(findings, tally, _check_files(findings, output, tally, run, since))


def _tell(findings: Findings, tally: Tally, beside: list[str]) -> Verified:
    counted = {**tally.rows, "copies": sum(1 for copy in tally.copies if copy.annotated)}
    return Verified(findings.list(), counted, beside)


def _check_files(
    findings: Findings, output: Output, tally: Tally, run: Run, since: str | None
) -> list[str]:
    """Checks the copies, and what lies beside what belongs to the run; returns what is others'."""
    from ferbeam.verify.beside import check_beside
    from ferbeam.verify.copies import check_copies

    known = check_copies(findings, output, tally, run.render is not None, since)
    known.update(file for files in run.tables.values() for file in files)
    return check_beside(findings, output, known, tally.whole)
