"""The files of an OUTPUT on a store: each is one PUT, and none but ours is replaced.

A store has no file that several could add lines to. Instead, every object carries a stamp in its
own metadata: it comes with the same request, and no kill parts the two.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from fer_core.errors import ForeignError
from ferbeam.output.owned_names import FOLDER, below, is_span_name, needs_note
from ferbeam.stores import store_of
from ferbeam.stores.sources import read_object

ADOPTED = f"{FOLDER}/adopted.json"
"""Names the objects that a version without stamps has written."""


class StoredFolder:
    """A folder in a store.

    Args:
        root: its URI.
    """

    def __init__(self, root: str) -> None:
        self._root = root

    def exists(self, path: str) -> bool:
        """Tells whether an object is there."""
        return store_of(path).find(path) is not None

    def read(self, path: str) -> bytes:
        """Reads a whole object."""
        return read_object(path)

    def write(self, path: str, data: bytes) -> None:
        """Writes an object by one PUT; only where one is there already does it take more."""
        store, stamp = store_of(path), self._stamp(path)
        if not stamp:
            store.write(path, data)
        elif not store.create(path, data, stamp):
            self.refuse_foreign(path)
            store.write(path, data, stamp)

    @contextmanager
    def making(self, path: str) -> Iterator[str]:
        """Gives a local path to write to; what is there in the end is uploaded."""
        if self._stamp(path):
            self.refuse_foreign(path)
        attempt = os.path.join(tempfile.gettempdir(), f"ferbeam-{uuid.uuid4().hex}")
        try:
            yield attempt
            store_of(path).upload(attempt, path, self._stamp(path))
        finally:
            if os.path.exists(attempt):
                os.unlink(attempt)

    def move(self, source: str, target: str) -> None:
        """Puts an object of ours in another place; in between, it is in both."""
        self.refuse_foreign(target)
        store_of(source).copy(source, target, self._stamp(target))
        store_of(source).remove([source])

    def keep(self, path: str, name: str) -> None:
        """Copies an object."""
        store_of(path).copy(path, name, self._stamp(name))

    def wrote(self, path: str) -> bool:
        """Tells whether an object is ours."""
        name, stamp = below(self._root, path), self._stamp(path)
        if not stamp:
            return is_span_name(name)
        found = store_of(path).find(path)
        return found is not None and (found.stamp == stamp or name in self._adopted())

    def _stamp(self, path: str) -> str:
        """Returns what an object carries, by its path below OUTPUT; nothing where it needs none."""
        name = below(self._root, path)
        return hashlib.sha256(name.encode()).hexdigest()[:32] if needs_note(name) else ""

    def _adopted(self) -> list[str]:
        path = f"{self._root.rstrip('/')}/{ADOPTED}"
        return list(json.loads(self.read(path))) if self.exists(path) else []

    def refuse_foreign(self, path: str) -> None:
        """Refuses a place where an object lies that is not ours."""
        if self.exists(path) and not self.wrote(path):
            name = below(self._root, path)
            raise ForeignError(f"OUTPUT holds {name}, which is not ferbeam's; move it away")

    def remove(self, paths: Iterable[str]) -> None:
        """Removes objects of ours; one that is not there is none too many."""
        store_of(self._root).remove(path for path in paths if self.wrote(path))

    def leave_mark(self, path: str, data: bytes) -> None:
        """Writes a small object that soon goes again."""
        self.write(path, data)

    def take_mark(self, path: str) -> None:
        """Takes it away."""
        self.remove([path])

    def list_names(self, *folder: str) -> list[str]:
        """Lists the names of the objects in a folder; not of those in folders below it."""
        parts = (name.split("/") for name in self.list_files(*folder))
        return [last for *above, last in parts if len(above) == len(folder)]

    def list_files(self, *folder: str) -> Iterator[str]:
        """Lists the objects below a folder, as paths below OUTPUT."""
        place = "/".join((self._root.rstrip("/"), *folder, ""))
        yield from (below(self._root, found.uri) for found in store_of(place).list(place))
