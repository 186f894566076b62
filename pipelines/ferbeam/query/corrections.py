"""People named or left out by hand: `--corrections FILE.csv`, as the page of the report saves it.

No row is changed: the views read the faces of those who are left, and the table `faces` has all.
"""

from __future__ import annotations

import warnings
from collections import Counter

import pyarrow as pa

from fer_core.errors import FerWarning, UsageError
from ferbeam.query.sheets import Sheet, sheet_table
from ferbeam.query.viewers import Videos

CORRECTIONS = pa.schema(
    [
        ("media", pa.string()),
        ("person_id", pa.int32()),
        ("name", pa.string()),
        ("excluded", pa.bool_()),
    ]
)
MOST_PERSON = 2**31 - 1
YES, NO = ("1", "yes", "true", "x", "oui", "vrai"), ("", "0", "no", "false", "non", "faux")
LEFT = (
    "ANTI JOIN (SELECT media, person_id FROM corrections WHERE excluded) USING (media, person_id)"
)
"""Of rows of `faces`: those of people who are not left out."""


def match_corrections(sheet: Sheet, videos: Videos) -> list[dict[str, str]]:
    """Returns the rows of a list of corrections with plain values; warns of videos that are none.

    Raises:
        UsageError: a column is missing, a person comes twice, or a value is none.
    """
    missing = [name for name in ("media", "person_id") if name not in sheet.columns]
    if missing:
        raise UsageError(f"{sheet.what}: has no column {', '.join(missing)}")
    found = []
    for row in sheet.rows:
        person = sheet.whole(row, "person_id", MOST_PERSON)
        said = row.get("excluded", "").casefold()
        if person < 0:
            raise UsageError(f"{sheet.what}: person_id {person} is none, they count from 0")
        if said not in (*YES, *NO):
            raise UsageError(f"{sheet.what}: excluded {said!r}: is neither 1 nor 0")
        if row["media"] not in videos.ends_ms:
            told = f"{sheet.what}: {row['media']} is no video of OUTPUT; it is passed over"
            warnings.warn(told, FerWarning, stacklevel=2)
            continue
        plain = {"media": row["media"], "person_id": str(person), "name": row.get("name", "")}
        found.append({**plain, "excluded": str(int(said in YES))})
    times = Counter((row["media"], row["person_id"]) for row in found)
    twice = [f"person {person} of {media}" for (media, person), count in times.items() if count > 1]
    if twice:
        raise UsageError(f"{sheet.what}: {min(twice)} comes twice")
    return found


def corrections_table(rows: list[dict[str, str]]) -> pa.Table:
    """Returns the corrections as a table."""
    return sheet_table(CORRECTIONS.names, rows, CORRECTIONS)


def obeying(view: str) -> str:
    """Returns the SQL of a view that reads only the faces of those who are not left out."""
    kept = view.replace("FROM faces", "FROM kept_faces AS faces")
    return kept.replace("JOIN faces AS", "JOIN kept_faces AS")
