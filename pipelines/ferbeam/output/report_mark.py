"""Which run the report in an OUTPUT shows."""

from __future__ import annotations

import hashlib
import json

from ferbeam.output.folder import Output
from ferbeam.output.run_file import Run

REPORT = "report.html"

PAGES = "report"
"""The folder of further pages, where media are many."""

MARK = '<meta name="ferbeam-run" content="{}">'
"""Stands near the start of every page and says which run it shows."""

MARK_WITHIN = 1000


def mark_of(run: Run) -> str:
    """Returns what tells the tables and copies of one run from those of another."""
    shown = json.dumps([run.tables, run.render], sort_keys=True)
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def shows_other_run(output: Output, run: Run) -> bool:
    """Tells whether OUTPUT holds a report, but of other tables or copies than this run's."""
    path = output.path(REPORT)
    if not output.exists(path):
        return False
    return MARK.format(mark_of(run)).encode() not in output.read(path)[:MARK_WITHIN]
