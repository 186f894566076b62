"""Keeps the processes of a cluster alive, and ends them together."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.2
QUICK_SECONDS = 10.0
QUICK_ENDS = 5
END_SECONDS = 10.0


@dataclass
class Part:
    """A process that is to run as long as the cluster does.

    Attributes:
        name: of its log, and in the state.
        command: what starts it.
        environment: its variables.
    """

    name: str
    command: list[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    quick_ends: int = 0

    def ensure_runs(self, folder: Path) -> bool:
        """Starts the process unless it runs; returns whether it did.

        Raises:
            ChildProcessError: it has ended at once several times in a row.
        """
        now = time.monotonic()
        if self.process is not None:
            code = self.process.poll()
            if code is None or now - self.started < 1.0:
                return False
            self.quick_ends = self.quick_ends + 1 if now - self.started < QUICK_SECONDS else 0
            sys.stdout.write(f"{self.name} ended with {code}\n")
            sys.stdout.flush()
        if self.quick_ends >= QUICK_ENDS:
            log = folder / f"{self.name}.log"
            raise ChildProcessError(f"{self.name}: ends as soon as it is started; see {log}")
        with (folder / f"{self.name}.log").open("ab") as log_file:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log_file,
                stderr=subprocess.STDOUT,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        self.started = now
        return True


def _end_with_parent() -> None:
    """Lets the system end this process with the supervisor, however that ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def supervise(parts: list[Part], folder: Path, stopped: Callable[[], bool]) -> None:
    """Keeps the parts running until it is told to stop, then ends them.

    `state.json` in the folder tells the process ids, for tests and for those who look.

    Args:
        parts: in the order in which they start.
        folder: of the logs.
        stopped: tells when to end.

    Raises:
        ChildProcessError: a part does not stay alive.
    """
    try:
        while not stopped():
            started = [part for part in parts if part.ensure_runs(folder)]
            if started:
                _write_state(parts, folder)
            time.sleep(POLL_SECONDS)
    finally:
        _end(parts)


def _write_state(parts: list[Part], folder: Path) -> None:
    state = {part.name: part.process.pid for part in parts if part.process is not None}
    unfinished = folder / "state.json.part"
    unfinished.write_text(json.dumps({"supervisor": os.getpid(), **state}), encoding="utf-8")
    unfinished.replace(folder / "state.json")


def _end(parts: list[Part]) -> None:
    """Ends the processes, those that do not listen by force."""
    running = [part.process for part in parts if part.process is not None]
    for process in running:
        process.terminate()
    limit = time.monotonic() + END_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
