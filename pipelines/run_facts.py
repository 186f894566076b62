"""What `run.json` tells of any run: its command, the versions of what it used, its tables."""

from __future__ import annotations

import importlib.metadata
import os
import shlex
from collections import Counter
from typing import Any

from fer_core.records import TABLES

VERSIONED = ("ferbeam", "apache-beam", "av", "opencv-python-headless", "ai-edge-litert", "pyarrow")


def gather_tables(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Puts together what `run.json` tells of the tables: their `rows`, the files and their sums."""
    tables: dict[str, list[str]] = {name: [] for name in TABLES}
    rows: Counter[str] = Counter(dict.fromkeys(TABLES, 0))
    sums: dict[str, str] = {}
    for part in sorted(parts, key=lambda part: str(part["group"])):
        for name, file in part["tables"].items():
            tables[name].append(file)
        rows.update(part["rows"])
        sums.update(part["sums"])
    return {"rows": dict(rows), "tables": tables, "sums": sums}


def describe_command(words: list[str]) -> str:
    """Returns the command as a shell takes it; bytes that are not UTF-8 are escaped."""
    whole = shlex.join(["ferbeam", *words])
    return os.fsencode(whole).decode("utf-8", "backslashreplace")


def list_versions() -> dict[str, str]:
    """Returns the versions of what a run uses, by name."""
    return {name: _version(name) for name in VERSIONED}


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
