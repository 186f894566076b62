"""Named stretches of the stimulus: `--markers FILE.csv`."""

from __future__ import annotations

import warnings

import pyarrow as pa

from fer_core.errors import FerWarning, UsageError
from ferbeam.query.sheets import Sheet, sheet_table

MARKERS = pa.schema(
    [
        ("name", pa.string()),
        ("start_ms", pa.int64()),
        ("end_ms", pa.int64()),
        ("condition", pa.string()),
    ]
)


def match_markers(sheet: Sheet) -> list[dict[str, str]]:
    """Returns the rows of a list of markers with plain numbers, in the order of their starts.

    Raises:
        UsageError: a column is missing, or a marker ends before it starts.
    """
    missing = [name for name in ("name", "start_ms", "end_ms") if name not in sheet.columns]
    if missing:
        raise UsageError(f"{sheet.what}: has no column {', '.join(missing)}")
    found = []
    for row in sheet.rows:
        start, end = (sheet.whole(row, name) for name in ("start_ms", "end_ms"))
        if not 0 <= start < end:
            raise UsageError(f"{sheet.what}: {row['name']} lasts from {start} to {end} ms")
        found.append((start, end, row["name"], row.get("condition", "")))
    return [
        {"name": name, "start_ms": str(start), "end_ms": str(end), "condition": condition}
        for start, end, name, condition in sorted(found)
    ]


def tell_of_markers(rows: list[dict[str, str]], end_ms: int) -> None:
    """Warns of markers that begin when all videos have ended, in the time of the stimulus."""
    for row in rows:
        if int(row["start_ms"]) >= end_ms:
            told = f"begins at {row['start_ms']} ms, and all videos end by {end_ms} ms"
            message = f"markers: {row['name']} {told}: nothing is told of it"
            warnings.warn(message, FerWarning, stacklevel=2)


def markers_table(rows: list[dict[str, str]]) -> pa.Table:
    """Returns the markers as a table."""
    return sheet_table(MARKERS.names, rows, MARKERS)
