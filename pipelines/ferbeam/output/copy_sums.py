"""By which bytes the copies and contact sheets of a run are known: its tables hold their sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa

from fer_core.errors import MediaError
from fer_core.media import identity_of
from ferbeam.output.checked_files import leads_out
from ferbeam.output.folder import Output, sheet_name
from ferbeam.output.read_tables import read_table_file
from ferbeam.output.run_file import Run
from ferbeam.stores.sources import open_source

COLUMNS = ("media", "annotated", "annotated_sha256", "sheet_sha256")


def with_sums(row: dict[str, object], sums: Mapping[str, str]) -> dict[str, object]:
    """Returns a row of `media` that tells the sums of its copy and its contact sheet.

    Args:
        row: with the columns `media` and `annotated`.
        sums: SHA-256 by path below OUTPUT.
    """
    copy = row["annotated"]
    if copy is None:
        return row
    sheet = sums.get(sheet_name(str(row["media"])))
    return {**row, "annotated_sha256": sums.get(str(copy)), "sheet_sha256": sheet}


def sums_of(media: pa.Table) -> dict[str, str]:
    """Returns the sums that a table `media` tells, by the paths of copies and sheets."""
    sums: dict[str, str] = {}
    for name, copy, sha256, sheet in zip(*(media[at].to_pylist() for at in COLUMNS), strict=True):
        if copy is not None:
            sums |= {copy: sha256} if sha256 is not None else {}
            sums |= {sheet_name(name): sheet} if sheet is not None else {}
    return sums


def read_sums(output: Output, run: Run) -> Iterator[tuple[str, str]]:
    """Yields the copies of a run and their sheets with their sums, empty where none is told.

    Raises:
        DamageError: a file of `media` is not as ferbeam wrote it.
    """
    for file in run.tables["media"]:
        media = read_table_file(output, run, file, list(COLUMNS))
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
