"""Puts the files of a finished run in place, so that no reader and no crash meets half of it.

What is to be done is written down first; from then on it is done, by this command or the next one,
whatever has become of INPUT meanwhile: the copies, then the tables, and what is of no use any more.
A file is replaced under its own name, by one rename or PUT, after what it replaces has a second
name, by which whoever has read the old `run.json` still finds it. `run.json` comes last.
"""

from __future__ import annotations

from msgspec import Struct, to_builtins
from msgspec.json import decode

from fer_core.errors import ForeignError, NameRefusedError
from ferbeam.output.checked_files import read_checked
from ferbeam.output.damage import DamageError
from ferbeam.output.folder import Output
from ferbeam.output.lock import locked
from ferbeam.output.place_copies import place_copies
from ferbeam.output.remove_stale import remove_begun, remove_stale
from ferbeam.output.run_file import RUN_FILE, Run, find_run
from ferbeam.output.sweeping import sweep_files
from ferbeam.output.table_parts import KEPT, NEXT, kept_file

PUT = f"{NEXT}/put.json"
MOST_BYTES = 64 * 2**20


class Put(Struct, frozen=True):
    """What is to be put in place.

    Attributes:
        files: where each file goes, and where it lies until then; in this order.
        gone: what is removed.
        before: SHA-256 of what lies now in the places of table files.
        copies: the groups of media, each with the key of its copies, that may have new ones; None
            where copies and reports stay as they are.
    """

    files: dict[str, str]
    gone: list[str]
    before: dict[str, str]
    copies: list[tuple[str, str]] | None = None


def put_in_place(output: Output, put: Put) -> None:
    """Puts files in place; all that it names has to be there.

    Raises:
        FerError: what is not ours has come where a copy is to lie, or the disk refuses its name.
    """
    for name in output.list_files(KEPT):
        output.remove(output.path(name))
    output.write_json(output.path(PUT), to_builtins(put))
    finish_put(output)


def finish_put(output: Output) -> None:
    """Does what is left of what was to be put in place, if anything; for one process at a time.

    Raises:
        FerError: as of `put_in_place`; it is not tried again, and the copies stay aside.
    """
    put = _read_put(output)
    if put is None:
        return
    try:
        run = _find_next(output) if put.copies is not None else None
        if run is not None:
            place_copies(output, run, put.copies or ())
        _put_files(output, put)
        if run is not None:
            remove_stale(output, run)
    except (ForeignError, NameRefusedError, DamageError):
        output.remove(output.path(PUT))
        raise
    remove_begun(output)


def finish_left(output: Output) -> None:
    """Does what a command that was killed has left of what was to be put in place, if anything.

    Raises:
        LockedError: another command is at it.
        FerError: as of `put_in_place`.
    """
    if output.exists(output.path(PUT)):
        with locked(output):
            finish_put(output)


def clear_staged(output: Output) -> None:
    """Removes what was made ready and is not to be put in place any more."""
    sweep_files(output, list(output.list_files(NEXT)))


def _read_put(output: Output) -> Put | None:
    try:
        return decode(read_checked(output, PUT, MOST_BYTES), type=Put)
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return None


def _find_next(output: Output) -> Run | None:
    """Reads the `run.json` that is to be put in place, or is there already."""
    return find_run(output, f"{NEXT}/{RUN_FILE}") or find_run(output)


def _put_files(output: Output, put: Put) -> None:
    for place, checksum in put.before.items():
        _keep(output, put, place, checksum)
    for place, staged in put.files.items():
        if output.exists(output.path(staged)):
            output.move(output.path(staged), output.path(place))
    for place in put.gone:
        if output.exists(output.path(place)):
            output.remove(output.path(place))


def _keep(output: Output, put: Put, place: str, checksum: str) -> None:
    """Gives what is replaced or removed a second name, unless it is replaced already."""
    staged, kept = put.files.get(place), output.path(kept_file(checksum))
    replaced = staged is not None and not output.exists(output.path(staged))
    if not replaced and not output.exists(kept) and output.exists(output.path(place)):
        output.keep(output.path(place), kept)
