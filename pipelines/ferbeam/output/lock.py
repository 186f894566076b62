"""The lock of an OUTPUT: one command writes into it at a time.

On this machine the system holds it, so that it goes when its owner does, however that ended. On a
store it is an object that is made only where there is none, and that its owner renews.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TextIO

from fer_core.errors import FerError, SettingsError
from ferbeam.masking import mask_words
from ferbeam.output.folder import Output
from ferbeam.shell_words import join_words
from ferbeam.stores import store_of

LOCK_FILE = ".lock"
RENEW_SECONDS = 30.0
STALE_SECONDS = 120.0
"""A lock on a store that was not renewed for so long has lost its owner."""


@contextmanager
def locked(output: Output) -> Iterator[None]:
    """Keeps other commands from writing into OUTPUT within the block.

    Raises:
        SettingsError: another one is at it; with its owner, and the way out.
        FerError: OUTPUT cannot be written.
    """
    with _locked_here(output) if output.is_local else _locked_on_store(output):
        yield


@contextmanager
def _locked_here(output: Output) -> Iterator[None]:
    import fcntl

    path = output.path(LOCK_FILE)
    while True:
        file = _open_lock(output, path)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            owner = _read_owner(file.read())
            file.close()
            raise SettingsError(
                f"OUTPUT {output.root}: {_name_owner(owner)} is writing into it; wait for it to "
                f"end, or end it: kill {owner.get('pid', 'PID')}"
            ) from None
        if os.path.exists(path) and os.fstat(file.fileno()).st_ino == os.stat(path).st_ino:
            break
        file.close()  # its owner has just removed it
    with file:
        try:
            file.truncate(0)
            with suppress(OSError):  # on a full disk the lock has no name
                os.write(file.fileno(), json.dumps(_owner()).encode())
            yield
        finally:
            os.unlink(path)


def _open_lock(output: Output, path: str) -> TextIO:
    try:
        os.makedirs(output.root, exist_ok=True)
        return open(path, "a+", encoding="utf-8")
    except OSError as error:
        reason = error.strerror or error
        raise FerError(f"OUTPUT {output.root}: cannot be written: {reason}") from None


@contextmanager
def _locked_on_store(output: Output) -> Iterator[None]:
    path, me = output.path(LOCK_FILE), _owner()
    create = partial(store_of(path).create, path, json.dumps(me).encode())
    if not create():
        _refuse_unless_stale(output, path)
        output.remove(path)
        if not create():
            _refuse_unless_stale(output, path)
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(RENEW_SECONDS):
            output.write(path, json.dumps({**me, "renewed": time.time()}).encode())

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        output.remove(path)


def _refuse_unless_stale(output: Output, path: str) -> None:
    """Refuses an OUTPUT on a store whose lock was renewed lately."""
    held = _read_owner(output.read(path).decode()) if output.exists(path) else {}
    age = time.time() - held.get("renewed", 0)
    if held and age < STALE_SECONDS:
        raise SettingsError(
            f"OUTPUT {output.root}: {_name_owner(held)} is writing into it; wait for it to end, or "
            f"end it. If it is gone already, its lock ends in {STALE_SECONDS - age:.0f} s"
        )


def _owner() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "command": join_words(mask_words(sys.argv)),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        "renewed": time.time(),
    }


def _read_owner(text: str) -> dict[str, Any]:
    try:
        owner = json.loads(text)
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) else {}


def _name_owner(owner: dict[str, Any]) -> str:
    if not owner:
        return "another ferbeam"
    return f"process {owner.get('pid')} on {owner.get('host')}, since {owner.get('since')},"
