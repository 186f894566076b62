"""The worker pool and the supervisor: what workers lack is told early, what dies comes back."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest

from fer_core.errors import FerError
from fer_core.model import find_model_dir, load_card
from ferbeam.control.pool_check import ask_pool
from ferbeam.deploy import supervisor
from ferbeam.deploy.supervisor import Part, supervise
from ferbeam.deploy.worker_pool import WorkerPool, serve
from ferbeam.runners.flink_server import free_port
from ferbeam.runners.worker_check import WorkerNeeds, describe_problems, installed_versions
from tests.pipelines.jobs import SAMPLES


def needs(**other: Any) -> WorkerNeeds:
    """What an analysis of the samples needs of its workers."""
    plain: dict[str, Any] = {
        "versions": installed_versions(),
        "input": str(SAMPLES),
        "output": str(SAMPLES.parent),
        "model_dir": None,
        "engine": "litert",
        "model_sha256": load_card(find_model_dir()).sha256_for("litert"),
    }
    return WorkerNeeds(**{**plain, **other})


@pytest.fixture(scope="module")
def pool() -> Iterator[str]:
    """The address of a pool that has not started any worker."""
    server, port = serve(WorkerPool(), 0)
    yield f"127.0.0.1:{port}"
    server.stop(None)


def test_a_pool_with_all_that_is_needed_has_no_objection(pool: str) -> None:
    assert ask_pool(pool, needs()) == []


def test_a_pool_with_another_beam_says_so(pool: str) -> None:
    problems = ask_pool(pool, needs(versions={**installed_versions(), "apache-beam": "2.70.0"}))
    here = installed_versions()["apache-beam"]
    assert problems == [f"apache-beam is {here} there and 2.70.0 here; install the same"]


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"input": "/no/media"}, "INPUT /no/media is not there"),
        ({"output": "/no/out"}, "OUTPUT /no/out is not there"),
        ({"model_dir": "/no/model"}, "/no/model: holds no card.json"),
        ({"model_sha256": "0" * 64}, "is another one there"),
        ({"engine": "nothing"}, "engine: 'nothing' is unknown"),
        ({"files": ("/no/yunet.onnx",)}, "/no/yunet.onnx is not there"),
    ],
)
def test_what_a_worker_lacks_is_told(other: dict[str, Any], reason: str) -> None:
    problems = describe_problems(json.loads(json.dumps(needs(**other).to_dict())))
    assert len(problems) == 1
    assert reason in problems[0]


def test_no_pool_is_told() -> None:
    with pytest.raises(FerError, match="does not answer; `make flink-up` starts one"):
        ask_pool(f"127.0.0.1:{free_port()}", needs())


def test_beams_own_pool_is_taken_as_it_is() -> None:
    server = grpc.server(None)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        assert ask_pool(f"127.0.0.1:{port}", needs()) == []
    finally:
        server.stop(None)


def test_the_pool_listens_on_loopback_only(pool: str) -> None:
    port = int(pool.rpartition(":")[2])
    found = psutil.Process().net_connections("inet")
    addresses = {own.laddr.ip for own in found if own.laddr.port == port and not own.raddr}
    assert addresses
    assert addresses <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_two_pools_at_one_port_are_refused(pool: str) -> None:
    with pytest.raises(OSError, match="is taken"):
        serve(WorkerPool(), int(pool.rpartition(":")[2]))


def sleeper(name: str, code: str = "import time; time.sleep(60)") -> Part:
    """A process that does nothing for a minute."""
    return Part(name, [sys.executable, "-S", "-c", code], dict(os.environ))


@pytest.fixture
def safe_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starts parts without code between fork and exec: with gRPC's threads here, that may crash.

    The supervisor's own process has no gRPC.
    """
    monkeypatch.setattr(supervisor, "_end_with_parent", None)


@pytest.mark.usefixtures("safe_fork")
def test_a_part_that_is_killed_comes_back_and_all_end_together(tmp_path: Path) -> None:
    stopped, parts = threading.Event(), [sleeper("one"), sleeper("two")]
    pids: list[dict[str, int]] = []

    def watch() -> bool:
        state = tmp_path / "state.json"
        if state.exists():
            pids.append(json.loads(state.read_text()))
            if len(pids) == 1:
                os.kill(pids[0]["one"], signal.SIGKILL)
            elif pids[-1]["one"] != pids[0]["one"]:
                stopped.set()
        return stopped.is_set()

    supervise(parts, tmp_path, watch)
    assert pids[-1]["two"] == pids[0]["two"]
    assert not any(psutil.pid_exists(pids[-1][name]) for name in ("one", "two"))


@pytest.mark.usefixtures("safe_fork")
def test_a_part_that_cannot_stay_alive_ends_the_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "QUICK_ENDS", 1)
    parts, began = [sleeper("good"), sleeper("bad", "raise SystemExit('no')")], time.monotonic()
    with pytest.raises(ChildProcessError, match=r"bad: ends as soon as it is started; see .*bad"):
        supervise(parts, tmp_path, lambda: time.monotonic() > began + 20)
    assert (tmp_path / "bad.log").read_text() == "no\n"
    assert parts[0].process is not None
    assert parts[0].process.returncode == -signal.SIGTERM
