"""What `run.json` tells of any run: its command, the versions of what it used, its tables."""

from __future__ import annotations

import importlib.metadata
import os
import shlex
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from fer_core.errors import UsageError
from fer_core.model import ModelCard
from fer_core.records import SCHEMA_VERSION, TABLES
from ferbeam.output.folder import Output

RUN_FILE = "run.json"


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


def describe_run(
    command: Sequence[str],
    belongs_to: dict[str, Any],
    card: ModelCard,
    began: float,
    **others: Any,
) -> dict[str, Any]:
    """Puts together what `run.json` tells of the command.

    Args:
        command: its words, without `ferbeam`.
        belongs_to: INPUT, and the settings that change rows.
        card: of the model.
        began: when, in seconds since 1970.
        others: what only some runs have.
    """
    return {
        "command": _describe_command(command),
        "belongs_to": belongs_to,
        "model": {"name": card.name, "sha256": belongs_to["model_sha256"]},
        **others,
        "schema_version": SCHEMA_VERSION,
        "versions": {name: _version(name) for name in VERSIONED},
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
    }


def _describe_command(words: Sequence[str]) -> str:
    """Returns the command as a shell takes it; bytes that are not UTF-8 are escaped."""
    whole = shlex.join(["ferbeam", *words])
    return os.fsencode(whole).decode("utf-8", "backslashreplace")


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def read_tables(
    output: Output, run: dict[str, Any], name: str, columns: list[str] | None = None
) -> pa.Table:
    """Reads one table of a finished run, through `run.json`."""
    schema = TABLES[name]
    parts = [output.read_table(output.path(file), columns) for file in run["tables"][name]]
    if not parts:
        # Not `schema.empty_table()`, which imports pandas where that is installed: 0.3 s.
        return pa.Table.from_batches([], schema.remove_metadata())
    return pa.concat_tables([part.replace_schema_metadata(None) for part in parts])


def load_run(output: Output) -> dict[str, Any]:
    """Reads `run.json` of a finished run.

    Raises:
        UsageError: there is none, or it is of an older version.
    """
    run: dict[str, Any] | None = output.read_json(output.path(RUN_FILE))
    if run is None:
        raise UsageError(f"OUTPUT {output.root}: holds no finished run, {RUN_FILE} is missing")
    if "wall" not in run:
        raise UsageError(f"OUTPUT {output.root}: an older ferbeam wrote it; analyse INPUT again")
    return run
