"""Which names below OUTPUT are ours by themselves, and which only by a note."""

from __future__ import annotations

import re

FOLDER = ".ferbeam"
"""Holds the mark of a folder that ferbeam writes, and the notes of what it has written there."""
LOCK = ".lock"
_HEX = "[0-9a-f]{32}"
_TABLE = "(faces|frames|media|failures)"
_SPANS = re.compile(
    rf"\.spans/({_HEX}\.(parquet|mp4|tiles)|tmp-{_HEX}|settings\.json|run-[0-9a-f]{{12}}\.json"
    rf"|unfinished|done-[0-9a-f]{{12}}|(plans|copies|made)/{_HEX}\.json"
    rf"|made/{_HEX}/(annotated|sheets)/.+|started/((probe|render|join)-)?{_HEX}"
    rf"|rows/{_TABLE}/{_HEX}-({_HEX}\.arrow|[0-9a-f]{{8}}\.parquet)"
    rf"|next/{_TABLE}/(part|live)-[\w-]+\.parquet"
    r"|next/((part|order)-\d+\.(json|parquet)|known\.parquet|(run|put|failures|unopened)\.json)"
    r"|kept/[0-9a-f]{64}\.parquet|known/media\.parquet"
    r"|listed/[0-9a-f]{12}(\.json|(-failures)?\.parquet))",
    re.DOTALL,
)


def below(root: str, path: str) -> str:
    """Returns the path below a folder of a path that begins with it."""
    return path[len(root.rstrip("/")) + 1 :]


def needs_note(name: str) -> bool:
    """Tells whether a file below OUTPUT is known by a note, and not by where it lies."""
    return name != LOCK and not name.startswith((".spans/", f"{FOLDER}/"))


def is_span_name(name: str) -> bool:
    """Tells whether a file needs no note: its name is one that nobody but ferbeam gives."""
    return name == LOCK or _SPANS.fullmatch(name) is not None
