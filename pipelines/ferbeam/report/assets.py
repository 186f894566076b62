"""Styles, scripts and pictures that every page carries in itself, and what lets only them run."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import fer_core
from fer_core.emotions import EMOTIONS

HERE = Path(__file__).parent / "page"
PICTURES = Path(fer_core.__file__).parent / "assets"
SCRIPTS = ("start.js", "timeline.js", "cohort.js", "media.js")
GROUPS = 6


@dataclass(frozen=True)
class Assets:
    """What is written into every page.

    Attributes:
        style: one style sheet.
        script: one script.
        policy: Content-Security-Policy that allows these two and no other, and no connection.
    """

    style: str
    script: str
    policy: str


@cache
def load_assets() -> Assets:
    """Reads the assets of the pages."""
    style = "\n".join((_read(HERE / "report.css"), _colours()))
    script = "\n".join(_read(HERE / name) for name in SCRIPTS)
    rules = (
        "default-src 'none'",
        f"script-src '{_hash(script)}'",
        f"style-src '{_hash(style)}'",
        "img-src 'self' file: data:",  # `file:` for a page opened from disk
        "media-src 'self' file:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return Assets(style, script, "; ".join(rules))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _colours() -> str:
    """Returns the rules that show emotions and groups."""
    rules = []
    for emotion in EMOTIONS:
        picture = base64.b64encode((PICTURES / f"{emotion.name}.svg").read_bytes()).decode()
        rules += [
            f".fill-{emotion.name} {{ fill: {emotion.colour}; background: {emotion.colour}; }}",
            f".tint-{emotion.name} {{ color: {emotion.colour}; }}",
            f".emoji-{emotion.name} "
            f"{{ background-image: url(data:image/svg+xml;base64,{picture}); }}",
        ]
    for number in range(GROUPS):
        rules.append(f".group-{number} {{ background: var(--group-{number}); }}")
        rules.append(f".tint-{number} {{ color: var(--group-{number}); }}")
    return "\n".join(rules)
