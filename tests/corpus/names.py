"""Names that files can have, and programs trip over."""

from __future__ import annotations

import os
from random import Random

STEMS: tuple[str, ...] = (
    "with space", " leading and trailing ", "tab\tand\nnew line", "carriage\rreturn", "bell\x07",
    "qu'o\"te`s`", "$(touch hacked)", "; rm -rf x &", "-rf", "--overwrite", "=1+1", "@SUM(1)",
    "<img src=x onerror=alert(1)>", "</script><script>", "[bold red]x[/]", "{0} {x!r} %s %d %n",
    "\x1b[31mred\x1b[2J", "a..b", "%2e%2e%2f", "a\\..\\b", "C:\\x", "CON", "nul", "*", "?", "[a-z]",
    "#hash;semi|pipe", "a,b;c", "percent%E9", "caf\udce9", "\udcff\udcfe", "é", "e\u0301",
    "\u202egnp.exe", "\u200bzero width", "\u2028line", "\ufeffbom", "😀👨‍👩‍👧",
    "日本語の写真", "صورة", "תמונה",
    "फ़ोटो", "รูปภาพ", "фото", "φωτό", "გამარჯობა", "ქ\U0001f1eb\U0001f1f7", "사진", "ảnh", "x" * 200,
    "y" * 245, "é" * 120, "'", '"', "''", "~", "a:b", "null\u2400",
)  # fmt: skip
"""Stems of names; of some, a byte is not UTF-8. None starts with a dot: those files are hidden."""


def pick_name(random: Random, number: int, suffix: str) -> str:
    """Gives the file of a case its name: an odd one for each fourth, no name twice."""
    stem = random.choice(STEMS) if random.random() < 0.25 else "case"
    name = f"{stem}{number:05d}{suffix.upper() if random.random() < 0.1 else suffix}"
    while len(os.fsencode(name)) > 255:
        stem = stem[:-1]
        name = f"{stem}{number:05d}{suffix}"
    folder = random.choice(("", "", "", "a/", "a/b c/", "x../", "été/", "d.mp4/"))
    return folder + name
