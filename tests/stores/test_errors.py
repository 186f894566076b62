"""What a user sees where a store cannot be had: one clear line, at once, and its exit code."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ferbeam.stores import store_of
from tests.pipelines.jobs import SAMPLES, ferbeam
from tests.stores.servers import Server, start_s3

NOBODY = "http://127.0.0.1:9"
"""Where nobody listens."""


def refused(*arguments: str | Path, code: int = 2) -> str:
    """Runs a command that fails and returns the one line that it prints."""
    done = ferbeam("analyze", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    line: str
    (line,) = done.stderr.splitlines()
    assert line.startswith("ferbeam: ")
    return line


def test_a_bucket_that_does_not_exist(server: Server) -> None:
    nowhere = f"{server.scheme}://nobody/x"
    assert "x/: the bucket does not exist" in refused(nowhere, server.uri("out"))
    pictures = SAMPLES / "composites/happy.png"
    assert "the bucket does not exist" in refused(pictures, nowhere)


class _Refusing(BaseHTTPRequestHandler):
    """Answers every request with 403, as Google does to those who may not."""

    def _answer(self) -> None:
        self.send_response(403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = _answer  # noqa: N815

    def log_message(self, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def refusing() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_store_that_refuses(refusing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", refusing)
    line = refused("gs://media/in", "gs://media/out")
    assert "the store refuses access: check credentials and permissions" in line


def test_keys_that_s3_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    server = start_s3()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    connection = HTTPConnection(server.environment["AWS_ENDPOINT_URL"].partition("//")[2])
    connection.request("POST", "/moto-api/reset-auth", b"0")  # from now on it asks for keys
    assert connection.getresponse().status == 200
    try:
        line = refused(server.uri("in"), server.uri("out"))
        assert "s3://media/" in line
        assert "the store refuses access: check credentials and permissions" in line
    finally:
        connection.request("POST", "/moto-api/reset-auth", b"Infinity")
        connection.close()
        server.stop()


@pytest.mark.parametrize("scheme", ["s3", "gs"])
def test_a_store_that_cannot_be_reached(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", NOBODY)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", NOBODY)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    line = refused(f"{scheme}://media/in", f"{scheme}://media/out", code=75)
    assert "the store cannot be reached: " in line


@pytest.mark.parametrize("running", ["s3"], indirect=True)
def test_a_uri_that_is_no_place(server: Server, tmp_path: Path) -> None:
    run = partial(refused, code=2)
    store_of(server.uri()).write(server.uri("here", "face.png"), b"x")
    assert "s3://BUCKET/... or gs://BUCKET/..." in run("ftp://host/in", server.uri("out"))
    assert f"names no bucket, {server.scheme}://" in run(f"{server.scheme}:///in", str(tmp_path))
    assert "lies inside INPUT" in run(server.uri("here"), server.uri("here", "out"))
    assert "does not exist, or holds nothing" in run(server.uri("none"), server.uri("out"))
