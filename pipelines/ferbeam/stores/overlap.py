"""Whether INPUT lies in the folder that is written, or that folder in INPUT, by any spelling."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from fer_core.errors import UsageError
from ferbeam.stores import is_uri

Identity = tuple[int, int]
_WILD = "*?["
_COPIES = ("annotated", "sheets")
"""Folders of OUTPUT that hold pictures and videos."""


def refuse_overlap(source: str, folder: str, what: str, read: str = "INPUT") -> None:
    """Refuses to write into what is read, and to read what is written.

    Args:
        source: what is read: a folder, file, glob or URI.
        folder: what is written.
        what: what the command line calls it.
        read: what the command line calls the source.

    Raises:
        UsageError: one is, or lies inside, the other.
    """
    if is_uri(source) != is_uri(folder):
        return
    inside, around = (_compare_uris if is_uri(source) else _compare_here)(source, folder)
    if inside and around:
        raise UsageError(f"{what} {folder}: is {read} itself; choose another folder")
    if around:
        raise UsageError(f"{what} {folder}: lies inside {read}; choose another folder")
    if inside:
        raise UsageError(f"{what} {folder}: {read} {source} lies inside it; choose another folder")


def refuse_listed(source: str, paths: Iterable[str], folder: str) -> None:
    """Refuses media that lie in OUTPUT, or it beside them, by whatever link they were found.

    Args:
        source: INPUT.
        paths: of its media.
        folder: OUTPUT.

    Raises:
        UsageError: with one such place.
    """
    if is_uri(source) or is_uri(folder):
        return
    places, walked = _Places(), os.path.isdir(source)
    for place in sorted({os.path.dirname(path) for path in paths}):
        if places.lies_in(place, folder) or (walked and places.lies_in(folder, place)):
            raise UsageError(
                f"OUTPUT {folder}: INPUT leads to {place}, and one lies inside the other; "
                "choose another OUTPUT"
            )


def _compare_uris(source: str, folder: str) -> tuple[bool, bool]:
    """Tells whether a source in a store lies in a folder there, and whether it holds the folder."""
    own, other = _parts(folder), _parts(source)
    around = _reaches(other, own) if _is_glob(source) else own[: len(other)] == other
    return other[: len(own)] == own, around


def _compare_here(source: str, folder: str) -> tuple[bool, bool]:
    """Tells whether a source of this machine lies in a folder, and whether it holds the folder."""
    places, fixed = _Places(), _fixed_folder(source)
    if os.path.isdir(source):
        around = places.lies_in(folder, source)
    else:
        around = places.lies_in(folder, fixed) and _glob_reaches(source, folder)
    return places.lies_in(fixed, folder), around


class _Places:
    """Compares folders by what they are and not by how they are spelled."""

    def __init__(self) -> None:
        self._mounts = list(_mounts())
        self._above: dict[str, frozenset[Identity]] = {}

    def lies_in(self, path: str, folder: str) -> bool:
        """Tells whether a path, there or not, is a folder or lies below it."""
        own, other = os.path.realpath(path), os.path.realpath(folder)
        identity = _identity(other)
        if identity is None:
            return f"{own}/".startswith(f"{other}/")
        return identity in self._ancestors(own) or self._is_mounted_in(own, other)

    def _ancestors(self, path: str) -> frozenset[Identity]:
        """Returns what a path and all folders above it are, as far as they are there."""
        if path not in self._above:
            own, parent = _identity(path), os.path.dirname(path)
            above = frozenset[Identity]() if parent == path else self._ancestors(parent)
            self._above[path] = above if own is None else above | {own}
        return self._above[path]

    def _is_mounted_in(self, path: str, folder: str) -> bool:
        """Tells whether a path is another mount of what lies below a folder."""
        own, other = (_place_on_disk(self._mounts, each) for each in (path, folder))
        return other is not None and f"{own}/".startswith(f"{other}/")


def _identity(path: str) -> Identity | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _place_on_disk(mounts: list[tuple[str, str, str]], path: str) -> str | None:
    """Returns where a path lies on its disk: the same for every mount of it; None if not known."""
    best, place = "", None
    for device, root, point in mounts:
        if len(point) >= len(best) and f"{path}/".startswith(point.rstrip("/") + "/"):
            best = point
            place = f"{device}:{root.rstrip('/')}/{path[len(point.rstrip('/')) + 1 :]}"
    return None if place is None else place.rstrip("/")


def _mounts() -> Iterator[tuple[str, str, str]]:
    """Yields device, its folder and where that is mounted, where the system tells (Linux)."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                _, _, device, root, point = line.split(" ", 5)[:5]
                yield device, _unescape(root), _unescape(point)
    except OSError:
        return


def _unescape(text: str) -> str:
    for code in ("\\040", "\\011", "\\012", "\\134"):
        text = text.replace(code, chr(int(code[1:], 8)))
    return text


def _is_glob(source: str) -> bool:
    return any(letter in source for letter in _WILD)


def _fixed_folder(source: str) -> str:
    """Returns the folder itself, that of a file, or the last one of a glob without a wildcard."""
    if os.path.isdir(source):
        return source
    if not os.path.lexists(source):
        wild = [at for at, letter in enumerate(source) if letter in _WILD]
        source = source[: min(wild)] if wild else source
    return os.path.dirname(source) or "."


def _glob_reaches(pattern: str, folder: str) -> bool:
    """Tells whether a glob matches copies in a folder below its own, which need not be there."""
    if os.path.lexists(pattern) or not _is_glob(pattern):
        return False
    steps = os.path.relpath(os.path.realpath(folder), os.path.realpath(_fixed_folder(pattern)))
    wild = min(at for at, letter in enumerate(pattern) if letter in _WILD)
    return _reaches(pattern[pattern.rfind("/", 0, wild) + 1 :].split("/"), steps.split(os.sep))


def _reaches(patterns: list[str], steps: list[str]) -> bool:
    """Tells whether a glob, part by part, matches copies in the OUTPUT that these steps lead to."""
    if patterns and patterns[0] == "**":
        return True
    if not steps:
        return len(patterns) > 1 and any(fnmatchcase(name, patterns[0]) for name in _COPIES)
    return (
        bool(patterns) and fnmatchcase(steps[0], patterns[0]) and _reaches(patterns[1:], steps[1:])
    )


def _parts(uri: str) -> list[str]:
    """Returns scheme, bucket and the parts of a key; slashes too many count for nothing."""
    return [part for part in uri.replace("://", "/").split("/") if part]
