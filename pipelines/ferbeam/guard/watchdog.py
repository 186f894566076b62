"""Ends a worker that hangs: nothing else gets out of a decoder that never returns."""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

WORKER_LOST = 70
"""Exit code of a job that lost a worker: it crashed, was killed, or was ended here."""
CHECK_SECONDS = 0.25
MOST_BYTES = int(float(os.environ.get("FERBEAM_MEMORY_GB", "4")) * (1 << 30))
"""Memory of a worker above which what it reads is taken for a file that asks for too much."""


@dataclass
class _Watched:
    """What a thread is doing, how long its next sign of life may take, and until when."""

    what: str
    limit_s: float
    until: float


_watched: dict[int, _Watched] = {}
_begun: dict[int, int] = {}
_listeners: list[Callable[[int], None]] = []
_lock = threading.Lock()
_watchers: list[threading.Thread] = []


@contextmanager
def guarded(what: str, limit_s: float) -> Iterator[None]:
    """Ends this process if `beat` is not called for so many seconds, or it takes too much memory.

    Costs healthy work nothing: another thread looks now and then. The libraries that decode let go
    of the interpreter while they do.
    """
    with _lock:
        if not _watchers:
            _watchers.append(threading.Thread(target=_watch, daemon=True))
            _watchers[0].start()
    me = threading.get_ident()
    _watched[me] = _Watched(what, limit_s, time.monotonic() + limit_s)
    try:
        yield
    finally:
        del _watched[me]


def beat(at: int = 0) -> None:
    """Gives a sign of life before the next frame, picture or medium is begun: the `at`-th."""
    me = threading.get_ident()
    _begun[me] = at
    watched = _watched.get(me)
    if watched is not None:
        watched.until = time.monotonic() + watched.limit_s
    for listen in _listeners:
        listen(at)


def still_here() -> None:
    """Gives a sign of life where something takes its time that is no decoder: a store."""
    beat(_begun.get(threading.get_ident(), 0))


def on_beat(listen: Callable[[int], None]) -> None:
    """Lets somebody know of every sign of life in this process."""
    _listeners.append(listen)


def _watch() -> None:
    while True:
        time.sleep(CHECK_SECONDS)
        now, too_large = time.monotonic(), _resident_bytes() > MOST_BYTES
        for watched in list(_watched.values()):
            if too_large:
                _end(f"{watched.what}: {say_too_large()}")
            if now > watched.until:
                _end(f"{watched.what}: no sign of life for {watched.limit_s:.0f} s")


def say_too_large() -> str:
    """Says what was too large."""
    return f"took more than {MOST_BYTES / (1 << 30):g} GB of memory (FERBEAM_MEMORY_GB)"


def _end(reason: str) -> None:
    sys.stderr.write(f"WorkerError: {reason}\n")
    sys.stderr.flush()
    os._exit(WORKER_LOST)


def _resident_bytes() -> int:
    """Returns what this process has in memory; where the system does not tell, the most it had."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
