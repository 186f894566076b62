"""One cluster, one set of media and one local run for all tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flink.cluster import RunningCluster, start_cluster, stop_cluster
from tests.flink.media import make_media
from tests.pipelines.jobs import SAMPLES, analyze

MEDIA = int(os.environ.get("FERBEAM_MEDIA", "24"))
SETTINGS = ("--span-s", "2", "--sample-fps", "5", "--overlay", "emoji")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCluster]:
    """A job manager, two task managers with two slots each, and a worker pool."""
    running = start_cluster(tmp_path_factory.mktemp("flink"))
    yield running
    stop_cluster(running)


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples, a broken one among them, and generated media."""
    folder = tmp_path_factory.mktemp("media")
    for name in ("composites", "pictures", "videos"):
        shutil.copytree(SAMPLES / name, folder / name)
    make_media(folder / "generated", MEDIA)
    return folder


@pytest.fixture(scope="session")
def local(media: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OUTPUT of the local runner."""
    output = tmp_path_factory.mktemp("local") / "out"
    analyze(media, output, *SETTINGS, "--workers", "2", code=3)
    return output
