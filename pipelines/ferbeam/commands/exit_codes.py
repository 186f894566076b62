"""The exit codes of the commands: what whoever started one may do next."""

from __future__ import annotations

import errno

from fer_core.errors import (
    DataError,
    ForeignError,
    ModelError,
    SettingsError,
    TryLaterError,
    UsageError,
)
from ferbeam.guard.away import AWAY
from ferbeam.output.damage import DamageError

DONE, STOPPED, USAGE, SOME_FAILED, TRY_LATER, INTERRUPTED = 0, 1, 2, 3, 75, 130
"""75 is EX_TEMPFAIL of sysexits.h, by which mail systems know that they should try again."""
_LATER = frozenset({errno.ENOSPC, errno.EDQUOT, AWAY})
_NEVER = frozenset(
    {errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENAMETOOLONG}
)
_WRONG = (UsageError, SettingsError, ModelError, DataError, ForeignError, DamageError)


def exit_code_of(error: BaseException) -> int:
    """Returns the exit code of a command that ends with an error."""
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, TryLaterError) or number in _LATER:
        return TRY_LATER
    return USAGE if isinstance(error, _WRONG) or number in _NEVER else STOPPED
