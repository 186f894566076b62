"""Showing names and messages: whatever is in them, one line of plain text comes out."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Returns text with \x1b or \u202e for what is no visible character.

    So a file name can neither move the cursor, nor start a line, nor turn the direction of reading.
    """
    return "".join(letter if letter.isprintable() else _escape(letter) for letter in text)


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape", "backslashreplace").decode("ascii")


def count_of(count: float, what: str) -> str:
    """Writes a number of things, such as `1 video` or `2 videos`."""
    return f"{count:,.0f} {what}" + ("" if round(count) == 1 else "s")


def show_seconds(seconds: float) -> str:
    """Writes a time as people say it, such as `3 h 12 min`."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def show_bytes(count: float) -> str:
    """Writes a size in decimal units, such as `2.3 GB`."""
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if count < 999.5:
            return f"{count:.0f} {unit}" if count >= 10 else f"{count:.1f} {unit}"
    return f"{count / 1000:,.1f} TB"
