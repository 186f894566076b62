"""Runs a command and watches the memory of each process it starts."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

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
        parts: seconds of processor time of all processes of a part, a tenth of a second less at
            most for each.
    """

    seconds: float
    processor: float
    peaks: dict[str, float]
    parts: dict[str, float] = field(default_factory=dict)


def run_watched(arguments: list[str], **environment: str) -> Watched:
    """Runs `ferbeam` with arguments to its end, with more in its environment.

    Raises:
        RuntimeError: it failed.
    """
    return watch([sys.executable, "-m", "ferbeam.cli", *arguments], **environment)


def watch(command: list[str], **environment: str) -> Watched:
    """Runs a command in the checkout to its end.

    Raises:
        RuntimeError: it failed.
    """
    start, used = time.perf_counter(), _used()
    peaks: dict[tuple[str, int], int] = {}
    spent: dict[tuple[str, int], float] = {}
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    with (
        tempfile.TemporaryFile("w+", errors="replace") as log,
        subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=quiet) as process,
    ):
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            _look(watched, peaks, spent)
            time.sleep(POLL_SECONDS)
        seconds = time.perf_counter() - start
        log.seek(0)
        output = log.read()
    if process.returncode not in (0, 3):
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    parts: dict[str, float] = {}
    for (part, _), own in spent.items():
        parts[part] = parts.get(part, 0.0) + own
    return Watched(seconds, _used() - used, _named(peaks), dict(parts))


def _used() -> float:
    """Returns the processor time of all processes that have ended below this one."""
    times = resource.getrusage(resource.RUSAGE_CHILDREN)
    return times.ru_utime + times.ru_stime


def _look(
    watched: psutil.Process,
    peaks: dict[tuple[str, int], int],
    spent: dict[tuple[str, int], float],
) -> None:
    """Notes the resident memory and the processor time of the process and of all below it."""
    try:
        processes = [watched, *watched.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in processes:
        try:
            key = _part(process), process.pid
            peaks[key] = max(peaks.get(key, 0), process.memory_info().rss)
            spent[key] = sum(process.cpu_times()[:2])
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue


def _part(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    if process.name() == "java":
        return "job server"
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
        name = f"{part} {number}" if part == "worker" else part
        named[name] = max(peak / 1e6, named.get(name, 0.0))
    return named
