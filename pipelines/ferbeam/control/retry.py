"""Forgets work that ended in a failure, so that the next run does it once more."""

from __future__ import annotations

from collections.abc import Mapping

from ferbeam.output.folder import Output
from ferbeam.output.known_media import KnownMedium
from ferbeam.output.notes import forget_spans, read_copies
from ferbeam.output.read_tables import find_span, read_tables
from ferbeam.output.run_file import Run


def forget_failures(output: Output, run: Run, known: Mapping[str, KnownMedium]) -> set[str]:
    """Removes the committed spans that hold failures, and what says that a copy lacks something.

    Args:
        output: of a finished run.
        run: its `run.json`.
        known: what it notes of its media.

    Returns:
        The media that have failures: they are to be done again.
    """
    failed = set(read_tables(output, run, "failures", ["media"])["media"].to_pylist())
    for group in {known[name].planned for name in failed if name in known} - {""}:
        forget_spans(output, group, lambda key: _failed(output, key))
        copies = output.copies_path(group)
        if read_copies(output, group).lacking and output.exists(copies):
            output.remove(copies)
    return failed


def _failed(output: Output, key: str) -> bool:
    """Tells whether a span is committed and holds failures."""
    span = find_span(output, key, ["failures"])
    return span is not None and any(span["failures"].to_pylist())
