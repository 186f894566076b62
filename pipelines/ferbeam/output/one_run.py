"""Reads what belongs to one finished run, also where others are put in place meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fer_core.errors import TryLaterError
from ferbeam.output.damage import DamageError
from ferbeam.output.folder import Output
from ferbeam.output.run_file import Run, load_run

TRIES = 5
Read = TypeVar("Read")


def read_one_run(
    output: Output, read: Callable[[Run], Read], whole: Callable[[Read], bool] = lambda _: True
) -> Read:
    """Reads what is asked of a finished run, and again where another took its place meanwhile.

    What one run replaces is kept until the next one does, so this takes two in the time of a read.

    Args:
        output: a finished OUTPUT.
        read: reads it, of the run that it is given.
        whole: tells whether what was read is without fault.

    Raises:
        UsageError: it holds no finished run.
        DamageError: it is not as ferbeam wrote it.
        TryLaterError: another run took its place each time.
    """
    run = load_run(output)
    for _ in range(TRIES):
        try:
            found = read(run)
        except DamageError:
            if (now := load_run(output)) == run:
                raise
        else:
            if whole(found) or (now := load_run(output)) == run:
                return found
        run = now
    raise _replaced(output)


def check_run(output: Output, run: Run) -> None:
    """Checks that a run is still the one in place, for who has the lock and reads more of it.

    Raises:
        TryLaterError: it is another.
    """
    if load_run(output) != run:
        raise _replaced(output)


def _replaced(output: Output) -> TryLaterError:
    return TryLaterError(
        f"OUTPUT {output.root}: another run took the place of the one that was read; try again"
    )
