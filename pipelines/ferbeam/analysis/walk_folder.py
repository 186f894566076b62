"""Walks through a folder and those below it: each real folder once, whatever links lead there."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from fer_core.media import escape_name
from fer_core.records import Failure, FailureKind

MAX_DEPTH = 100
"""Folders one below the other: paths of much more are too long for the system, and for OUTPUT."""


SYSTEM_FOLDERS = frozenset(
    {"$RECYCLE.BIN", "RECYCLER", "System Volume Information", "lost+found", "__MACOSX"}
    | {"@eaDir", "#recycle", "#snapshot", "@Recycle", "@Recently-Snapshot", "@__thumb"}
)
"""What Windows, macOS and network disks keep for themselves: thumbnails, trash, older versions."""


class Found(NamedTuple):
    """What lies in a folder and is none: where, and by its path below the folder walked through.

    The name of a folder of the system, which is not entered, ends with a slash.
    """

    path: str
    name: str


def walk_folder(root: str) -> Iterator[Found | Failure]:
    """Yields what lies below a folder, in a fixed order, and a failure for what is not walked.

    Names that begin with a dot are left out. Links are followed once all that lies in the folder
    itself is listed, and only to folders that were not: so what has two ways to it is listed once.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    walk = _Walk()
    with os.scandir(root):
        pass
    yield from walk.below(root, "")
    while walk.links:
        path, name = walk.links.popleft()
        yield from walk.below(path, name + "/")


@dataclass
class _Walk:
    """The folders that were met, by their place on the disk, and the links to be followed."""

    met: dict[tuple[int, int], str] = field(default_factory=dict)
    links: deque[Found] = field(default_factory=deque)

    def below(self, folder: str, prefix: str) -> Iterator[Found | Failure]:
        """Walks through a folder without following links."""
        open_folders = [self._entries(folder, prefix)]
        while open_folders:
            found = next(open_folders[-1], None)
            if found is None:
                open_folders.pop()
            elif isinstance(found, Failure) or not os.path.isdir(found.path):
                yield found
            elif found.name.rpartition("/")[2] in SYSTEM_FOLDERS:
                yield found._replace(name=found.name + "/")
            elif os.path.islink(found.path):
                self.links.append(found)
            else:
                open_folders.append(self._entries(found.path, found.name + "/"))

    def _entries(self, folder: str, prefix: str) -> Iterator[Found | Failure]:
        """Yields the entries of a folder, unless it is not to be entered."""
        name = prefix.rstrip("/") or "."
        try:
            place = os.stat(folder)
            first = self.met.setdefault((place.st_dev, place.st_ino), name)
            entered = first is name
            entries = sorted(os.listdir(folder), key=os.fsencode) if entered else []
        except OSError as error:
            reason = f"cannot be listed: {error.strerror or error}"
            yield list_failure(name, "Unreadable", reason)
            return
        if not entered:
            where = "INPUT itself" if first == "." else escape_name(first)
            yield list_failure(name, "LinkLoop", f"a link that leads back to {where}: listed there")
        elif prefix.count("/") > MAX_DEPTH:
            reason = f"lies more than {MAX_DEPTH} folders deep: move it up, or name it as INPUT"
            yield list_failure(name, "TooDeep", reason)
        else:
            yield from (
                Found(os.path.join(folder, entry), prefix + entry)
                for entry in entries
                if not entry.startswith(".")
            )


def list_failure(name: str, error: FailureKind, message: str) -> Failure:
    """Returns the failure of what could not be listed."""
    return Failure(escape_name(name), "list", error, message)
