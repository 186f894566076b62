"""Says what is at fault for an error: the medium that was read, or the machine."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from fer_core.errors import FerError, MediaError
from fer_core.media import open_bytes
from ferbeam.guard.watchdog import guarded
from ferbeam.output.start_marks import StartMarks
from ferbeam.stores import is_uri, store_of
from ferbeam.stores.sources import open_source
from ferbeam.text import printable

_ALWAYS_THE_MACHINE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOENT}
)
_NAMES = frozenset({errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST})
_WITNESSES = 3
"""Other media that are tried to learn whether only one cannot be read."""
_BLOCK = 1 << 20

Result = TypeVar("Result")


@dataclass(frozen=True)
class Work:
    """Work on a medium that may end the worker that does it.

    Attributes:
        key: by which it is marked as begun.
        verb: what is done, such as `opening`.
        name: of the medium, the first of several.
        limit_s: how long it may give no sign of life.
    """

    key: str
    verb: str
    name: str
    limit_s: float

    def do(
        self, marks: StartMarks, here: Callable[[], Result], apart: Callable[[], Result]
    ) -> Result:
        """Does it here; apart where that ended a worker before, or raises what is no `FerError`."""
        if marks.begin(self.key, self.name):
            return apart()
        try:
            with guarded(f"{self.verb} {self.name}", self.limit_s):
                return here()
        except Exception as error:  # noqa: BLE001  (the second time, `blame` says whose fault it is)
            refuse_machine(self.name, error)
            return apart()


def refuse_machine(name: str, error: Exception) -> None:
    """Raises an error that no second try mends, with the name of the medium.

    Raises:
        FerError: it is one, or the machine's.
    """
    if isinstance(error, (FerError, ImportError)):
        raise error
    if isinstance(error, OSError) and error.errno in _NAMES:  # whoever writes a copy notes it
        raise error
    if isinstance(error, OSError) and error.errno in _ALWAYS_THE_MACHINE:
        raise FerError(printable(f"{name}: {error}")) from error


def blame(name: str, path: str, error: Exception) -> str:
    """Says why a medium is at fault, after work on it raised the same a second time.

    An error in reading is its own where all of it cannot be read once more, and others can be.

    Raises:
        FerError: the machine is at fault: a disk or store that is gone, or another one.
    """
    refuse_machine(name, error)
    if isinstance(error, MemoryError):
        return "it takes more memory than there is: convert it, or leave it out"
    if not isinstance(error, OSError):
        kind = type(error).__name__
        return f"it cannot be analysed ({kind}: {error}): convert it, or leave it out"
    if _reads(path, whole=True) or not _others_can_be_read(path):
        raise FerError(printable(f"{name}: {error}")) from error
    return f"it cannot be read, and others can ({error.strerror}): copy it again, check the disk"


def _reads(path: str, whole: bool = False) -> bool:
    """Tells whether the bytes of a medium can be read: the first, or all."""
    try:
        with open_source(path) as source, open_bytes(source) as file:
            while file.read(_BLOCK) and whole:
                pass
    except MediaError:  # the disk has said what is wrong with the file
        return True
    except OSError:
        return False
    return True


def _others_can_be_read(path: str) -> bool:
    """Tells whether one of the files beside a medium can be read; if it lies alone, its folder."""
    try:
        beside = list(islice(_list_beside(path), _WITNESSES))
    except OSError:
        return False
    return not beside or any(map(_reads, beside))


def _list_beside(path: str) -> Iterator[str]:
    folder = path.rpartition("/")[0]
    if is_uri(path):
        others = (found.uri for found in store_of(path).list(folder + "/"))
    else:
        others = (entry.path for entry in os.scandir(folder or ".") if entry.is_file())
    return (other for other in others if other != path)


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Names the medium that was worked on in whatever is raised.

    Raises:
        FerError: with the name.
    """
    try:
        yield
    except FerError:
        raise
    except Exception as error:
        raise FerError(printable(f"{name}: {type(error).__name__}: {error}")) from error
