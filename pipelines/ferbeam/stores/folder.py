"""Folders and globs in a store, which knows only names: with the meaning they have on a disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from fer_core.errors import UsageError
from ferbeam.stores.store import Store, Stored

_WILD = "*?["


def list_objects(store: Store, root: str) -> Iterator[tuple[str, Stored]]:
    """Yields what lies in a folder, what a glob matches, or the one object a URI names.

    Hidden names are left out, as are the empty objects that stand for folders in some stores.

    Args:
        store: where it lies.
        root: URI of a folder, an object or a glob.

    Yields:
        The name below the folder, or the last one without a wildcard, and the object.

    Raises:
        UsageError: there is nothing.
        StoreError: there is no such bucket, or the store refuses.
    """
    folder = root.rstrip("/") + "/"
    one = None if root.endswith("/") or root.count("/") < 3 else store.find(root)
    if one is not None:
        yield root.rpartition("/")[2], one
        return
    nothing = True
    for found in store.list(folder):
        nothing = False
        if not _is_hidden(name := found.uri[len(folder) :]):
            yield name, found
    if nothing and any(letter in root for letter in _WILD):
        for name, found in _list_glob(store, root):
            nothing = False
            yield name, found
    if nothing:
        raise UsageError(f"INPUT {root}: does not exist, or holds nothing")


def _list_glob(store: Store, pattern: str) -> Iterator[tuple[str, Stored]]:
    wild = min(at for at, letter in enumerate(pattern) if letter in _WILD)
    folder = pattern[: pattern.rindex("/", 0, wild) + 1]
    patterns = pattern[len(folder) :].split("/")
    for found in store.list(pattern[:wild]):
        name = found.uri[len(folder) :]
        if not _is_hidden(name) and matches(name.split("/"), patterns):
            yield name, found


def _is_hidden(name: str) -> bool:
    return name.endswith("/") or any(part.startswith(".") for part in name.split("/"))


def matches(parts: Sequence[str], patterns: Sequence[str]) -> bool:
    """Tells whether a name matches a glob, part by part; `**` stands for any number of parts."""
    if not patterns:
        return not parts
    if patterns[0] == "**":
        return any(matches(parts[at:], patterns[1:]) for at in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], patterns[0]) and matches(parts[1:], patterns[1:])
