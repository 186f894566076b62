"""What `run.json` tells of any run: its command, the versions of what it used, its tables."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from fer_core.model import ModelCard
from fer_core.records import SCHEMA_VERSION, TABLES
from ferbeam.masking import mask_words
from ferbeam.output.run_file import Run, RunTables
from ferbeam.shell_words import join_words
from ferbeam.versions import version_of

VERSIONED = ("ferbeam", "apache-beam", "av", "opencv-python-headless", "ai-edge-litert", "pyarrow")


def gather_tables(parts: list[dict[str, Any]]) -> RunTables:
    """Puts together what `run.json` tells of the tables."""
    tables: dict[str, list[str]] = {name: [] for name in TABLES}
    rows: Counter[str] = Counter(dict.fromkeys(TABLES, 0))
    sums: dict[str, str] = {}
    for part in sorted(parts, key=lambda part: str(part["group"])):
        for name, file in part["tables"].items():
            tables[name].append(file)
        rows.update(part["rows"])
        sums.update(part["sums"])
    files = {name: tuple(listed) for name, listed in tables.items()}
    return RunTables(rows=dict(rows), tables=files, sums=sums)


def describe_run(
    command: Sequence[str],
    belongs_to: dict[str, Any],
    card: ModelCard,
    began: float,
    listed: RunTables,
    **others: Any,
) -> Run:
    """Puts together what `run.json` tells of a run.

    Args:
        command: its words, without `ferbeam`.
        belongs_to: INPUT, and the settings that change rows.
        card: of the model.
        began: when, in seconds since 1970.
        listed: its table files.
        others: `render`, `span_s`, and what `describe_costs` returns.
    """
    told = {
        "command": join_words(mask_words(["ferbeam", *command])),
        "belongs_to": belongs_to,
        "model": {"name": card.name, "sha256": belongs_to["model_sha256"]},
        "schema_version": SCHEMA_VERSION,
        "versions": {name: version_of(name) for name in VERSIONED},
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
    }
    return msgspec.convert({**told, **others, **msgspec.structs.asdict(listed)}, Run)
