"""The lock of an OUTPUT on this machine: one command writes at a time, on any disk."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fer_core.errors import ForeignError, LockedError, SettingsError
from ferbeam.commands.exit_codes import exit_code_of
from ferbeam.output import lock
from ferbeam.output.folder import Output
from ferbeam.output.lock import locked
from ferbeam.output.lost_lock import check_lock
from tests.pipelines.theirs import put, tree_of


@pytest.fixture
def without_flock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that knows no locks, as some network disks."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(fcntl, "flock", refuse)
    monkeypatch.setattr(lock, "_SETTLE_SECONDS", 0.05)


@pytest.mark.usefixtures("without_flock")
def test_without_system_locks_one_command_at_a_time_writes(claimed: Output) -> None:
    path = Path(claimed.path(".lock"))
    with locked(claimed):
        with pytest.raises(SettingsError, match="is writing into it"), locked(claimed):
            pass
        held = json.loads(path.read_text())
    assert not path.exists()
    ended = subprocess.Popen(["true"])
    ended.wait()
    path.write_text(json.dumps({**held, "pid": ended.pid}))  # of a command that was killed
    with locked(claimed):
        assert json.loads(path.read_text())["pid"] == os.getpid()
    path.write_text(json.dumps({**held, "system": "another machine"}))
    with pytest.raises(SettingsError, match="its lock ends in"), locked(claimed):
        pass
    path.write_text(json.dumps({**held, "system": "another machine", "renewed": 0}))
    with locked(claimed):
        pass


@pytest.mark.usefixtures("without_flock")
def test_of_two_that_take_over_a_lock_one_gives_way(
    claimed: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(claimed.path(".lock"))
    old = {"pid": 1, "host": "gone", "renewed": 0, "token": "old"}
    path.write_text(json.dumps(old))
    monkeypatch.setattr(time, "sleep", lambda _: path.write_text(json.dumps(old)))
    with pytest.raises(SettingsError, match="has just begun to write"), locked(claimed):
        pass


def test_a_hard_link_in_place_of_the_lock_is_left_alone(claimed: Output, tmp_path: Path) -> None:
    put(tmp_path, "file")
    os.link(tmp_path / "file", claimed.path(".lock"))
    with pytest.raises(ForeignError, match="not the lock that ferbeam leaves"), locked(claimed):
        pass
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.usefixtures("without_flock")
def test_a_lock_is_renewed_though_its_disk_is_away_for_a_moment(
    claimed: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried, renewed, whole = [], threading.Event(), Output.write

    def write(output: Output, path: str, data: bytes) -> None:
        tried.append(path)
        if len(tried) < 3:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        whole(output, path, data)
        renewed.set()

    monkeypatch.setattr(Output, "write", write)
    monkeypatch.setattr(lock, "RENEW_SECONDS", 0.01)
    with locked(claimed):
        assert renewed.wait(30)


@pytest.mark.usefixtures("without_flock")
def test_a_lock_that_another_took_over_meanwhile_is_left_to_it(
    claimed: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "RENEW_SECONDS", 0.2)
    path = Path(claimed.path(".lock"))
    with locked(claimed):
        other = json.dumps({**json.loads(path.read_text()), "token": "other"})
        claimed.write(str(path), other.encode())
        time.sleep(0.5)
    assert path.read_text() == other


@pytest.mark.usefixtures("without_flock")
def test_who_slept_until_another_took_the_lock_over_changes_nothing_any_more(
    claimed: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, clock = Path(claimed.path(".lock")), time.time
    with locked(claimed):
        claimed.write(claimed.path("run.json"), b"before")
        held = json.loads(path.read_text())
        monkeypatch.setattr(time, "time", lambda: clock() + 300)
        claimed.write(claimed.path("run.json"), b"slept")  # and nobody came: it is renewed
        assert json.loads(path.read_text())["renewed"] > held["renewed"] + 200
        other = json.dumps({**held, "token": "other", "pid": 12345})
        path.write_text(other)
        claimed.write(claimed.path("run.json"), b"renewed just now")
        monkeypatch.setattr(time, "time", lambda: clock() + 600)
        before = tree_of(Path(claimed.root))
        changes: tuple[Callable[[], None], ...] = (
            lambda: claimed.write(claimed.path("run.json"), b"after"),
            lambda: claimed.move(claimed.path("run.json"), claimed.path("media/a.parquet")),
            lambda: claimed.remove(claimed.path("run.json")),
            lambda: check_lock(claimed.root),
        )
        for change in changes:
            with pytest.raises(LockedError, match=r"process 12345 .* has taken it over") as ended:
                change()
        assert exit_code_of(ended.value) == 75
        assert tree_of(Path(claimed.root)) == before
    assert path.read_text() == other
    check_lock(claimed.root)


@pytest.mark.usefixtures("without_flock")
def test_a_lock_that_is_made_twice_for_one_command_is_its_own(
    claimed: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = lock._create
    # As a client that asks again, for it did not hear that the first time had done it.
    monkeypatch.setattr(lock, "_create", lambda *told: make(*told) and make(*told))
    with locked(claimed):
        pass
    assert not Path(claimed.path(".lock")).exists()


@pytest.mark.parametrize("data", [b"[" * 16000, b"{}", b"\xff"])
def test_what_is_no_lock_of_ours_is_said_so(data: bytes, claimed: Output) -> None:
    Path(claimed.path(".lock")).write_bytes(data)
    with pytest.raises(ForeignError, match="not the lock that ferbeam leaves"), locked(claimed):
        pass


@pytest.mark.usefixtures("without_flock")
def test_a_lock_that_ends_while_it_is_asked_for_is_no_error(
    claimed: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, asked = lock._create, []

    def create(output: Output, path: str, me: dict[str, Any]) -> bool:
        asked.append(path)  # the first time it is there, and gone when its owner is looked for
        return len(asked) > 1 and make(output, path, me)

    monkeypatch.setattr(lock, "_create", create)
    with locked(claimed):
        assert len(asked) == 2
