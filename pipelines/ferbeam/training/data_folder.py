"""The folder DATA that `ferbeam prepare` writes, and the INPUT it is made from."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from fer_core.errors import FerError, SettingsError
from fer_core.learn.labelled_faces import LABELLED, PARTS, Skipped, label_of
from fer_core.records import Failure
from ferbeam.analysis.elements import Medium
from ferbeam.analysis.list_media import OTHER, list_entries
from ferbeam.output.folder import Folder
from ferbeam.output.ownership import Kind, check_folder, claim_folder, unmark_folder
from ferbeam.output.sweeping import keep_notes, sweep_files
from ferbeam.stores.overlap import refuse_overlap

SKIPPED_FILE = "skipped.csv"
UNFINISHED = ".spans/unfinished"
OWN_NAMES = (*(f"{part}.parquet" for part in PARTS), SKIPPED_FILE)
"""What is written into DATA; nothing else there is ever touched."""


def list_labelled(root: str) -> Iterator[Medium | Failure]:
    """Lists the media of INPUT, and every other file in a folder of an emotion.

    Raises:
        UsageError: INPUT does not exist.
    """
    for found in list_entries(root):
        if isinstance(found, Failure) or found.kind != OTHER or label_of(found.name):
            yield found


def check_data(source: str, data: Folder) -> None:
    """Checks that DATA may be written, before anything is read.

    Args:
        source: INPUT.
        data: the folder.

    Raises:
        UsageError: DATA lies in INPUT, or INPUT in DATA; or it is not ours.
    """
    refuse_overlap(source, data.root, "DATA")
    check_folder(data, _DATA)


def claim_data(data: Folder, overwrite: bool) -> None:
    """Marks DATA as ours, and removes what an earlier run wrote, if that is wanted.

    Args:
        data: the folder.
        overwrite: whether what is there may go.

    Raises:
        UsageError: it is not ours.
        SettingsError: it holds data.
        OSError: it cannot be made.
    """
    held = [name for name in OWN_NAMES if data.exists(data.path(name))]
    # What was left out by a run that found too little is no data.
    in_the_way = [name for name in held if name != SKIPPED_FILE]
    if in_the_way and not overwrite and not data.exists(data.path(UNFINISHED)):
        raise SettingsError(
            f"DATA {data.root}: holds {in_the_way[0]} already; "
            "choose another folder, or replace the data with --overwrite"
        )
    claim_folder(data, _DATA)
    sweep_files(data, [*held, UNFINISHED])
    if data.is_local:
        os.makedirs(data.path(".spans"), exist_ok=True)


def _list_older(data: Folder) -> set[str] | None:
    """Names what an earlier version wrote into DATA; None where there is none, or another's."""
    held = {name for name in OWN_NAMES if data.exists(data.path(name))}
    return held if held and all(_is_older(data, name) for name in held) else None


def _is_older(data: Folder, name: str) -> bool:
    """Tells whether a file has just the columns that are written."""
    try:
        if name == SKIPPED_FILE:
            header = data.read(data.path(name)).partition(b"\n")[0].strip().decode()
            return bool(header == ",".join(Skipped._fields))
        return bool(pq.read_schema(io.BytesIO(data.read(data.path(name)))).names == LABELLED.names)
    except (FerError, OSError, ValueError, pa.ArrowException):
        return False


_DATA = Kind("DATA", (*OWN_NAMES, ".spans"), _list_older)


def begin_data(data: Folder) -> None:
    """Notes that the files of DATA are being written: the next run replaces what a kill leaves."""
    data.write(data.path(UNFINISHED), b"")


def end_data(data: Folder) -> None:
    """Notes that they are all there."""
    data.remove(data.path(UNFINISHED))


def counts_path(data: Folder, run_id: str) -> str:
    """Returns the path of the counts that a run leaves for the command that started it."""
    return data.path(".spans", f"run-{run_id}.json")


def note_progress(data: Folder, run_id: str, pictures: int) -> None:
    """Notes that some more pictures are done: a file grows by a byte for each."""
    if data.is_local:
        with open(_progress_path(data, run_id), "ab", buffering=0) as file:
            file.write(b"." * pictures)


def read_progress(data: Folder, run_id: str) -> int:
    """Returns how many pictures are done; for showing only, since a retry counts twice."""
    try:
        return os.stat(_progress_path(data, run_id)).st_size
    except OSError:
        return 0


def tidy_data(data: Folder, run_id: str) -> None:
    """Removes everything temporary from DATA, and DATA if nothing was written."""
    for path in (_progress_path(data, run_id), counts_path(data, run_id)):
        if data.exists(path):
            data.remove(path)
    if not data.is_local:
        return
    data.remove_attempts()
    with contextlib.suppress(OSError):  # not empty: of somebody else
        os.rmdir(data.path(".spans"))
    keep_notes(data)
    unmark_folder(data)


def _progress_path(data: Folder, run_id: str) -> str:
    return data.path(".spans", f"done-{run_id}")
