"""By which bytes the copies and contact sheets of a run are known: its tables hold their sums."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pyarrow as pa

from fer_core.errors import MediaError
from fer_core.media import identity_of
from ferbeam.output.checked_files import leads_out
from ferbeam.output.folder import Output, sheet_name
from ferbeam.output.read_tables import read_table_file
from ferbeam.output.run_file import Run
from ferbeam.stores.sources import open_source

SUMS_KEY = b"ferbeam.copies"
"""Metadata of a file of `media`: SHA-256 of its copies and sheets, by their paths below OUTPUT."""


def with_sums(media: pa.Table, sums: Mapping[str, str]) -> pa.Table:
    """Returns a table `media` that tells the sums of its copies; the rows stay as they are."""
    facts = {**(media.schema.metadata or {}), SUMS_KEY: json.dumps(sums, sort_keys=True).encode()}
    return media.replace_schema_metadata(facts) if sums else media


def sums_of(media: pa.Table) -> dict[str, str]:
    """Returns the sums that a table `media` tells; none where it tells nothing of the kind."""
    try:
        told = json.loads((media.schema.metadata or {}).get(SUMS_KEY, b"{}"))
    except (ValueError, RecursionError):
        return {}
    return {str(name): str(value) for name, value in told.items()} if type(told) is dict else {}


def read_sums(output: Output, run: Run) -> Iterator[tuple[str, str]]:
    """Yields the copies of a run and their sheets with their sums, empty where none is told.

    Raises:
        DamageError: a file of `media` is not as ferbeam wrote it.
    """
    for file in run.tables["media"]:
        media = read_table_file(output, run, file, ["media", "annotated"])
        sums = sums_of(media)
        for row in media.to_pylist():
            names = (row["annotated"], sheet_name(row["media"])) if row["annotated"] else ()
            yield from ((name, sums.get(name, "")) for name in names)


def is_copy(output: Output, name: str, sha256: str) -> bool:
    """Tells whether what lies at a path below OUTPUT has these bytes."""
    if leads_out(output, name) or not output.exists(output.path(name)):
        return False
    try:
        with open_source(output.path(name)) as source:
            return identity_of(source) == sha256
    except (MediaError, FileNotFoundError):
        return False
