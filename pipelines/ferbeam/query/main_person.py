"""Warns where what is told of a video is not told of all who are seen in it."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

from fer_core.errors import FerWarning

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LEAST_SHARE = 0.8
"""Of the samples with faces: whoever is seen in fewer may not be the one who was filmed."""
OF_MAIN = {"viewer_seconds", "viewer_windows", "viewer_events", "cohort", "groups", "synchrony"}
"""Views that tell of the main person of each video."""
MOST_TOLD = 5


def find_unclear(tables: DuckDBPyConnection) -> list[tuple[str, float]]:
    """Returns the videos whose main person is in few of the samples with faces, and the share."""
    found = tables.execute(
        f"""SELECT media, samples / of_samples AS share FROM people
        WHERE main AND share < {LEAST_SHARE} ORDER BY share, media"""
    ).fetchall()
    return [(str(media), float(share)) for media, share in found]


def warn_of_main(tables: DuckDBPyConnection, sql: str) -> None:
    """Warns of unclear main persons where a query asks for what is told of them alone."""
    if OF_MAIN & set(re.findall(r"\w+", sql.lower())):
        for line in describe_unclear(find_unclear(tables)):
            warnings.warn(line, FerWarning, stacklevel=2)


def describe_unclear(unclear: list[tuple[str, float]]) -> list[str]:
    """Says of videos, and of how many samples their main person is in, that it is unclear."""
    lines = [
        f"{media}: its main person is in {100 * share:.0f} % of the samples with faces, and curves "
        "and groups tell of no one else; who is there: the view people; if only one person was "
        "filmed: analyze --people 1"
        for media, share in unclear[:MOST_TOLD]
    ]
    more = len(unclear) - MOST_TOLD
    return [*lines, f"and {more} more videos like that"] if more > 0 else lines
