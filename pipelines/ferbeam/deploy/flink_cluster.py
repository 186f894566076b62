"""Starts and stops a Flink cluster with a worker pool on this machine, on loopback only.

`up` starts it in the background and waits until it can take jobs, `down` stops it, `run` stays in
the foreground.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from fer_core.errors import FerError, UsageError
from ferbeam.deploy.flink_config import (
    HOST,
    ClusterPlan,
    job_manager_command,
    task_manager_command,
    write_config,
)
from ferbeam.deploy.supervisor import Part, supervise
from ferbeam.guard.fresh_python import fresh_environment, fresh_python
from ferbeam.runners.flink import ask_cluster, find_java
from ferbeam.runners.flink_server import free_port
from ferbeam.runners.job_process import worker_environment

START_SECONDS = 300.0
STOP_SECONDS = 30.0


def find_flink() -> Path:
    """Returns the folder of Flink's jars in this environment.

    Raises:
        UsageError: they are not installed.
    """
    from importlib.util import find_spec

    spec = find_spec("pyflink")
    if spec is None or not spec.submodule_search_locations:
        raise UsageError("flink: not installed; pip install apache-flink-libraries, or name --home")
    return Path(next(iter(spec.submodule_search_locations)))


def run(plan: ClusterPlan) -> None:
    """Runs the cluster until this process is told to end.

    Raises:
        FerError: the folder is in use, or a part does not stay alive.
    """
    plan.folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(plan.folder)
    if lock is None:
        raise UsageError(f"flink: a cluster runs in {plan.folder} already; `down` stops it")
    stopped: list[int] = []
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda number, _: stopped.append(number))
    write_config(plan)
    try:
        supervise(_parts(plan), plan.folder, lambda: bool(stopped))
    except ChildProcessError as error:
        raise FerError(str(error)) from error
    finally:
        (plan.folder / "state.json").unlink(missing_ok=True)
        lock.close()


def _parts(plan: ClusterPlan) -> list[Part]:
    """Returns the processes of the cluster."""
    plain = dict(os.environ)
    pool = fresh_python("ferbeam.deploy.worker_pool", "--port", str(plan.pool_port))
    task_manager = task_manager_command(plan)
    return [
        Part("jobmanager", job_manager_command(plan), plain),
        *(
            Part(f"taskmanager{number}", task_manager, plain)
            for number in range(1, plan.task_managers + 1)
        ),
        Part("workers", pool, worker_environment()),
    ]


def up(plan: ClusterPlan, arguments: list[str]) -> None:
    """Starts the cluster in the background and waits until it is ready.

    Args:
        plan: the cluster.
        arguments: of the command line, for the process in the background.

    Raises:
        FerError: it does not start.
    """
    find_java()
    plan.folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(plan.folder)
    if lock is None:
        sys.stdout.write(f"a cluster runs in {plan.folder} already\n")
        return
    lock.close()
    log_path = plan.folder / "supervisor.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            fresh_python("ferbeam.deploy.flink_cluster", "run", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=fresh_environment(),
        )
    try:
        _wait_until_ready(plan, process, log_path)
    except BaseException:  # an interrupt, too, leaves nothing half started
        process.terminate()
        raise
    sys.stdout.write(
        f"Flink at {HOST}:{plan.rest_port} with {plan.task_managers * plan.slots} slots, "
        f"worker pool at {HOST}:{plan.pool_port}, logs in {plan.folder}\n"
    )


def _wait_until_ready(plan: ClusterPlan, process: subprocess.Popen[bytes], log: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    while not is_ready(plan):
        if process.poll() is not None or time.monotonic() > limit:
            said = log.read_text(errors="replace").strip().splitlines()
            why = said[-1] if said else f"not ready after {START_SECONDS:.0f} s"
            raise FerError(f"flink: did not start: {why}; logs are in {plan.folder}")
        time.sleep(0.5)


def is_ready(plan: ClusterPlan) -> bool:
    """Tells whether every task manager is registered and the worker pool listens."""
    try:
        cluster = ask_cluster(f"{HOST}:{plan.rest_port}")
        socket.create_connection((HOST, plan.pool_port), timeout=1).close()
    except (FerError, OSError):
        return False
    return cluster.slots >= plan.task_managers * plan.slots


def down(folder: Path) -> None:
    """Stops the cluster of a folder.

    Raises:
        FerError: it does not end.
    """
    lock = _lock(folder) if folder.is_dir() else None
    if lock is not None or not folder.is_dir():
        sys.stdout.write(f"no cluster runs in {folder}\n")
        return
    pid = json.loads((folder / "state.json").read_text(encoding="utf-8"))["supervisor"]
    os.kill(pid, signal.SIGTERM)
    limit = time.monotonic() + STOP_SECONDS
    while (lock := _lock(folder)) is None:
        if time.monotonic() > limit:
            raise FerError(f"flink: process {pid} does not end; see the logs in {folder}")
        time.sleep(0.2)
    lock.close()


def _lock(folder: Path) -> IO[str] | None:
    """Locks the folder of a cluster; None if a cluster runs there."""
    file = (folder / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def main() -> None:
    """Does what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["up", "down", "run"])
    parser.add_argument("--home", type=Path, help="folder of Flink's lib/ and bin/")
    parser.add_argument("--folder", type=Path, default=Path("out/flink"), help="of the logs")
    parser.add_argument("--port", type=int, default=8081, help="where jobs are submitted")
    parser.add_argument("--pool-port", type=int, default=50000, help="of the worker pool")
    options = parser.parse_args()
    folder = options.folder.absolute()
    try:
        if options.action == "down":
            down(folder)
            return
        home = options.home or find_flink()
        plan = ClusterPlan(home.absolute(), folder, options.port, free_port(), options.pool_port)
        run(plan) if options.action == "run" else up(plan, sys.argv[2:])
    except (FerError, OSError) as error:
        sys.stderr.write(f"ferbeam: {error}\n")
        sys.exit(2 if isinstance(error, UsageError) else 1)


if __name__ == "__main__":
    main()
