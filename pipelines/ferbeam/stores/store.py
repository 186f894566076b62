"""What ferbeam asks of an object store, and how one says that it cannot."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from ferbeam.guard.away import AWAY, AWAY_WORDS
from ferbeam.guard.watchdog import still_here

_REASONS = {
    "NoSuchBucket": (errno.ENOENT, "the bucket does not exist"),
    "NoSuchKey": (errno.ENOENT, "does not exist"),
    "AccessDenied": (errno.EACCES, "the store refuses access: check credentials and permissions"),
    "KeyTooLongError": (errno.ENAMETOOLONG, "the name is too long for the store"),
    "InvalidObjectState": (errno.EIO, "is archived: restore it first"),
    "PreconditionFailed": (errno.ESTALE, "changed while it was read"),
}
"""By S3's error codes: number and text."""

UNREACHABLE = "Unreachable"
"""The code of what never came to a store that could answer."""
_AWAY = {UNREACHABLE, "SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout"} | {
    *("429", "500", "502", "503", "504")
}


class StoreError(OSError):
    """A store refused or could not be reached: the machine's fault, never that of a medium."""

    def __init__(self, uri: str, reason: str, code: str = "") -> None:
        number, text = _REASONS.get(code, (errno.EIO, reason))
        if code in _AWAY:
            number, text = AWAY, f"{AWAY_WORDS}: {reason}"
        super().__init__(number, " ".join(f"{uri}: {text}".split()))  # theirs may have many lines
        self._parts = (uri, reason, code)

    def __str__(self) -> str:
        return str(self.strerror)

    def __reduce__(self) -> tuple[type[StoreError], tuple[str, str, str]]:
        return StoreError, self._parts


@dataclass(frozen=True)
class Stored:
    """An object in a store.

    Attributes:
        uri: where it lies.
        size: bytes.
        checksum: the store's own, with its kind, such as `etag:...` or `md5:...`.
        version: what a read names, so that it fails if the object was replaced meanwhile.
        changed_ns: when it was written, in nanoseconds since 1970.
        stamp: what its writer left with it, as `find` tells; `list` does not.
    """

    uri: str
    size: int
    checksum: str
    version: str
    changed_ns: int
    stamp: str = ""

    @property
    def identity(self) -> str:
        """What stands for its bytes, as the sha256 does for a local file."""
        return f"{self.checksum}:{self.size}"


class Store(Protocol):
    """A store of objects. Every method raises StoreError where the store refuses."""

    def find(self, uri: str) -> Stored | None:
        """Looks up an object; None if it is not there."""

    def list(self, prefix: str) -> Iterator[Stored]:
        """Yields the objects whose URI begins with `prefix`, in order of their names."""

    def read(self, stored: Stored, start: int, end: int) -> bytes:
        """Reads the bytes from `start` up to `end` of an object that is not empty."""

    def write(self, uri: str, data: bytes, stamp: str = "") -> None:
        """Writes an object by one PUT; the stamp stays with it."""

    def create(self, uri: str, data: bytes, stamp: str = "") -> bool:
        """Writes an object unless one is there; tells whether it did. Of two at once, one does.

        Where a store does not know the condition, of two at once the last one does.
        """

    def upload(self, path: str, uri: str, stamp: str = "") -> None:
        """Writes a local file as an object by one PUT, or what the store has for huge ones."""

    def copy(self, uri: str, to: str, stamp: str = "") -> None:
        """Makes an object of the bytes of another, in the store; it appears whole or not."""

    def remove(self, uris: Iterable[str]) -> None:
        """Removes objects; one that is not there is none too many."""


STAMP = "ferbeam"
"""Name of an object's metadata that holds the stamp."""


def stamped(stamp: str) -> dict[str, str]:
    """Returns the metadata of an object with a stamp."""
    return {STAMP: stamp} if stamp else {}


class SentFile(io.FileIO):
    """A local file that is sent to a store: every part of it is a sign of life."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Reads at most `size` bytes."""
        still_here()
        return super().read(size) or b""


def split_uri(uri: str) -> tuple[str, str]:
    """Returns bucket and name of a URI."""
    bucket, _, name = uri.partition("://")[2].partition("/")
    return bucket, name
