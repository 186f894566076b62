"""Forgets work that ended in a failure, so that the next run does it once more."""

from __future__ import annotations

from contextlib import suppress

from ferbeam.output.folder import Output
from ferbeam.output.read_tables import read_span
from ferbeam.output.run_file import find_run


def forget_failures(output: Output) -> int:
    """Removes the committed spans that hold failures, and what says that a copy lacks something.

    What could not be listed, opened or rendered leaves nothing behind: every run tries it again.

    Args:
        output: of a finished run; without one, nothing is removed.

    Returns:
        How many spans and copies will be made anew.
    """
    run = find_run(output)
    forgotten = 0
    for file in run.tables["failures"] if run else ():
        group = file.rpartition("/")[2].rpartition("-")[0]
        plan = output.read_json(output.plan_path(group)) or {}
        paths = [output.span_path(key) for key in plan.get("spans", {}) if _failed(output, key)]
        note = output.copies_path(group)
        if (output.read_json(note) or {}).get("lacking"):
            paths.append(note)
        for path in paths:
            with suppress(FileNotFoundError):
                output.remove(path)
        forgotten += len(paths)
    return forgotten


def _failed(output: Output, key: str) -> bool:
    """Tells whether a span is committed and holds failures."""
    if not output.exists(output.span_path(key)):
        return False
    return any(read_span(output, key, ["failures"])["failures"].to_pylist())
