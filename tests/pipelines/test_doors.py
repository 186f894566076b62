"""A run in progress listens at no port, and what its workers talk through opens to nobody else."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import psutil
import pytest
from apache_beam.portability.api import (
    beam_artifact_api_pb2,
    beam_artifact_api_pb2_grpc,
    beam_fn_api_pb2,
    beam_fn_api_pb2_grpc,
    beam_provision_api_pb2,
    beam_provision_api_pb2_grpc,
    beam_runner_api_pb2,
)

from tests.pipelines.jobs import ROOT, SAMPLES

NOBODY = 65534


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A short path: gRPC names sockets by no more than 107 bytes."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def running(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[psutil.Process]:
    """A local run with two workers that have committed something and have more to do."""
    media, output = tmp_path / "media", tmp_path / "out"
    media.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    for number in range(8):
        shutil.copy(SAMPLES / "videos/two_faces.mp4", media / f"{number}.mp4")
    command = [sys.executable, "-m", "ferbeam.cli", "analyze", str(media), str(output)]
    options = ["--workers", "2", "--span-s", "1"]
    with subprocess.Popen([*command, *options], cwd=ROOT, stdout=subprocess.DEVNULL) as started:
        until = time.monotonic() + 120
        while not list(output.glob(".spans/*.parquet")):
            assert started.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        yield psutil.Process(started.pid)
        assert started.poll() is None, "it was over before it had been looked at"
        started.terminate()


def connections(running: psutil.Process, kind: str) -> list[tuple[psutil.Process, object]]:
    """Lists what the processes of a run are connected to, with the process."""
    processes = [running, *running.children(recursive=True)]
    assert len(processes) == 4, "the command, the job and two workers"
    return [(process, each) for process in processes for each in process.net_connections(kind)]


def socket_of(running: psutil.Process) -> Path:
    """Returns where the socket of the runner lies."""
    found = {
        (process.pid, str(each.laddr))  # type: ignore[attr-defined]
        for process, each in connections(running, "unix")
        if str(each.laddr).endswith("/runner")  # type: ignore[attr-defined]
    }
    ((pid, address),) = found
    return Path(address.replace("/self/", f"/{pid}/")).resolve()


def test_a_run_listens_at_no_port_and_its_socket_opens_to_its_user_alone(
    running: psutil.Process, scratch: Path
) -> None:
    listening = [
        each
        for _, each in connections(running, "inet")
        if each.status == psutil.CONN_LISTEN  # type: ignore[attr-defined]
    ]
    assert not listening
    socket = socket_of(running)
    assert stat.S_ISSOCK(socket.stat().st_mode)
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert socket.parent.stat().st_uid == os.getuid()
    if os.getuid() == 0:  # who else could be somebody else
        scratch.chmod(0o755)  # where it stands it may stand
        assert connect_as_nobody(scratch, socket) == "PermissionError"
    assert refused_services(f"unix:{socket}") == dict.fromkeys(
        ("files", "files of a token", "provision", "log"), grpc.StatusCode.UNIMPLEMENTED
    )


def connect_as_nobody(scratch: Path, socket: Path) -> str:
    """Lets another user, who stands in a folder open to all, try to connect.

    Returns:
        The error that came of it, empty for a connection.
    """
    reached, told = os.pipe()
    child = os.fork()
    if child == 0:
        import socket as sockets

        error = ""
        try:
            os.chdir(scratch)
            os.setuid(NOBODY)
            os.stat(".")
            sockets.socket(sockets.AF_UNIX).connect(str(socket.relative_to(scratch)))
        except OSError as refused:
            error = type(refused).__name__
        os.write(told, error.encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(told)
    with os.fdopen(reached) as answer:
        return answer.read()


def refused_services(address: str) -> dict[str, grpc.StatusCode]:
    """Asks, as the user who runs it, for what Beam's own server would give away."""
    secret = beam_runner_api_pb2.ArtifactInformation(
        type_urn="beam:artifact:type:file:v1",
        type_payload=beam_runner_api_pb2.ArtifactFilePayload(
            path="/etc/passwd"
        ).SerializeToString(),
    )
    with grpc.insecure_channel(address) as channel:
        files = beam_artifact_api_pb2_grpc.ArtifactRetrievalServiceStub(channel)
        provision = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        log = beam_fn_api_pb2_grpc.BeamFnLoggingStub(channel)
        asked: dict[str, Callable[[], object]] = {
            "files": lambda: list(
                files.GetArtifact(beam_artifact_api_pb2.GetArtifactRequest(artifact=secret))
            ),
            "files of a token": lambda: files.ResolveArtifacts(
                beam_artifact_api_pb2.ResolveArtifactsRequest(artifacts=[secret])
            ),
            "provision": lambda: provision.GetProvisionInfo(
                beam_provision_api_pb2.GetProvisionInfoRequest()
            ),
            "log": lambda: list(log.Logging(iter([beam_fn_api_pb2.LogEntry.List()]))),
        }
        got = {}
        for name, ask in asked.items():
            with pytest.raises(grpc.RpcError) as refused:
                ask()
            got[name] = refused.value.code()
    return got
