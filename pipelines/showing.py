"""Showing names and messages: whatever is in them, one line of plain text comes out."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Returns text with \x1b or \u202e for what is no visible character.

    So a file name can neither move the cursor, nor start a line, nor turn the direction of reading.
    """
    return "".join(letter if letter.isprintable() else _escape(letter) for letter in text)


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape", "backslashreplace").decode("ascii")
