"""Who watches in which video, and from when on: `--viewers FILE.csv`."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

import pyarrow as pa

from fer_core.errors import FerWarning, UsageError
from ferbeam.query.sheets import Sheet, sheet_table

NAMED = ("media", "viewer", "viewer_group", "offset_ms")
"""Columns that every list of viewers has in the end."""
TYPES = {
    "media": pa.string(),
    "viewer": pa.string(),
    "viewer_group": pa.string(),
    "offset_ms": pa.int64(),
    "rest": pa.string(),
}
_COMMA = re.compile(r"[+-]?\d+,\d+")
MOST_NAMED = 3


@dataclass(frozen=True)
class Videos:
    """The videos of a run, which viewers are matched with.

    Attributes:
        ends_ms: when each ends, by name.
        failed: what did not open.
    """

    ends_ms: dict[str, int]
    failed: frozenset[str]

    def find(self, name: str) -> str | None:
        """Returns the medium that a name means: as it is, or the only one of that file name."""
        if name in self.ends_ms or name in self.failed:
            return name
        every = [*self.ends_ms, *self.failed]
        last = name.replace("\\", "/").rpartition("/")[2].casefold()
        alike = [each for each in every if each.rpartition("/")[2].casefold() == last]
        return alike[0] if len(alike) == 1 and last else None


def all_viewers(videos: Videos) -> list[dict[str, str]]:
    """Returns a viewer for each video, who sees the stimulus from its start."""
    return [
        {"media": name, "viewer": name, "viewer_group": "", "offset_ms": "0"}
        for name in videos.ends_ms
    ]


def match_viewers(sheet: Sheet, videos: Videos, remembered: bool) -> list[dict[str, str]]:
    """Returns the rows of a list of viewers with the names of media, and plain numbers.

    Args:
        sheet: the list.
        videos: of the run.
        remembered: whether a video that is gone is left out.

    Raises:
        UsageError: a row names no medium of the run, two name the same, or a number is none.
    """
    if "media" not in sheet.columns:
        raise UsageError(f"{sheet.what}: has no column media; `ferbeam viewers OUTPUT` makes one")
    rows = []
    for row in sheet.rows:
        medium = videos.find(row["media"])
        if medium is not None:
            rows.append(_match_row(sheet, row, medium))
        elif not remembered:
            raise UsageError(f"{sheet.what}: {no_video(row['media'], videos.ends_ms)}")
        else:
            _warn(f"{no_video(row['media'], videos.ends_ms)} any more, and is left out")
    names = [row["media"] for row in rows]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise UsageError(f"{sheet.what}: {min(twice)} has two rows; each video has one viewer")
    if not rows:
        raise UsageError(f"{sheet.what}: names no video of this OUTPUT")
    return rows


def no_video(name: str, videos: Iterable[str]) -> str:
    """Says that a name is no video, and which may be meant: one that holds it, or looks like it."""
    names = list(videos)
    near = [one for one in names if name and name.lower() in one.lower()]
    near = near or get_close_matches(name, names, 1)
    return f"{name} is no video of this OUTPUT" + (f" ({near[0]} is)" if near else "")


def _match_row(sheet: Sheet, row: dict[str, str], medium: str) -> dict[str, str]:
    if "offset_ms" in row and not row["offset_ms"]:
        reason = "has no offset_ms; 0 is the start of the video"
        raise UsageError(f"{sheet.what}: the row of {medium} {reason}")
    offset = sheet.whole(row, "offset_ms") if "offset_ms" in row else 0
    others = {name: _plain(sheet, value) for name, value in row.items() if name != "group"}
    told = {
        "viewer": row.get("viewer") or medium,
        "viewer_group": row.get("viewer_group") or row.get("group") or "",
        "offset_ms": str(offset),
    }
    return {**others, "media": medium, **told}


def _plain(sheet: Sheet, value: str) -> str:
    """Returns a value with a point before its decimals."""
    decimal = sheet.decimal == "," and _COMMA.fullmatch(value)
    return value.replace(",", ".") if decimal else value


def order_columns(rows: list[dict[str, str]]) -> list[str]:
    """Returns the columns of rows of viewers, those that all lists have first."""
    return [*NAMED, *(name for name in rows[0] if name not in NAMED)] if rows else [*NAMED]


def tell_of_viewers(rows: list[dict[str, str]], videos: Videos) -> None:
    """Warns of viewers who are left out, and of those whose stimulus begins after their video."""
    failed = [row["media"] for row in rows if row["media"] not in videos.ends_ms]
    if failed:
        _warn(f"{_some(failed)} could not be read and is left out")
    for row in rows:
        end = videos.ends_ms.get(row["media"])
        if end is not None and int(row["offset_ms"]) >= end:
            _warn(
                f"offset_ms {row['offset_ms']} of {row['media']} is beyond its end "
                f"at {end} ms: no second of it is counted"
            )


def last_end(rows: list[dict[str, str]] | None, videos: Videos) -> int:
    """Returns when the last of their videos ends, in the time of the stimulus; None for all."""
    kept = all_viewers(videos) if rows is None else rows
    ends = (videos.ends_ms.get(row["media"], 0) - int(row["offset_ms"]) for row in kept)
    return max(ends, default=0)


def _warn(message: str) -> None:
    warnings.warn(f"viewers: {message}", FerWarning, stacklevel=3)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def viewers_table(rows: list[dict[str, str]], videos: Videos) -> pa.Table:
    """Returns the viewers of the videos that opened; further columns with the type they look like.

    Raises:
        UsageError: none of the videos opened.
    """
    kept = [row for row in rows if row["media"] in videos.ends_ms]
    if rows and not kept:
        raise UsageError("viewers: none of their videos could be read")
    return sheet_table(order_columns(kept), kept, TYPES)
