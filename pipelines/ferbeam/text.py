"""Showing names and messages: whatever is in them, plain text comes out, on any console."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

IRREGULAR = {"medium": "media", "copy": "copies"}
MOST_NAMED = 8
"""Kinds of files that are named where they are many."""


def printable(text: str) -> str:
    r"""Returns text with \x1b or \u202e for what is no visible character.

    So a file name can neither move the cursor, nor start a line, nor turn the direction of reading.
    """
    return "".join(letter if letter.isprintable() else _escape(letter) for letter in text)


def json_text(value: Any, indent: int | None = 1) -> str:
    r"""Returns a value as JSON in which `\u202e` stands for what is no visible character.

    So it is the same value still; where the console is not UTF-8, all but ASCII is written so.
    """
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    text = json.dumps(value, indent=indent, ensure_ascii=plain, default=str)
    return "".join(
        letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1]
        for letter in text
    )


def replace_unknown() -> None:
    """Lets a console that is not UTF-8 show `?` for what it lacks, and end no command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def open_console(highlight: bool = False, stderr: bool = False) -> Console:
    """Returns the console; `:fire:` in a name is a name there, and no picture."""
    from rich.console import Console

    return Console(highlight=highlight, emoji=False, stderr=stderr)


def show_line(line: str) -> None:
    """Shows a line, with names and messages of others in it; a bar that is shown stays below."""
    from rich.markup import escape

    open_console().print(escape(printable(line)), soft_wrap=True)


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape", "backslashreplace").decode("ascii")


def count_of(count: float, what: str) -> str:
    """Writes a number of things, such as `1 video` or `2 videos`."""
    many = IRREGULAR.get(what, f"{what}s")
    return f"{count:,.0f} {what if round(count) == 1 else many}"


def show_left_out(left_out: Mapping[str, int]) -> str:
    """Writes what of INPUT is no medium, such as `5 files left out: 3 .raw, 2 .aae`; else nothing.

    Args:
        left_out: files by suffix, and folders of the system by name with a slash behind it.
    """
    order = sorted(left_out.items(), key=lambda item: (-item[1], item[0]))
    files = [(name, count) for name, count in order if not name.endswith("/")]
    folders = [(name, count) for name, count in order if name.endswith("/")]
    told = []
    for what, found in (("file", files), ("system folder", folders)):
        if found:
            many = count_of(sum(count for _, count in found), what)
            names = ", ".join(f"{count} {printable(name)}" for name, count in found[:MOST_NAMED])
            told.append(f"{many} left out: {names}{', ...' * (len(found) > MOST_NAMED)}")
    return "; ".join(told)


def show_seconds(seconds: float) -> str:
    """Writes a time as people say it, such as `3 h 12 min`."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def show_size(count: float) -> str:
    """Writes a size in decimal units, such as `2.3 GB`."""
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if count < 999.5:
            return f"{count:.0f} {unit}" if count >= 10 else f"{count:.1f} {unit}"
    return f"{count / 1000:,.1f} TB"
