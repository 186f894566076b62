"""Finds the media that changed while they were analysed, and takes their rows back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from fer_core.errors import MediaError
from fer_core.media import identity_of
from fer_core.records import Failure
from ferbeam.analysis.elements import LinkedGroup, Medium, OpenMedium
from ferbeam.output.folder import Output
from ferbeam.output.notes import forget_spans
from ferbeam.output.read_tables import read_rows
from ferbeam.output.tables import write_rows
from ferbeam.stores import is_uri

CHANGED = "changed while it was read, or still grows: run again once it is complete"


def is_as_listed(medium: Medium | OpenMedium) -> bool:
    """Tells whether a medium on this machine has the size and time of change that it was listed by.

    An object of a store is read as the version that was found; a change of it makes another.
    """
    if is_uri(medium.path):
        return True
    try:
        found = os.stat(medium.path)
    except OSError:
        return False
    return (found.st_size, found.st_mtime_ns) == (medium.size, medium.mtime_ns)


def find_changed(media: Sequence[OpenMedium]) -> list[Failure]:
    """Returns a failure for each of the media whose bytes are no longer those that were opened."""
    return [
        Failure(medium.name, "probe", "MediaError", f"{medium.name}: {CHANGED}")
        for medium in media
        if not is_as_listed(medium) and not _is_the_same(medium)
    ]


def _is_the_same(medium: OpenMedium) -> bool:
    try:
        return identity_of(medium.path) == medium.identity
    except (MediaError, OSError):
        return False


def leave_out(output: Output, linked: LinkedGroup, changed: Sequence[Failure]) -> LinkedGroup:
    """Takes media out of a group: their rows are in no table, and the next run reads them again.

    Of the group, no span stays: some may hold what only one moment saw.
    """
    names = [failure.media for failure in changed]
    forget_spans(output, linked.files.group)
    files = linked.files
    rows = {name: _without(read_rows(output, file), names) for name, file in files.tables.items()}
    kept = write_rows(output, files.group, rows)
    return replace(
        linked,
        files=replace(kept, costs=files.costs, earlier=files.earlier),
        media=[row for row in linked.media if row["media"] not in names],
        failures=[failure for failure in linked.failures if failure.media not in names],
    )


def _without(table: pa.Table, names: Sequence[str]) -> pa.Table:
    return table.filter(pc.invert(pc.is_in(table["media"], pa.array(names, pa.string()))))
