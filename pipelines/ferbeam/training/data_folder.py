"""The folder DATA that `ferbeam prepare` writes, and the INPUT it is made from."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from fer_core.errors import SettingsError
from fer_core.learn.labelled_faces import PARTS, label_of
from fer_core.records import Failure
from ferbeam.analysis.elements import Medium
from ferbeam.analysis.list_media import OTHER, list_files
from ferbeam.output.folder import Output
from ferbeam.stores.sources import refuse_inside

SKIPPED_FILE = "skipped.csv"
OWN_NAMES = (*(f"{part}.parquet" for part in PARTS), SKIPPED_FILE)
"""What is written into DATA; nothing else there is ever touched."""


def list_labelled(root: str) -> Iterator[Medium | Failure]:
    """Lists the media of INPUT, and every other file in a folder of an emotion.

    Raises:
        UsageError: INPUT does not exist.
    """
    for found in list_files(root):
        if isinstance(found, Failure) or found.kind != OTHER or label_of(found.name):
            yield found


def claim_data(source: str, data: Output, overwrite: bool) -> None:
    """Checks that DATA may be written, and removes what an earlier run wrote, if that is wanted.

    Args:
        source: INPUT.
        data: the folder.
        overwrite: whether what is there may go.

    Raises:
        UsageError: DATA lies inside INPUT.
        SettingsError: DATA holds files.
        OSError: DATA cannot be made.
    """
    if data.is_local:
        refuse_inside(source, "DATA", data.root)
    held = sorted(_held(data))
    # What was left out by a run that found too little is no data.
    in_the_way = [name for name in held if name not in (SKIPPED_FILE, ".spans")]
    if in_the_way and not overwrite:
        raise SettingsError(
            f"DATA {data.root}: holds {in_the_way[0]} already; "
            "choose another folder, or replace the data with --overwrite"
        )
    for name in OWN_NAMES:
        if name in held:
            data.remove(data.path(name))
    if data.is_local:
        os.makedirs(data.path(".spans"), exist_ok=True)


def _held(data: Output) -> list[str]:
    """Names what lies in DATA; of a store, only what would be replaced."""
    if data.is_local:
        return os.listdir(data.root) if os.path.isdir(data.root) else []
    return [name for name in OWN_NAMES if data.exists(data.path(name))]


def counts_path(data: Output, run_id: str) -> str:
    """Returns the path of the counts that a run leaves for the command that started it."""
    return data.path(".spans", f"run-{run_id}.json")


def note_progress(data: Output, run_id: str, pictures: int) -> None:
    """Notes that some more pictures are done: a file grows by a byte for each."""
    if data.is_local:
        with open(_progress_path(data, run_id), "ab", buffering=0) as file:
            file.write(b"." * pictures)


def read_progress(data: Output, run_id: str) -> int:
    """Returns how many pictures are done; for showing only, since a retry counts twice."""
    try:
        return os.stat(_progress_path(data, run_id)).st_size
    except OSError:
        return 0


def tidy_data(data: Output, run_id: str) -> None:
    """Removes everything temporary from DATA, and DATA if nothing was written."""
    if not data.is_local:
        return
    data.remove_attempts()
    for path in (_progress_path(data, run_id), counts_path(data, run_id)):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    for folder in (data.path(".spans"), data.root):
        with contextlib.suppress(OSError):  # not empty: of somebody else
            os.rmdir(folder)


def _progress_path(data: Output, run_id: str) -> str:
    return data.path(".spans", f"done-{run_id}")
