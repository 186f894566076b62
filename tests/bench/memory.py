"""Runs a command and watches the memory of each process it starts."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

import psutil

from tests.bench.clips import ROOT

POLL_SECONDS = 0.1


@dataclass
class Watched:
    """What a command took.

    Attributes:
        seconds: wall time.
        processor: seconds of processor time, of all its processes.
        peaks: peak resident memory of each process in MB, by its part in the job.
    """

    seconds: float
    processor: float
    peaks: dict[str, float]


def run_watched(arguments: list[str]) -> Watched:
    """Runs `ferbeam` with arguments to its end.

    Raises:
        RuntimeError: it failed.
    """
    return watch([sys.executable, "-m", "ferbeam.cli", *arguments])


def watch(command: list[str]) -> Watched:
    """Runs a command in the checkout to its end.

    Raises:
        RuntimeError: it failed.
    """
    start, used = time.perf_counter(), _used()
    peaks: dict[tuple[str, int], int] = {}
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    with (
        tempfile.TemporaryFile("w+", errors="replace") as log,
        subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=quiet) as process,
    ):
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            _look(watched, peaks)
            time.sleep(POLL_SECONDS)
        seconds = time.perf_counter() - start
        log.seek(0)
        output = log.read()
    if process.returncode not in (0, 3):
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    return Watched(seconds, _used() - used, _named(peaks))


def _used() -> float:
    """Returns the processor time of all processes that have ended below this one."""
    times = resource.getrusage(resource.RUSAGE_CHILDREN)
    return times.ru_utime + times.ru_stime


def _look(watched: psutil.Process, peaks: dict[tuple[str, int], int]) -> None:
    """Notes the resident memory of the process and of all below it."""
    try:
        processes = [watched, *watched.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in processes:
        try:
            key = _part(process), process.pid
            peaks[key] = max(peaks.get(key, 0), process.memory_info().rss)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue


def _part(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    if "ferbeam.job_main" in command:
        above = process.parent()
        forked = above is not None and "ferbeam.job_main" in " ".join(above.cmdline())
        return "worker" if forked else "job"
    return "worker" if "sdk_worker_main" in command else "command"


def _named(peaks: dict[tuple[str, int], int]) -> dict[str, float]:
    """Names the processes by part and number, leaving out the shells that start workers."""
    named: dict[str, float] = {}
    for (part, _), peak in sorted(peaks.items()):
        if peak < 20e6:
            continue
        number = sum(name.startswith(part) for name in named) + 1
        named[f"{part} {number}" if part == "worker" else part] = peak / 1e6
    return named
