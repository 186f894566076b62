"""The table files of a finished run: few and large. A medium stays in the one that it came into.

A part is a file of the same number in each of `PARTED`, with the rows of the same media, by their
names. It is replaced under its own name, by one rename, so that whoever reads all files of a folder
finds each row once at any moment. The failures are one file: a medium that opened no longer, or at
last, would else have its rows now in one file and now in another, and for a moment in none.
"""

from __future__ import annotations

import re

FULL_ROWS = 2_000_000
"""A part of so many rows takes no further media: some 100 MB of `faces`."""
GROUP_ROWS = 122_880
"""Rows of a row group: what DuckDB reads by one thread."""
NEXT = ".spans/next"
"""Holds what is to be put in place, whole, before any of it is."""
KEPT = ".spans/kept"
"""Holds what was replaced last, by its checksum: for who has read the `run.json` before."""
ROWS = ".spans/rows"
"""Holds the rows of single groups of media until they are in a part."""
PARTED = ("faces", "frames", "media")
"""The tables that are in parts."""
FAILURES_FILE = "failures/part-00000.parquet"
"""Holds all rows of `failures`."""
NOWHERE = -1
"""The part of a medium that is in none."""
_PART = re.compile(rf"(?:{'|'.join(PARTED)})/part-(\d{{5,9}})\.parquet")


def part_file(table: str, number: int) -> str:
    """Returns the path of a part of one of `PARTED` below OUTPUT."""
    return f"{table}/part-{number:05d}.parquet"


def part_number(file: str) -> int | None:
    """Returns the number of a part by one of its files, None of another file."""
    found = _PART.fullmatch(file)
    return int(found[1]) if found else None


def kept_file(checksum: str) -> str:
    """Returns the path below OUTPUT of a table file that was replaced."""
    return f"{KEPT}/{checksum}.parquet"
