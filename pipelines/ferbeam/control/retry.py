"""Forgets work that ended in a failure, so that the next run does it once more."""

from __future__ import annotations

from contextlib import suppress

from ferbeam.output.folder import Output
from ferbeam.output.notes import read_copies, read_plan
from ferbeam.output.read_tables import find_span
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
        spans = read_plan(output, group).spans
        paths = [output.span_path(key) for key in spans if _failed(output, key)]
        if read_copies(output, group).lacking:
            paths.append(output.copies_path(group))
        for path in paths:
            with suppress(FileNotFoundError):
                output.remove(path)
        forgotten += len(paths)
    return forgotten


def _failed(output: Output, key: str) -> bool:
    """Tells whether a span is committed and holds failures."""
    span = find_span(output, key, ["failures"])
    return span is not None and any(span["failures"].to_pylist())
