"""Paths below a local folder that lead through no link: checked step by step before each use."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator

from fer_core.errors import ForeignError

_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL)


def find_plain(root: str, path: str) -> os.stat_result | None:
    """Returns what lies at a path below a folder, None where nothing does.

    The folder itself may be reached through links: which it is, is the user's choice.

    Args:
        root: the folder.
        path: the folder's own, with names below it added.

    Raises:
        ForeignError: the path leads out of the folder, or a step below it is a link.
    """
    place, found = root.rstrip("/"), None
    for step in _steps(place, path):
        place = f"{place}/{step}"
        try:
            found = os.lstat(place)
        except OSError as error:
            if error.errno not in _ABSENT:
                raise
            return None
        if stat.S_ISLNK(found.st_mode):
            raise ForeignError(
                f"{place}: is a link, which ferbeam follows nowhere below a folder that it "
                "writes; remove it, or choose another folder"
            )
    return found


def _steps(root: str, path: str) -> list[str]:
    steps = path[len(root) + 1 :].split("/")
    if not path.startswith(f"{root}/") or not {"", ".", ".."}.isdisjoint(steps) or "\0" in path:
        raise ForeignError(f"{path}: leads out of {root}; a path below it is needed")
    return steps


def read_plain(root: str, path: str) -> bytes:
    """Reads a file below a folder.

    Raises:
        FileNotFoundError: it is not there.
        ForeignError: see `find_plain`; or it is no file but a pipe, device or folder.
    """
    found = find_plain(root, path)
    if found is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    if not stat.S_ISREG(found.st_mode):
        raise ForeignError(f"{path}: is no file but a folder, pipe or device; remove it")
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        return file.read()


def list_plain(root: str, *folder: str) -> list[str]:
    """Lists the names in a folder below another; none where there is no such folder.

    Raises:
        ForeignError: see `find_plain`.
    """
    path = "/".join((root.rstrip("/"), *folder))
    if folder:
        found = find_plain(root, path)
        if found is None or not stat.S_ISDIR(found.st_mode):
            return []
    try:
        return sorted(os.listdir(path))
    except (FileNotFoundError, NotADirectoryError):
        return []


def walk_plain(root: str, *folder: str) -> Iterator[str]:
    """Yields what lies below a folder and is no folder, links too, as paths below the root."""
    for name in list_plain(root, *folder):
        path = "/".join((*folder, name))
        try:
            found = os.lstat(f"{root.rstrip('/')}/{path}")
        except FileNotFoundError:  # it went after its folder was listed
            continue
        if stat.S_ISDIR(found.st_mode):
            yield from walk_plain(root, *folder, name)
        else:
            yield path
