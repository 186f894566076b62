"""Where the pages of a report lie below OUTPUT, and how they name what lies beside them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import quote

from ferbeam.output.report_mark import PAGES


def name_page(medium: str) -> str:
    """Returns the path of a medium's own page below OUTPUT: readable, safe, no two the same."""
    plain = unicodedata.normalize("NFKD", medium).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^A-Za-z0-9_.]+", "-", plain)[-60:].strip("-.")
    digest = hashlib.sha256(medium.encode()).hexdigest()[:10]
    return f"{PAGES}/{readable or 'medium'}-{digest}.html"


def link_to(path: str, page: str) -> str:
    """Returns the relative URL of a path below OUTPUT, as seen from a page below OUTPUT."""
    return "../" * page.count("/") + quote(path)
