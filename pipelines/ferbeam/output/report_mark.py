"""Which run the report in an OUTPUT shows."""

from __future__ import annotations

import hashlib
import json

from ferbeam.output.folder import Output
from ferbeam.output.run_file import Run

REPORT = "report.html"

AGREEMENT = "agreement.html"
"""The page of `agree`."""

PAGES = "report"
"""The folder of further pages, where media are many."""

MARK = '<meta name="ferbeam-run" content="{}">'
"""Stands near the start of every page and says which run it shows."""

MARK_WITHIN = 1000


def mark_of(run: Run) -> str:
    """Returns what tells the tables and copies of one run from those of another."""
    shown = json.dumps([run.sums, run.render], sort_keys=True)
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def shows_other_run(output: Output, run: Run) -> bool:
    """Tells whether OUTPUT holds a page, but of other tables or copies than this run's."""
    paths = (output.path(name) for name in (REPORT, AGREEMENT))
    mark = MARK.format(mark_of(run)).encode()
    return any(
        output.exists(path) and mark not in output.read(path)[:MARK_WITHIN] for path in paths
    )
