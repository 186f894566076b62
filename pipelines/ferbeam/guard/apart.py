"""Marks what is begun, and does apart, in a process of its own, what a worker has died of."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from typing import Any

from fer_core.errors import FerError, MediaError
from ferbeam.guard.fresh_python import fresh_environment, fresh_python
from ferbeam.guard.watchdog import WORKER_LOST, say_too_large

STALL_SECONDS = float(os.environ.get("FERBEAM_STALL_S", "60"))
"""How long one frame, picture or medium may take before its decoder is taken for hung."""

START_SECONDS = 60.0
"""How long a process may take to start, on a machine that has much else to do."""


class CrashError(MediaError):
    """A decoder that ended the process it ran in, or hung.

    Attributes:
        at: what it was reading, as `beat` counts.
    """

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(f"{reason}; convert the file to another format, or leave it out")
        self.at = at


class RaisedError(Exception):
    """What was raised in a process of its own.

    Attributes:
        error: what was raised there.
        at: what it was reading, as `beat` counts.
    """

    def __init__(self, error: Exception, at: int) -> None:
        super().__init__(str(error))
        self.error, self.at = error, at


def run_apart(
    work: Callable[..., Iterator[Any]], *args: Any, limit_s: float = STALL_SECONDS
) -> Iterator[Any]:
    """Does work in a process of its own; one that was killed from outside gets a second chance.

    Args:
        work: a function of a module; it calls `beat` before each thing it reads.
        args: its arguments; pickled, as are its results.
        limit_s: how long it may give no sign of life.

    Yields:
        What the work yields.

    Raises:
        CrashError: the process ended, or gave no sign of life for `limit_s`.
        RaisedError: the work raised something.
    """
    begun = False
    try:
        for result in _run_apart(work, args, limit_s):
            begun = True
            yield result
        return
    except _KilledError:
        if begun:
            raise
    yield from _run_apart(work, args, limit_s)


def run_without_lost(
    work: Callable[..., Iterator[Any]],
    *args: Any,
    names: Sequence[str],
    lost: dict[str, str],
    blame: Callable[[int, Exception], str],
    limit_s: float = STALL_SECONDS,
) -> list[Any]:
    """Does work on several media apart, anew without each that ended its process or raised.

    Args:
        work: as of `run_apart`; its last argument are the media to leave out, and why.
        args: its other arguments.
        names: of the media, as `beat` counts them.
        lost: filled with those media, and why.
        blame: says why a medium, as `beat` counts them, is at fault for what was raised.
        limit_s: how long it may give no sign of life.

    Raises:
        CrashError: a medium that was to be left out ended the process.
        RaisedError: the same, or raised.
    """
    while True:
        try:
            return list(run_apart(work, *args, lost, limit_s=limit_s))
        except (CrashError, RaisedError) as ended:
            name = names[ended.at]
            if name in lost:
                raise
            if isinstance(ended, RaisedError):
                lost[name] = blame(ended.at, ended.error)
            else:
                lost[name] = str(ended)


class _KilledError(CrashError):
    """The process got SIGKILL: memory ran out, or somebody ended it."""


def _run_apart(
    work: Callable[..., Iterator[Any]], args: tuple[Any, ...], limit_s: float
) -> Iterator[Any]:
    ours, theirs = Pipe()
    command = fresh_python("ferbeam.guard.apart_main", str(theirs.fileno()))
    process = subprocess.Popen(
        command,
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        env=fresh_environment(),
    )
    theirs.close()
    try:
        with suppress(BrokenPipeError):  # it has ended already: reading tells
            ours.send((work, args))
        yield from _receive(ours, process, limit_s)
    finally:
        process.kill()
        process.wait()
        ours.close()


def _receive(ours: Connection, process: subprocess.Popen[bytes], limit_s: float) -> Iterator[Any]:
    """Yields what the process sends until it says that it is done."""
    at: int | None = None
    while True:
        try:
            if not ours.poll(limit_s if at is not None else max(limit_s, START_SECONDS)):
                raise CrashError(f"its decoder hung for {limit_s:g} s", at or 0)
            kind, value = ours.recv()
        except (EOFError, ConnectionResetError):
            code = process.wait()
            if at is None:
                raise FerError(f"a process for reading apart ended at once, with {code}") from None
            killed = code == -signal.SIGKILL
            raise (_KilledError if killed else CrashError)(_reason(code), at) from None
        if kind == "done":
            return
        if kind == "error":
            raise RaisedError(value, at or 0) from value
        if kind == "result":
            yield value
        else:
            at = value


def _reason(code: int) -> str:
    if code == -signal.SIGKILL:
        return "reading it was killed twice, perhaps because memory ran out"
    if code == WORKER_LOST:  # it may be silent, since this process listens
        return f"reading it {say_too_large()}"
    if code < 0:
        return f"its decoder crashed with {signal.Signals(-code).name}"
    return f"its decoder ended its process with {code}"
