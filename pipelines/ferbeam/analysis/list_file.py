"""A text file that lists the media of INPUT, one path or URI a line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from fer_core.errors import UsageError
from fer_core.media import escape_name
from fer_core.records import Failure
from ferbeam.analysis.elements import Medium
from ferbeam.analysis.walk_folder import list_failure
from ferbeam.stores import check_uri, is_uri, store_of
from ferbeam.stores.sources import read_object

AT_ONCE = 16
"""Objects of a store that are looked up at once."""
MOST_BYTES = 1 << 28


def read_list(path: str) -> list[str]:
    """Reads the lines of a list that name something; those that begin with `#` do not.

    A path that is not absolute counts from the folder of the list.

    Raises:
        UsageError: it is not there, is no text, or names nothing.
    """
    data = _read(path)
    if b"\0" in data:
        raise UsageError(f"INPUT {escape_name(path)}: is no text file that lists media")
    lines = [line.rstrip(b"\r") for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n")]
    named = [os.fsdecode(line) for line in lines if line.strip() and not line.startswith(b"#")]
    if not named:
        raise UsageError(f"INPUT {escape_name(path)}: lists nothing")
    folder = "" if is_uri(path) else os.path.dirname(os.path.abspath(path))
    return list(dict.fromkeys(_place(line, folder) for line in named))


def _read(path: str) -> bytes:
    try:
        if is_uri(path):
            return read_object(path)
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"INPUT {escape_name(path)}: cannot be read: {reason}") from error
    if len(data) > MOST_BYTES:
        raise UsageError(f"INPUT {escape_name(path)}: is too large for a list of media")
    return data


def _place(line: str, folder: str) -> str:
    """Returns where a line leads: a URI, or an absolute path."""
    if is_uri(line):
        check_uri(line)
        return line
    if not folder and not line.startswith("/"):
        raise UsageError(f"INPUT: a list in a store names URIs, {escape_name(line)} is none")
    return os.path.normpath(os.path.join(folder, line))


def name_listed(path: str, folder: str) -> str:
    """Returns the name of a listed medium: its path below the list's folder, or else all of it."""
    if is_uri(path):
        return path.partition("://")[2]
    inside = path.startswith(f"{folder.rstrip('/')}/")
    return path[len(folder.rstrip("/")) + 1 :] if inside else path.lstrip("/")


def find_objects(uris: list[str]) -> Iterator[Medium | Failure]:
    """Looks up objects of stores, in order; their kind is still to be told by their names."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        every = pool.map(lambda uri: store_of(uri).find(uri), uris)
        for uri, found in zip(uris, every, strict=True):
            name = name_listed(uri, "")
            if found is None:
                yield list_failure(name, "Unreadable", "cannot be listed: there is no such object")
            else:
                yield Medium(name, uri, "", found.size, found.changed_ns)
