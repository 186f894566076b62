"""Whether this process still has the locks that it made: asked before anything is put in place."""

from __future__ import annotations

from collections.abc import Callable

_CHECKS: dict[str, Callable[[], None]] = {}


def check_lock(root: str) -> None:
    """Does nothing, unless this process had locked a folder and another command has by now.

    Raises:
        LockedError: so it is, as where the machine has slept for longer than a lock lasts.
        OSError: a store does not tell.
    """
    if root in _CHECKS:
        _CHECKS[root]()


def begin_checks(root: str, check: Callable[[], None]) -> None:
    """Lets a folder be checked from now on; `check` raises LockedError where the lock is lost."""
    _CHECKS[root] = check


def end_checks(root: str) -> None:
    """Ends it."""
    _CHECKS.pop(root, None)
