r"""A command as one line that a shell takes back, whatever is in its words.

A word with what is no visible character is written as bash, zsh and ksh know it: `$'\x1b[2J'`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

_WORD = r"(?:[\w@%+=:,./-]|'[^']*'|\"'\"|\$'(?:[^'\\]|\\.)*')+"
_LINE = re.compile(rf"{_WORD}(?: {_WORD})*", re.ASCII)
_EACH = re.compile(_WORD, re.ASCII)


def join_words(words: Iterable[str]) -> str:
    """Returns words as one line for a shell: visible characters only, nothing to expand."""
    return " ".join(map(_quote, words))


def split_line(line: str) -> list[str] | None:
    """Cuts what `join_words` wrote into its words, each still quoted; None for any other line."""
    whole = line.isprintable() and _LINE.fullmatch(line)
    return _EACH.findall(line) if whole else None


def _quote(word: str) -> str:
    if word.isprintable():
        return shlex.quote(word)
    return f"$'{''.join(map(_escape, word))}'"


def _escape(letter: str) -> str:
    code = ord(letter)
    if letter in "\\'":
        return f"\\{letter}"
    if letter.isprintable():
        return letter
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\U{code:08x}"
