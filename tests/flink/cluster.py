"""A Flink cluster for the tests: at ports of its own, started once and stopped at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from ferbeam.runners.flink import _request
from ferbeam.runners.flink_server import free_port
from tests.pipelines.jobs import ROOT

END_SECONDS = 60.0


@dataclass(frozen=True)
class RunningCluster:
    """A cluster of the tests.

    Attributes:
        folder: of its logs and its state.
        port: where jobs are submitted.
        pool_port: of the worker pool.
        jar: of the job server.
    """

    folder: Path
    port: int
    pool_port: int
    jar: str

    @property
    def state(self) -> dict[str, int]:
        """Process ids by the names of the parts."""
        found: dict[str, int] = json.loads((self.folder / "state.json").read_text())
        return found

    def options(self, parallelism: int, *more: str) -> list[str]:
        """Returns what makes `ferbeam analyze` run here."""
        beam = [
            f"--flink_master=localhost:{self.port}",
            f"--environment_config=localhost:{self.pool_port}",
            f"--flink_job_server_jar={self.jar}",
            f"--parallelism={parallelism}",
        ]
        return ["--runner", "flink", *more, "--", *beam]

    def jobs(self) -> list[dict[str, Any]]:
        """Returns the jobs that the cluster knows, the newest first."""
        found = _request(f"localhost:{self.port}", "jobs/overview")["jobs"]
        return sorted(found, key=lambda job: -int(job["start-time"]))

    def failures_of(self, job: str) -> int:
        """Returns how often a job has failed and begun again."""
        history = _request(f"localhost:{self.port}", f"jobs/{job}/exceptions")["exceptionHistory"]
        return len(history["entries"])

    def processes(self) -> list[psutil.Process]:
        """Returns every process of the cluster."""
        first = psutil.Process(self.state["supervisor"])
        return [first, *first.children(recursive=True)]


def cluster_command(action: str, folder: Path, ports: Sequence[int] = ()) -> list[str]:
    """Returns the command line that starts or stops a cluster."""
    home = os.environ.get("FERBEAM_FLINK_HOME")
    assert home, "FERBEAM_FLINK_HOME is not set: use `make test-flink`"
    command = [sys.executable, "-m", "ferbeam.deploy.flink_cluster", action]
    command += ["--folder", str(folder), "--home", home]
    return command + [
        text
        for name, port in zip(("--port", "--pool-port"), ports, strict=False)
        for text in (name, str(port))
    ]


def start_cluster(folder: Path) -> RunningCluster:
    """Starts a cluster at free ports and waits until it is ready."""
    jar = os.environ.get("FERBEAM_FLINK_JAR")
    assert jar, "FERBEAM_FLINK_JAR is not set: use `make test-flink`"
    ports = (free_port(), free_port())
    done = subprocess.run(
        cluster_command("up", folder, ports), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return RunningCluster(folder, *ports, jar)


def stop_cluster(cluster: RunningCluster) -> None:
    """Stops a cluster and checks that nothing of it is left."""
    processes = cluster.processes()
    subprocess.run(cluster_command("down", cluster.folder), cwd=ROOT, check=True)
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert not alive


def start_job(source: Path, output: Path, *options: str) -> subprocess.Popen[str]:
    """Starts `ferbeam analyze` and does not wait for it."""
    return subprocess.Popen(
        [sys.executable, "-m", "ferbeam.cli", "analyze", str(source), str(output), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for_spans(job: subprocess.Popen[str], output: Path, count: int) -> None:
    """Waits until a job has committed so many spans."""
    limit = time.monotonic() + 240
    while len(list((output / ".spans").glob("*.parquet"))) < count:
        assert job.poll() is None, job.communicate()[0]
        assert time.monotonic() < limit, "no progress"
        time.sleep(0.02)


def kill(process: psutil.Process) -> None:
    """Kills a process and all that it has started, as a machine that goes does."""
    family = [process, *process.children(recursive=True)]
    for member in family:
        member.send_signal(signal.SIGKILL)
    psutil.wait_procs(family, timeout=END_SECONDS)
