"""Masks the secrets among the words of a command, for what is kept and what is printed."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "***"
_NEAR = r"[\w.-]{0,40}"
_SECRET = rf"{_NEAR}(?:key|secret|token|passw|credential|signature|connection_string){_NEAR}"
_OPTION = re.compile(rf"--{_SECRET}", re.IGNORECASE)
_PAIR = re.compile(
    rf"(?P<before>(?<![\w.-])(?:{_SECRET}\s*=|([\"']){_SECRET}\2\s*:)\s*)"
    r"(?:\"[^\"]*\"|'[^']*'|[^\s\"',;&}\])]+)",
    re.IGNORECASE,
)
"""As in `--s3_secret_access_key=...`, `AccountKey=...;` or `{"token": "..."}`."""
_USER = re.compile(r"(?P<before>\b[a-z][a-z0-9+.-]{0,20}://)[^/\s?#@]+(?=@)", re.IGNORECASE)
_SIGNED = re.compile(
    r"(?P<before>\b[a-z][a-z0-9+.-]{0,20}://[^\s?#]{0,2000}\?)"
    rf"(?=[^\s#\"']*(?:{_SECRET}|\bsig)=)[^\s#\"']+",
    re.IGNORECASE,
)
"""URLs that hold a user and a password, and those whose query is what lets one in."""


def mask_words(words: Iterable[str]) -> list[str]:
    """Returns the words of a command with `***` for what lets somebody in.

    That is the value of an option whose name speaks of a key, secret, token, password or
    credential; such a pair within another option; the user of a URL, and its query if signed.
    """
    masked: list[str] = []
    follows = False
    for word in words:
        name, sign, _ = word.partition("=")
        named = bool(_OPTION.fullmatch(name))
        if follows and not word.startswith("--"):
            masked.append(MASK)
        elif named and sign:
            masked.append(f"{name}={MASK}")
        else:
            masked.append(mask_text(word) if word.startswith("-") else mask_urls(word))
        follows = named and not sign
    return masked


def mask_text(text: str) -> str:
    """Returns text, such as a message, with `***` for the secrets in its pairs and URLs."""
    return _PAIR.sub(rf"\g<before>{MASK}", mask_urls(text))


def mask_urls(text: str) -> str:
    """Returns text with `***` for the user and the signed query of each URL in it."""
    for pattern in (_USER, _SIGNED):
        text = pattern.sub(rf"\g<before>{MASK}", text)
    return text
