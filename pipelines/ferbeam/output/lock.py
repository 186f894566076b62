"""The lock of an OUTPUT: one command writes into it at a time.

On this machine the system holds it, so that it goes when its owner does, however that ended. On a
store, and on a disk that knows no such locks (some network disks), it is an object or file that is
made only where there is none, and that its owner renews. An owner that slept may find that another
has taken it over: it then changes nothing any more.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import stat
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from fer_core.errors import ForeignError, LockedError
from ferbeam.masking import mask_words
from ferbeam.output.folder import Folder
from ferbeam.output.lost_lock import begin_checks, end_checks
from ferbeam.output.owned_names import LOCK
from ferbeam.output.unwritable import unwritable
from ferbeam.shell_words import join_words
from ferbeam.stores import store_of
from ferbeam.text import printable

RENEW_SECONDS = 30.0
STALE_SECONDS = 120.0
"""A lock of ours that was not renewed for so long has lost its owner."""
_UNSURE_SECONDS = 60.0
"""What was not renewed for so long, and soon is nobody's, is looked at before it is relied on."""
_SETTLE_SECONDS = 1.0
_MOST_BYTES = 16384
_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK


@contextmanager
def locked(output: Folder) -> Iterator[None]:
    """Keeps other commands from writing into OUTPUT within the block.

    Raises:
        LockedError: another one is at it; with its owner, and the way out.
        ForeignError: what lies in the place of the lock is not ours.
        TryLaterError: the disk of OUTPUT is full.
        UsageError: OUTPUT cannot be written.
    """
    held = output.is_local and _system_locks(output)
    with _locked_by_system(output) if held else _locked_by_name(output):
        yield


def _system_locks(output: Folder) -> bool:
    """Tells whether the disk of OUTPUT knows locks that end with their owner; makes OUTPUT."""
    try:
        os.makedirs(output.root, exist_ok=True)
        folder = os.open(output.root, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise unwritable("OUTPUT", output.root, error) from None
    try:
        fcntl.flock(folder, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(folder)
    return True


@contextmanager
def _locked_by_system(output: Folder) -> Iterator[None]:
    path = output.path(LOCK)
    while True:
        file = _open_lock(output, path)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _read_owner(file.read(_MOST_BYTES))
            file.close()
            raise LockedError(
                f"OUTPUT {output.root}: {_name_owner(owner)} is writing into it; wait for it to "
                f"end, or end it: kill {owner.get('pid', 'PID')}"
            ) from None
        if os.path.exists(path) and os.fstat(file.fileno()).st_ino == os.stat(path).st_ino:
            break
        file.close()  # its owner has just removed it
    with file:
        try:
            os.truncate(file.fileno(), 0)
            with suppress(OSError):  # on a full disk the lock has no name
                os.pwrite(file.fileno(), json.dumps(_owner()).encode(), 0)
            yield
        finally:
            os.unlink(path)


def _open_lock(output: Folder, path: str) -> BinaryIO:
    """Opens the file of the lock, made where there is none; never what a link leads to."""
    output.exists(path)
    try:
        file = open(os.open(path, _OPEN, 0o644), "r+b", buffering=0)  # noqa: SIM115
    except OSError as error:
        raise unwritable("OUTPUT", output.root, error) from None
    found = os.fstat(file.fileno())
    text = os.pread(file.fileno(), _MOST_BYTES, 0) if stat.S_ISREG(found.st_mode) else b"?"
    if found.st_nlink > 1 or (text and not _read_owner(text)):
        file.close()
        raise ForeignError(f"{path}: is not the lock that ferbeam leaves there; move it away")
    return file


@contextmanager
def _locked_by_name(output: Folder) -> Iterator[None]:
    path, me = output.path(LOCK), _owner()
    if not _create(output, path, me):
        _take_over(output, path, me)
    ended, renewing = threading.Event(), _Renewing(output, path, me)

    def renew() -> None:
        while not ended.wait(RENEW_SECONDS):
            with suppress(OSError, LockedError):  # the next time will do; who is asked is told
                renewing.renew()

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    begin_checks(output.root, renewing.check)
    try:
        yield
    finally:
        end_checks(output.root)
        ended.set()
        thread.join()
        with suppress(OSError):  # it ends by itself
            if _is_mine(output, path, me):
                output.remove(path)


class _Renewing:
    """Renews a lock of ours, and tells when it is ours no longer.

    Args:
        output: the folder.
        path: of the lock.
        me: what it says of its owner.
    """

    def __init__(self, output: Folder, path: str, me: dict[str, Any]) -> None:
        self._output, self._path, self._me = output, path, me
        self._one_at_a_time = threading.Lock()
        self._renewed = float(me["renewed"])

    def renew(self) -> None:
        """Renews it.

        Raises:
            LockedError: it is another's.
        """
        with self._one_at_a_time:
            now = time.time()
            if not _is_mine(self._output, self._path, self._me):
                self._renewed = 0.0  # whoever asks next is told, too
                owner = _name_owner(_find_owner(self._output, self._path))
                raise LockedError(
                    f"OUTPUT {self._output.root}: {owner} has taken it over, for this command did "
                    "not renew its lock in time, as where its machine slept; it stops, and what "
                    "it has committed is kept"
                )
            data = json.dumps({**self._me, "renewed": now}).encode()
            self._output.write(self._path, data)
            self._renewed = now

    def check(self) -> None:
        """Does nothing as long as the lock was renewed of late, by the clock that others go by.

        Raises:
            LockedError: it is another's.
        """
        if abs(time.time() - self._renewed) > _UNSURE_SECONDS:
            self.renew()


def _is_mine(output: Folder, path: str, me: dict[str, Any]) -> bool:
    """Tells whether a lock is ours: after a sleep of hours, it may be of another by now."""
    return bool(_find_owner(output, path).get("token") == me["token"])


def _find_owner(output: Folder, path: str) -> dict[str, Any]:
    """Reads who holds a lock; nobody where there is none."""
    try:
        return _read_owner(output.read(path))
    except FileNotFoundError:
        return {}


def _take_over(output: Folder, path: str, me: dict[str, Any]) -> None:
    """Makes the lock in place of one without an owner; of two that try at once, one gives way."""
    if _is_mine(output, path, me):
        return  # made, but nobody heard of it, and it was asked for again
    _refuse_unless_stale(output, path)
    with suppress(FileNotFoundError):  # it has just ended
        output.remove(path)
    _create(output, path, me)
    time.sleep(_SETTLE_SECONDS)
    if not _is_mine(output, path, me):
        raise LockedError(f"OUTPUT {output.root}: another ferbeam has just begun to write into it")


def _create(output: Folder, path: str, me: dict[str, Any]) -> bool:
    """Makes the lock where there is none; tells whether it did."""
    data = json.dumps(me).encode()
    if not output.is_local:
        return store_of(path).create(path, data)
    output.exists(path)
    try:
        place = os.open(path, _OPEN | os.O_EXCL, 0o644)
    except FileExistsError:
        return False
    except OSError as error:
        raise unwritable("OUTPUT", output.root, error) from None
    with open(place, "wb") as file:
        file.write(data)
    return True


def _refuse_unless_stale(output: Folder, path: str) -> None:
    """Refuses an OUTPUT whose lock was renewed lately, by an owner that may still be there."""
    held = _find_owner(output, path)
    if (held and not output.is_local) or _is_there(held):
        age = time.time() - held["renewed"]
        if age < STALE_SECONDS:
            raise LockedError(
                f"OUTPUT {output.root}: {_name_owner(held)} is writing into it; wait for it to "
                f"end, or end it. If it is gone, its lock ends in {STALE_SECONDS - age:.0f} s"
            )


def _is_there(owner: dict[str, Any]) -> bool:
    """Tells whether an owner may still run: it does not if it was one of ours and is gone."""
    if not owner or owner.get("system") != _system():
        return bool(owner)
    try:
        os.kill(owner["pid"], 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _system() -> str | None:
    """Returns what all processes share that see each other's numbers; None where it is unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return None


def _owner() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "token": uuid.uuid4().hex,
        "system": _system(),
        "host": socket.gethostname(),
        "command": join_words(mask_words(sys.argv)),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        "renewed": time.time(),
    }


def _read_owner(data: bytes) -> dict[str, Any]:
    """Reads who holds a lock; nothing where that is not what ferbeam writes."""
    try:
        owner = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(owner, dict) or not isinstance(owner.get("pid"), int):
        return {}
    return owner if isinstance(owner.get("renewed"), int | float) else {}


def _name_owner(owner: dict[str, Any]) -> str:
    if not owner:
        return "another ferbeam"
    told = f"process {owner.get('pid')} on {owner.get('host')}, since {owner.get('since')},"
    return printable(told)
