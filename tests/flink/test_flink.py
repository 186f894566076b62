"""The same rows and copies from Flink as from the local runner, also when parts of it die."""

from __future__ import annotations

import itertools
import signal
import time
from pathlib import Path

import av
import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest

from tests.flink.cluster import RunningCluster, kill, start_job, wait_for_spans
from tests.flink.conftest import SETTINGS
from tests.pipelines.jobs import analyze, assert_same_rows, ferbeam
from tests.pipelines.labelled import fill

LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")


def assert_same_copies(one: Path, other: Path) -> None:
    """Checks that all annotated copies decode to the same frames."""
    names = sorted(path.relative_to(one) for path in one.glob("annotated/**/*.*"))
    assert names == sorted(path.relative_to(other) for path in other.glob("annotated/**/*.*"))
    assert names
    for name in names:
        with av.open(str(one / name)) as ours, av.open(str(other / name)) as theirs:
            pairs = itertools.zip_longest(ours.decode(video=0), theirs.decode(video=0))
            for mine, its in pairs:
                assert mine is not None
                assert its is not None
                assert mine.pts == its.pts
                np.testing.assert_array_equal(mine.to_ndarray(), its.to_ndarray(), str(name))


def test_a_cluster_without_a_job_listens_on_loopback_only(cluster: RunningCluster) -> None:
    # While a job runs, Beam's part of the task managers opens ports of its own:
    # see pipelines/README.md.
    listening = [
        connection.laddr
        for process in cluster.processes()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert {cluster.port, cluster.pool_port} <= {address.port for address in listening}
    assert {address.ip for address in listening} <= set(LOOPBACK)


@pytest.mark.parametrize("parallelism", [1, 2, 4])
def test_flink_writes_what_the_local_runner_writes(
    parallelism: int, cluster: RunningCluster, media: Path, local: Path, tmp_path: Path
) -> None:
    run = analyze(media, tmp_path / "out", *SETTINGS, *cluster.options(parallelism), code=3)
    assert run["rows"]["faces"] > 100
    assert_same_rows(tmp_path / "out", local)
    assert_same_copies(tmp_path / "out", local)


def test_a_job_begun_locally_is_finished_on_flink(
    cluster: RunningCluster, media: Path, local: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    job = start_job(media, output, *SETTINGS, "--workers", "2")
    wait_for_spans(job, output, 3)
    job.kill()
    job.communicate()
    begun = {path: path.stat().st_mtime_ns for path in (output / ".spans").glob("*.parquet")}
    total = len(list((local / ".spans").glob("*.parquet")))
    assert 3 <= len(begun) < total
    analyze(media, output, *SETTINGS, *cluster.options(2), code=3)
    assert {path: path.stat().st_mtime_ns for path in begun} == begun
    assert_same_rows(output, local)


@pytest.mark.parametrize("part", ["taskmanager1", "workers"])
def test_a_job_outlives_a_part_that_is_killed(
    part: str, cluster: RunningCluster, media: Path, local: Path, tmp_path: Path
) -> None:
    output, before = tmp_path / "out", cluster.state
    job = start_job(media, output, *SETTINGS, *cluster.options(2))
    wait_for_spans(job, output, 2)
    kill(psutil.Process(before[part]))
    printed = job.communicate(timeout=280)[0]
    assert job.returncode == 3, printed
    assert cluster.failures_of(cluster.jobs()[0]["jid"]) >= 1
    assert cluster.state[part] != before[part]
    assert_same_rows(output, local)
    assert_same_copies(output, local)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL], ids=["interrupt", "kill"])
def test_a_command_that_ends_leaves_no_job_running(
    sign: int, cluster: RunningCluster, media: Path, tmp_path: Path
) -> None:
    job = start_job(media, tmp_path / "out", *SETTINGS, *cluster.options(2))
    wait_for_spans(job, tmp_path / "out", 1)
    newest = cluster.jobs()[0]
    assert newest["state"] == "RUNNING"
    job.send_signal(sign)
    printed = job.communicate(timeout=60)[0]
    assert job.returncode == (130 if sign == signal.SIGINT else -sign), printed
    limit = time.monotonic() + 60
    while cluster.jobs()[0]["state"] != "CANCELED":
        assert cluster.jobs()[0]["jid"] == newest["jid"]
        assert time.monotonic() < limit, str(cluster.jobs()[0])
        time.sleep(0.2)


def test_faces_for_training_are_prepared_as_by_the_local_runner(
    cluster: RunningCluster, tmp_path: Path
) -> None:
    for part in ("train", "valid"):
        fill(tmp_path / "labelled" / part, copies=2)
    for name, options in (("local", ("--workers", "1")), ("flink", cluster.options(2))):
        done = ferbeam("prepare", tmp_path / "labelled", tmp_path / name, *options)
        assert done.returncode == 0, done.stdout + done.stderr
    for part in ("train.parquet", "valid.parquet"):
        local = pq.read_table(tmp_path / "local" / part)
        assert local.num_rows == 14
        assert pq.read_table(tmp_path / "flink" / part).equals(local)
