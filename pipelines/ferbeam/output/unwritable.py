"""What is said where a folder cannot be written: it never can, or there is no room just now."""

from __future__ import annotations

import errno

from fer_core.errors import FerError, TryLaterError, UsageError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Numbers of errors that say that a disk, or what may lie on it, is full."""


def unwritable(what: str, root: str, error: OSError) -> FerError:
    """Returns the error of a folder that cannot be written.

    Args:
        what: what the command line calls the folder.
        root: the folder.
        error: what the system says.
    """
    kind = TryLaterError if error.errno in FULL else UsageError
    taken = isinstance(error, FileExistsError)
    reason = "it is a file, and no folder" if taken else error.strerror or error
    return kind(f"{what} {root}: cannot be written: {reason}")
