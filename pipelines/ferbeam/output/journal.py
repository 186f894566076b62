"""Which files of a local folder ferbeam has written: each is noted before it is put in place.

Only what is noted is ever replaced or removed. Every process notes in a file of its own, in
`.ferbeam/`, so that nothing is lost where several write, on network disks either. What a killed
process has noted is kept; a power cut may lose the last second of it, and then a file of ours is
taken for foreign: it stays. What lies in `.spans/` needs no note, for its names are digests that
nothing else has.
"""

from __future__ import annotations

import json
import os
import re
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress

from ferbeam.output.owned_names import FOLDER
from ferbeam.output.plain_path import find_plain, list_plain, read_plain

_NOTES = re.compile(r"written-[0-9a-f]{32}")
_SYNC_SECONDS = 1.0


class Journal:
    """The notes of a folder.

    Args:
        root: the folder.
        place: where the notes lie, None for `.ferbeam` in it.
    """

    def __init__(self, root: str, place: str | None = None) -> None:
        self._root = root
        self._place = place or f"{root.rstrip('/')}/{FOLDER}"
        self._known: set[str] = set()
        self._own: set[str] = set()
        self._file, self._synced = -1, 0.0

    def note(self, name: str) -> None:
        """Notes that a file is ours, before it is written."""
        if self._file >= 0 and os.fstat(self._file).st_nlink == 0:  # the folder was made anew
            self._end()
        if name in self._own:
            return
        if self._file < 0:
            self._file = self._begin()
        _append(self._file, [name])
        if time.monotonic() - self._synced > _SYNC_SECONDS:
            os.fsync(self._file)
            self._synced = time.monotonic()
        self._own.add(name)

    def holds(self, name: str) -> bool:
        """Tells whether a file is noted, by this process or another."""
        if name not in self._own and name not in self._known:
            self._known = self.names()
        return name in self._own or name in self._known

    def names(self) -> set[str]:
        """Reads all that is noted."""
        noted: set[str] = set()
        for file in self._files():
            with suppress(FileNotFoundError):
                for line in read_plain(self._root, self._path(file)).splitlines():
                    with suppress(ValueError, RecursionError):  # of one that was killed, or none
                        noted.add(str(json.loads(line)))
        return noted

    def keep(self, names: Iterable[str]) -> None:
        """Makes one file of all notes, with these names alone; for when nobody else writes."""
        older = self._files()
        self._end()
        self._file = self._begin()
        self._own, self._known = set(names), set()
        _append(self._file, sorted(self._own))
        os.fsync(self._file)
        for file in older:
            os.unlink(self._path(file))

    def _begin(self) -> int:
        if find_plain(self._root, self._place) is None:
            os.makedirs(self._place, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW
        return os.open(self._path(f"written-{uuid.uuid4().hex}"), flags, 0o644)

    def _end(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file, self._own = -1, set()

    def _files(self) -> list[str]:
        folder = os.path.basename(self._place)
        return [name for name in list_plain(self._root, folder) if _NOTES.fullmatch(name)]

    def _path(self, name: str) -> str:
        return f"{self._place}/{name}"


_JOURNALS: dict[tuple[int, str], Journal] = {}


def journal_of(root: str) -> Journal:
    """Returns the journal of a folder: one in each process, for a fork may not share its file."""
    key = (os.getpid(), root)
    if key not in _JOURNALS:
        _JOURNALS[key] = Journal(root)
    return _JOURNALS[key]


def _append(file: int, names: Iterable[str]) -> None:
    """Writes names whole, or raises; each on a line of its own, whatever was cut short before."""
    data = "".join(f"\n{json.dumps(name)}\n" for name in names).encode()
    while data:
        data = data[os.write(file, data) :]
