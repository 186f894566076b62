"""The files of an OUTPUT on this machine: each put in place whole, and none but ours replaced."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath

from fer_core.errors import ForeignError, NameRefusedError
from ferbeam.output.journal import journal_of
from ferbeam.output.owned_names import below, is_span_name, needs_note
from ferbeam.output.plain_path import find_plain, list_plain, read_plain, walk_plain

_NAMES_REFUSED = (
    *(errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG),
    *(errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY),
)


_spares: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
"""Marks that were taken away, by their folder and the process that may use them again."""


class LocalFolder:
    """A folder of this machine; no step below it follows a link.

    Args:
        root: the folder.
    """

    def __init__(self, root: str) -> None:
        self._root = root

    def exists(self, path: str) -> bool:
        """Tells whether a file is there."""
        return find_plain(self._root, path) is not None

    def read(self, path: str) -> bytes:
        """Reads a whole file."""
        return read_plain(self._root, path)

    def write(self, path: str, data: bytes) -> None:
        """Writes a file by one rename."""
        with self.making(path) as attempt, open(attempt, "wb") as file:
            file.write(data)

    @contextmanager
    def making(self, path: str) -> Iterator[str]:
        """Gives a path to write to; what is there in the end is put in place."""
        self.refuse_foreign(path)
        attempt = f"{self._root.rstrip('/')}/.spans/tmp-{uuid.uuid4().hex}"
        find_plain(self._root, attempt)
        os.makedirs(os.path.dirname(attempt), exist_ok=True)
        try:
            yield attempt
            self._put(attempt, path)
        finally:
            if os.path.exists(attempt):
                os.unlink(attempt)

    def move(self, source: str, target: str) -> None:
        """Puts a file of ours in another place, by one rename; folders that it empties go."""
        self.refuse_foreign(target)
        find_plain(self._root, source)
        self._put(source, target)
        with suppress(OSError):
            for folder in PurePosixPath(below(self._root, source)).parents:
                os.rmdir(f"{self._root.rstrip('/')}/{folder}")

    def _put(self, attempt: str, path: str) -> None:
        name = below(self._root, path)
        if needs_note(name):
            journal_of(self._root).note(name)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            remove_empty(path)
            os.replace(attempt, path)
        except OSError as error:
            if error.errno not in _NAMES_REFUSED:
                raise
            reason = f"the disk refuses the name of its file ({error.strerror}); rename it"
            raise NameRefusedError(reason) from None

    def keep(self, path: str, name: str) -> None:
        """Gives a file a second name; a copy where the disk knows no links."""
        self.exists(path)
        self.exists(name)
        os.makedirs(os.path.dirname(name), exist_ok=True)
        try:
            os.link(path, name, follow_symlinks=False)
        except OSError:
            with self.making(name) as attempt:
                shutil.copyfile(path, attempt, follow_symlinks=False)

    def wrote(self, path: str) -> bool:
        """Tells whether what lies at a path is a file of ours."""
        name, found = below(self._root, path), find_plain(self._root, path)
        if found is None or not stat.S_ISREG(found.st_mode):
            return False
        return journal_of(self._root).holds(name) if needs_note(name) else is_span_name(name)

    def refuse_foreign(self, path: str) -> None:
        """Refuses a place where something lies that is not ours, or where its folder would."""
        name = below(self._root, path)
        for parent in PurePosixPath(name).parents:
            self._refuse_file(str(parent))
        if needs_note(name) and not self._is_ours(path):
            raise ForeignError(f"OUTPUT holds {name}, which is not ferbeam's; move it away")

    def _is_ours(self, path: str) -> bool:
        """Tells whether what lies at a path, or all that lies in the folder there, is ours."""
        found = find_plain(self._root, path)
        if found is not None and stat.S_ISDIR(found.st_mode):
            inside = self.list_files(below(self._root, path))
            return all(self.wrote(f"{self._root.rstrip('/')}/{name}") for name in inside)
        return found is None or self.wrote(path)

    def _refuse_file(self, folder: str) -> None:
        """Refuses a file of another's that has the name of a folder of ours."""
        path = f"{self._root.rstrip('/')}/{folder}"
        found = None if folder == "." else find_plain(self._root, path)
        if found is not None and not stat.S_ISDIR(found.st_mode) and not self.wrote(path):
            raise ForeignError(f"OUTPUT holds {folder}, which is not ferbeam's; move it away")

    def remove(self, paths: Iterable[str]) -> None:
        """Removes files of ours."""
        for path in paths:
            if not self.exists(path) or self.wrote(path):
                os.unlink(path)

    def leave_mark(self, path: str, data: bytes) -> None:
        """Writes a small file that soon goes again, in the place of one that went.

        To make a file takes 0.5 ms of the processor, to write and rename one 0.02.
        """
        spares = _spares[self._root, os.getpid()]
        while spares:
            self.refuse_foreign(path)
            with suppress(FileNotFoundError):  # it was swept
                _overwrite(spare := spares.pop(), data)
                self._put(spare, path)
                return
        self.write(path, data)

    def take_mark(self, path: str) -> None:
        """Takes such a file of ours away; it is kept for the next one of this process.

        Raises:
            FileNotFoundError: it is not there.
        """
        spare = f"{self._root.rstrip('/')}/.spans/tmp-{uuid.uuid4().hex}"
        if not self.exists(path) or self.wrote(path):
            os.rename(path, spare)
            _spares[self._root, os.getpid()].append(spare)

    def list_names(self, *folder: str) -> list[str]:
        """Lists the names in a folder."""
        return list_plain(self._root, *folder)

    def list_files(self, *folder: str) -> Iterator[str]:
        """Lists the files in a folder and those below it, as paths below OUTPUT."""
        return walk_plain(self._root, *folder)


def remove_empty(path: str) -> None:
    """Removes the folder at a path, and those in it, as far as nothing lies in them."""
    if os.path.isdir(path):
        for folder, _, _ in os.walk(path, topdown=False):
            with suppress(OSError):
                os.rmdir(folder)


def _overwrite(path: str, data: bytes) -> None:
    """Writes into a file that is there; not by emptying it first, which takes ten times as long."""
    place = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    try:
        os.ftruncate(place, os.pwrite(place, data, 0))
    finally:
        os.close(place)
