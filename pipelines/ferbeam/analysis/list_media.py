"""Finds the media of an INPUT: a folder, a glob, a single file, a URI, or a list of these."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import PurePosixPath
from typing import NamedTuple

from fer_core.errors import UsageError
from fer_core.media import escape_name, kind_of
from fer_core.records import Failure
from ferbeam.analysis.elements import Medium
from ferbeam.analysis.list_file import find_objects, name_listed, read_list
from ferbeam.analysis.picks import why_left_out
from ferbeam.analysis.walk_folder import SYSTEM_FOLDERS, list_failure, walk_folder
from ferbeam.output.listed_media import ListedMedium
from ferbeam.output.tables import digest
from ferbeam.settings import Picks
from ferbeam.stores import is_uri, store_of
from ferbeam.stores.folder import matches
from ferbeam.text import show_left_out

MAX_PICTURES = 64
"""Pictures in one span at most."""
CUT_EVERY = 32
"""A span of pictures ends at one path in this many, chosen by its hash."""
EVERYTHING = Picks()
OTHER = "other"
"""The kind of a file that is no medium by its suffix."""


class Listing(NamedTuple):
    """What INPUT holds.

    Attributes:
        media: in a fixed order.
        failures: of what could not be listed.
        left_out: how many files were left out, by suffix or the option that says so, and folders
            of the system, by name with a slash behind it.
    """

    media: list[Medium]
    failures: list[Failure]
    left_out: Counter[str]


def list_input(root: str, picks: Picks = EVERYTHING) -> Listing:
    """Lists INPUT once, before anything is done.

    Raises:
        UsageError: INPUT does not exist or holds no media, or all are left out.
    """
    listing = Listing([], [], Counter())
    for found in list_entries(root, picks.is_list):
        if why := _why_not_picked(found, picks):
            listing.left_out[why] += 1
        elif isinstance(found, Failure):
            listing.failures.append(found)
        elif found.kind != OTHER:
            listing.media.append(found)
        else:
            listing.left_out[_why_left_out(found.name)] += 1
    if not listing.media and not listing.failures:
        told = show_left_out(listing.left_out)
        raise UsageError(f"INPUT {root}: holds no picture or video" + f"; {told}" * bool(told))
    return listing


def _why_left_out(name: str) -> str:
    """Returns the folder of the system that a file lies in, or else its suffix."""
    *folders, last = name.split("/")
    system = [folder for folder in folders if folder in SYSTEM_FOLDERS]
    return f"{system[0]}/" if system else PurePosixPath(last).suffix.lower() or last


def _why_not_picked(found: Medium | Failure, picks: Picks) -> str | None:
    """Returns which option leaves out a medium, or the failure of what might have been one."""
    if isinstance(found, Failure):  # of a folder, no glob for files tells
        return why_left_out(replace(picks, include=()), found.media)
    return None if found.kind == OTHER else why_left_out(picks, found.name)


def list_media(root: str, picks: Picks = EVERYTHING) -> Iterator[Medium | Failure]:
    """Lists the media of INPUT in a fixed order, and what could not be listed.

    Raises:
        UsageError: INPUT does not exist.
    """
    for found in list_entries(root, picks.is_list):
        if getattr(found, "kind", "") != OTHER and not _why_not_picked(found, picks):
            yield found


def list_entries(root: str, is_list: bool = False) -> Iterator[Medium | Failure]:
    """Lists what `list_media` does, and the files that are no media by their suffix.

    Args:
        root: INPUT.
        is_list: whether it is a text file that lists them.

    Raises:
        UsageError: INPUT does not exist.
    """
    if is_list:
        found = _list_listed(root)
    elif is_uri(root):
        found = _list_remote(root)
    elif os.path.isdir(root):
        found = _list_folder(root)
    elif os.path.lexists(root):
        found = _list_file(root, os.path.basename(root))
    else:
        found = _list_glob(root)
    yield from _refuse_double(map(_refuse_path, found))


def _refuse_path(found: Medium | Failure) -> Medium | Failure:
    """Refuses a name by which a copy would lie elsewhere: of a store's object, or by a glob."""
    if isinstance(found, Failure) or found.kind == OTHER:
        return found
    if not {"", ".", ".."}.isdisjoint(found.name.split("/")):
        reason = "a part of its path is empty, `.` or `..`: rename it, or name its folder as INPUT"
        return list_failure(found.name, "UnsafePath", reason)
    return found


def _refuse_double(listed: Iterable[Medium | Failure]) -> Iterator[Medium | Failure]:
    """Refuses what would have the name of another, since bytes that are not UTF-8 show as `%XX`."""
    names: set[str] = set()
    for found in listed:
        if isinstance(found, Medium) and found.kind != OTHER:
            if found.name in names:
                own = (
                    os.fsencode(found.path).rpartition(b"/")[2].decode("ascii", "backslashreplace")
                )
                reason = f"would be named {found.name}, as another file is: rename one"
                folder = found.name.rpartition("/")[0]
                yield list_failure(f"{folder}/{own}".lstrip("/"), "NameTaken", reason)
                continue
            names.add(found.name)
        yield found


def group_key(group: Iterable[Medium]) -> str:
    """Returns the key of a group of listed media: the same as long as the names are."""
    return digest([medium.name for medium in group])


def group_media(listed: list[Medium]) -> Iterator[tuple[Medium, ...]]:
    """Groups what one worker opens: a video alone, pictures of one folder together.

    Pictures are cut where the hash of a path says, so that a new one moves no other cut.
    """
    group: list[Medium] = []
    for medium in listed:
        if medium.kind == "video":
            yield (medium,)
            continue
        folder = PurePosixPath(medium.name).parent
        if group and (PurePosixPath(group[0].name).parent != folder or len(group) == MAX_PICTURES):
            yield tuple(group)
            group = []
        group.append(medium)
        name_hash = hashlib.sha256(os.fsencode(medium.name)).digest()
        if name_hash[0] % CUT_EVERY == 0:
            yield tuple(group)
            group = []
    if group:
        yield tuple(group)


def medium_of(listed: ListedMedium) -> Medium:
    """Returns a medium as it was listed."""
    path = os.fsdecode(listed.path)
    return Medium(listed.media, path, listed.kind, listed.size, listed.mtime_ns)


def count_parts(listed: list[Medium]) -> int | None:
    """Returns into how many parts the work on media can be cut; None before a video was opened."""
    if any(medium.kind == "video" for medium in listed):
        return None
    return sum(1 for _ in group_media(listed))


def _list_folder(root: str, patterns: Sequence[str] = ()) -> Iterator[Medium | Failure]:
    """Lists a folder and those below it; of its files those that fit the patterns, if any."""
    try:
        for found in walk_folder(root):
            if isinstance(found, Failure):
                yield found
            elif not patterns or matches(found.name.split("/"), patterns):
                yield from _list_file(found.path, found.name)
    except OSError as error:
        raise UsageError(f"INPUT {escape_name(root)}: {_reason(error)}") from error


def _list_file(path: str, name: str) -> Iterator[Medium | Failure]:
    kind = kind_of(name)
    if kind is None:
        yield Medium(escape_name(name), os.path.abspath(path), OTHER, 0, 0)
        return
    try:
        found = os.stat(path)
    except OSError as error:
        yield list_failure(name, "Unreadable", _reason(error))
        return
    if not stat.S_ISREG(found.st_mode):
        yield list_failure(name, "NoFile", "is no file but a device, pipe, socket or folder")
        return
    yield Medium(escape_name(name), os.path.abspath(path), kind, found.st_size, found.st_mtime_ns)


def _list_listed(root: str) -> Iterator[Medium | Failure]:
    """Lists what a text file names, in its order."""
    folder = "" if is_uri(root) else os.path.dirname(os.path.abspath(root))
    for remote, places in groupby(read_list(root), is_uri):
        if not remote:
            for path in places:
                yield from _list_file(path, name_listed(path, folder))
            continue
        for found in find_objects(list(places)):
            if isinstance(found, Medium):
                found = replace(found, kind=kind_of(found.name) or OTHER)
            yield found


def _list_glob(pattern: str) -> Iterator[Medium | Failure]:
    """Lists the files a glob matches; names count from the last folder without a wildcard."""
    import glob

    base = os.path.dirname(
        pattern[: min((i for i, c in enumerate(pattern) if c in "*?["), default=0)]
    )
    patterns = os.path.relpath(pattern, base or ".").split("/")
    if "**" in patterns and os.path.isdir(base or "."):  # `glob` would follow links for ever
        yield from _list_folder(base or ".", patterns)
        return
    found = sorted(glob.glob(pattern, recursive=True), key=os.fsencode)
    if not found:
        raise UsageError(f"INPUT {escape_name(pattern)}: does not exist and matches no file")
    for match in found:
        if not os.path.isdir(match) or os.path.islink(match):
            yield from _list_file(match, os.path.relpath(match, base or "."))


def _list_remote(root: str) -> Iterator[Medium | Failure]:
    from ferbeam.stores.folder import list_objects

    for name, found in list_objects(store_of(root), root):
        if "" in name.split("/"):
            yield list_failure(name, "UnsafePath", "a part of its name is empty: a//b; rename it")
            continue
        ours = SYSTEM_FOLDERS.isdisjoint(name.split("/"))
        kind = kind_of(name) if ours else None
        yield Medium(name, found.uri, kind or OTHER, found.size, found.changed_ns)


def _reason(error: OSError) -> str:
    return f"cannot be listed: {error.strerror or error}"
