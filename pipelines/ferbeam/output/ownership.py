"""The mark of the folders that ferbeam writes: without it, one that holds anything is not touched.

The mark is a file, `.ferbeam/mark.json`, put in place whole before anything else.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from fer_core.errors import UsageError
from ferbeam.output.checked_files import read_checked_json
from ferbeam.output.folder import Folder
from ferbeam.output.journal import Journal, journal_of
from ferbeam.output.owned_names import FOLDER, LOCK
from ferbeam.output.plain_path import find_plain, list_plain
from ferbeam.output.stored_folder import ADOPTED
from ferbeam.output.unwritable import unwritable

MARK = f"{FOLDER}/mark.json"
_MOST_BYTES = 16384
_MARK = {"written_by": "ferbeam", "layout": 1}
_UNFINISHED = re.compile(r"\.ferbeam-[0-9a-f]{32}")
SYSTEM_NAMES = (
    *(".DS_Store", ".Spotlight-V100", ".Trashes", ".fseventsd", ".TemporaryItems"),
    *("Thumbs.db", "desktop.ini", "lost+found", "System Volume Information", "$RECYCLE.BIN"),
)
"""What systems leave in a folder that a user calls empty; never touched."""


@dataclass(frozen=True)
class Kind:
    """What sort of folder is written.

    Attributes:
        what: what the command line calls it.
        names: what ferbeam writes in it, folders too.
        older: names the files that an earlier version, which made no mark, has written into a
            folder; None where the folder is none of ours.
    """

    what: str
    names: tuple[str, ...]
    older: Callable[[Folder], set[str] | None]


def check_folder(folder: Folder, kind: Kind) -> None:
    """Refuses a folder that holds anything and is not ours; changes nothing.

    Raises:
        UsageError: the folder is somebody else's.
        ForeignError: it is ours, but what we would write leads out of it through a link.
    """
    if not is_marked(folder) and (held := _held(folder)) and kind.older(folder) is None:
        raise UsageError(
            f"{kind.what} {folder.root}: holds {held}, and no mark says that ferbeam wrote it, so "
            "nothing there is touched; choose a new or an empty folder"
        )
    for name in (*kind.names, LOCK) if folder.is_local else ():
        find_plain(folder.root, folder.path(name))


def claim_folder(folder: Folder, kind: Kind) -> None:
    """Marks a new or an empty folder as ours, and one that an earlier version wrote.

    Raises:
        UsageError: the folder is somebody else's, or cannot be written.
        TryLaterError: its disk is full.
    """
    check_folder(folder, kind)
    if is_marked(folder):
        return
    adopted = kind.older(folder) or set()
    if folder.is_local:
        try:
            _mark_here(folder, adopted)
        except OSError as error:
            raise unwritable(kind.what, folder.root, error) from None
        return
    if adopted:
        folder.write_json(folder.path(ADOPTED), sorted(adopted))
    folder.write_json(folder.path(MARK), _MARK)


def is_marked(folder: Folder) -> bool:
    """Tells whether a folder bears the mark: a plain file that says just what we write."""
    return bool(read_checked_json(folder, MARK, _MOST_BYTES) == _MARK)


def unmark_folder(folder: Folder) -> None:
    """Takes the mark from a local folder that holds nothing else, and removes the folder."""
    if list_plain(folder.root) == [FOLDER]:
        _remove_mark(folder.path(FOLDER))
        with suppress(OSError):
            os.rmdir(folder.root)


def _held(folder: Folder) -> str | None:
    """Names something in a folder that makes it more than an empty one."""
    names = list_plain(folder.root) if folder.is_local else folder.list_files()
    return next((name for name in names if not _counts_as_nothing(folder, name)), None)


def _counts_as_nothing(folder: Folder, name: str) -> bool:
    """Tells whether a name in a folder is the system's, or what we had when we were killed."""
    if name == LOCK:
        held = read_checked_json(folder, LOCK, _MOST_BYTES)
        ours = isinstance(held, dict) and {"pid", "host", "renewed"} <= held.keys()
        return ours or folder.read(folder.path(LOCK)) == b""
    return not name or name in SYSTEM_NAMES or _UNFINISHED.fullmatch(name) is not None


def _mark_here(folder: Folder, adopted: set[str]) -> None:
    """Makes the mark beside its place, with the notes of what was written before, and renames."""
    os.makedirs(folder.root, exist_ok=True)
    for name in list_plain(folder.root):
        if _UNFINISHED.fullmatch(name) and not os.path.islink(folder.path(name)):
            _remove_mark(folder.path(name))
    attempt = folder.path(f"{FOLDER}-{uuid.uuid4().hex}")
    os.mkdir(attempt)
    # An older folder may hold notes already, of a command that was given no mark to make.
    Journal(folder.root, attempt).keep(adopted | journal_of(folder.root).names())
    with open(f"{attempt}/mark.json", "x", encoding="utf-8") as file:
        json.dump(_MARK, file)
        file.flush()
        os.fsync(file.fileno())
    place = folder.path(FOLDER)
    if folder.exists(place) and not is_marked(folder):
        _remove_mark(place)
    try:
        os.rename(attempt, place)
    except OSError:
        _remove_mark(attempt)
        if not is_marked(folder):  # else another command was quicker
            raise


def _remove_mark(place: str) -> None:
    """Removes a folder of mark and notes; of another's files nothing."""
    for name in os.listdir(place):
        if name == "mark.json" or name.startswith("written-"):
            os.unlink(f"{place}/{name}")
    with suppress(OSError):
        os.rmdir(place)
