"""Temporary folders of commands, which go with their command, or else with the next one."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "ferbeam-"
_OWNER = ".owner"


class Scratch:
    """A temporary folder, which a lock tells to be in use; removes those whose command is gone.

    Attributes:
        path: the folder.
    """

    def __init__(self) -> None:
        _remove_left()
        self.path = tempfile.mkdtemp(prefix=PREFIX)
        # Locked before it has the name by which others look for it.
        unnamed = Path(self.path, ".unnamed")
        self._owner = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with suppress(OSError):  # a disk without locks: nobody else will remove it then, either
            fcntl.flock(self._owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unnamed.rename(unnamed.with_name(_OWNER))

    def remove(self) -> None:
        """Removes the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        with suppress(OSError):
            os.close(self._owner)


def _remove_left() -> None:
    """Removes what killed commands of this user have left."""
    for entry in os.scandir(tempfile.gettempdir()):
        with suppress(OSError):
            found = entry.stat(follow_symlinks=False)
            if entry.name.startswith(PREFIX) and _is_own_folder(found):
                _remove_if_left(Path(entry.path))


def _is_own_folder(found: os.stat_result) -> bool:
    private = stat.S_IMODE(found.st_mode) == 0o700
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and private


def _remove_if_left(folder: Path) -> None:
    owner = os.open(folder / _OWNER, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(owner)
