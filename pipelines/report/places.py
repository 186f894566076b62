"""Where the pages of a report lie below OUTPUT, and how they name what lies beside them."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from typing import Any
from urllib.parse import quote

from pipelines.output import Output

REPORT = "report.html"
PAGES = "report"
"""The folder of further pages, where media are many."""
MARK = '<meta name="ferbeam-run" content="{}">'
"""Stands near the start of every page and says which run it shows."""
MARK_WITHIN = 1000


def name_page(medium: str) -> str:
    """Returns the path of a medium's own page below OUTPUT: readable, safe, no two the same."""
    plain = unicodedata.normalize("NFKD", medium).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^A-Za-z0-9_.]+", "-", plain)[-60:].strip("-.")
    digest = hashlib.sha256(medium.encode()).hexdigest()[:10]
    return f"{PAGES}/{readable or 'medium'}-{digest}.html"


def link_to(path: str, page: str) -> str:
    """Returns the relative URL of a path below OUTPUT, as seen from a page below OUTPUT."""
    return "../" * page.count("/") + quote(path)


def mark_of(run: dict[str, Any]) -> str:
    """Returns what tells the tables and copies of one run from those of another."""
    shown = json.dumps([run["tables"], run["render"]], sort_keys=True)
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def shows_other_run(output: Output, run: dict[str, Any]) -> bool:
    """Tells whether OUTPUT holds a report, but of other tables or copies than this run's."""
    path = output.path(REPORT)
    if not output.exists(path):
        return False
    return MARK.format(mark_of(run)).encode() not in output.read(path)[:MARK_WITHIN]
