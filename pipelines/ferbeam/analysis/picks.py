"""Which of the media of INPUT the globs of a run leave out."""

from __future__ import annotations

from fnmatch import fnmatchcase

from ferbeam.settings import Picks
from ferbeam.stores.folder import matches


def why_left_out(picks: Picks, name: str) -> str | None:
    """Returns which option leaves a medium out, None where it is analysed.

    A glob without a slash is held against the name of the file and of each folder that it lies in;
    one with a slash against the whole path below INPUT, where `**` is any number of folders.

    Args:
        picks: what is picked.
        name: of the medium, as the tables have it.
    """
    for pattern in picks.exclude:
        if _fits(name, pattern):
            return f"--exclude {pattern.rstrip('/')}"
    if picks.include and not any(_fits(name, pattern) for pattern in picks.include):
        return "not --include"
    return None


def _fits(name: str, pattern: str) -> bool:
    parts, wanted = name.split("/"), pattern.strip("/").split("/")
    if len(wanted) > 1:
        return matches(parts, wanted) or matches(parts, [*wanted, "**"])
    if pattern.endswith("/"):  # a folder
        parts = parts[:-1]
    return any(fnmatchcase(part, wanted[0]) for part in parts)
