"""What a finished run notes of every medium, so that the next one knows those that are unchanged.

Without this note, or with one of another run, everything is looked at again; nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pyarrow as pa

from fer_core.records import SCHEMA_VERSION
from ferbeam.output.folder import Output
from ferbeam.output.listed_media import FOR_KEY
from ferbeam.output.read_tables import read_checked_note, read_table_file
from ferbeam.output.run_file import Run
from ferbeam.output.table_parts import NEXT, NOWHERE, part_number

KNOWN, STAGED = ".spans/known/media.parquet", f"{NEXT}/known.parquet"
_RUN_KEY = b"ferbeam.run_id"


class KnownMedium(NamedTuple):
    """What is known of a medium.

    Attributes:
        size: bytes.
        mtime_ns: time of the last change.
        part: that holds its rows, NOWHERE where it did not open.
        settled: whether there is nothing to be tried again.
        planned: key of those whose spans it shares; an animation among pictures is alone.
    """

    size: int
    mtime_ns: int
    part: int
    settled: bool
    planned: str = ""


_SCHEMA = pa.schema(
    [
        *(("media", pa.string()), ("size", pa.int64()), ("mtime_ns", pa.int64())),
        *(("part", pa.int32()), ("settled", pa.bool_()), ("planned", pa.string())),
    ],
    metadata={"ferbeam.schema_version": SCHEMA_VERSION},
)


def stage_known(
    output: Output, run_id: str, known_for: str, known: Iterable[tuple[str, KnownMedium]]
) -> None:
    """Writes what is known of the media, to be put in place with the tables."""
    rows = [(name, *medium) for name, medium in known]
    columns = zip(*rows, strict=True) if rows else [[] for _ in _SCHEMA]
    facts = {FOR_KEY.decode(): known_for, _RUN_KEY.decode(): run_id}
    table = pa.Table.from_arrays(
        [pa.array(values, kind) for values, kind in zip(columns, _SCHEMA.types, strict=True)],
        schema=_SCHEMA,
    )
    output.write_table(output.path(STAGED), table, facts)


def read_known(output: Output, run: Run, known_for: str) -> dict[str, KnownMedium]:
    """Reads what is known of the media of a finished run.

    Args:
        output: that holds it.
        run: its `run.json`.
        known_for: as of the run to come; where it was another, all has to be looked at again.

    Raises:
        DamageError: there is no note, and a file of `media` is not as ferbeam wrote it.
    """
    table = read_checked_note(output, KNOWN, _SCHEMA)
    facts = {} if table is None else table.schema.metadata or {}
    if table is None or facts.get(_RUN_KEY, b"").decode() != run.run_id:
        return dict(_read_homes(output, run))
    same = facts.get(FOR_KEY, b"").decode() == known_for
    names, *others = (column.to_pylist() for column in table.columns)
    media = (KnownMedium(*values) for values in zip(*others, strict=True))
    return {
        name: medium if same else medium._replace(settled=False)
        for name, medium in zip(names, media, strict=True)
    }


def _read_homes(output: Output, run: Run) -> Iterable[tuple[str, KnownMedium]]:
    """Reads where the rows of media are from the tables themselves."""
    for file in run.tables["media"]:
        number = part_number(file)
        part = NOWHERE if number is None else number
        for name in read_table_file(output, run, file, ["media"])["media"].to_pylist():
            yield name, KnownMedium(-1, -1, part, settled=False)
