"""A running store for the tests, S3 and Google Cloud Storage in turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ferbeam import stores
from tests.pipelines.jobs import ferbeam
from tests.stores.media import make_folder, make_large
from tests.stores.servers import Server, start_gcs, start_s3

SETTINGS = ("--workers", "2", "--sample-fps", "2")
"""Of all runs whose tables are compared."""


@pytest.fixture(scope="session", params=["s3", "gs"])
def running(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server for the whole session."""
    server = start_s3() if request.param == "s3" else start_gcs()
    yield server
    server.stop()


@pytest.fixture
def server(running: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The server, with an environment that leads to it and none of its requests so far."""
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    stores.forget_clients()
    running.asked.clear()
    yield running
    stores.forget_clients()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An INPUT on this machine."""
    return make_folder(tmp_path_factory.mktemp("media"))


@pytest.fixture(scope="session")
def local(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OUTPUT of a local run."""
    output = tmp_path_factory.mktemp("local") / "out"
    done = ferbeam("analyze", folder, output, *SETTINGS)
    assert done.returncode == 3, done.stdout + done.stderr
    return output


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of many blocks."""
    return make_large(tmp_path_factory.mktemp("large") / "large.mp4")
