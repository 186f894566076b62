"""Which Beam runner a job goes to, with which options, and in which process."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from typing import IO, Any

from fer_core.errors import FerError, TryLaterError
from ferbeam.guard.away import AWAY_WORDS
from ferbeam.guard.fresh_python import fresh_environment, fresh_python
from ferbeam.guard.scratch import Scratch
from ferbeam.guard.watchdog import WORKER_LOST
from ferbeam.masking import mask_text
from ferbeam.runners.flink import explain_failure

POLL_SECONDS = 0.25
FULL = "the disk is full; free some space"


class Job:
    """A pipeline that runs in a process group of its own.

    The command that shows the progress never imports Beam, and can end everything that the
    runner has started at once: committed spans are kept, so nothing but the current ones is lost.

    It starts at once, for importing Beam takes 2 s, in which the command lists INPUT and claims
    OUTPUT; it does nothing before it has its order. It ends with the `with` block.

    Args:
        name: the job, `analyze` or `prepare`.

    Attributes:
        began: when it was started, in seconds since 1970.
        ordered: when it got its order.
    """

    def __init__(self, name: str) -> None:
        self.began = self.ordered = time.time()
        self._stopped = False
        self._log: IO[str] = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        # Beam leaves folders behind where it is ended; here they go with this one.
        self._scratch = Scratch()
        try:
            self._process = self._start(name)
        except BaseException:  # an interrupt, too: nobody else knows the folder
            self._scratch.remove()
            raise

    def _start(self, name: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            fresh_python("ferbeam.job_main", name),
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            env={**worker_environment(), "TMPDIR": self._scratch.path},
            text=True,
            errors="surrogateescape",
        )

    def __enter__(self) -> Job:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def order(self, settings: dict[str, Any], options: list[str]) -> None:
        """Says what is to be done.

        Args:
            settings: the job's settings, as plain values.
            options: Beam options.
        """
        self.ordered = time.time()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has failed already: `wait` will tell
            self._process.stdin.write(json.dumps({"settings": settings, "options": options}) + "\n")
            # Left open on purpose: the job ends itself when this end closes, however this one ends.
            self._process.stdin.flush()

    def wait(self, timeout: float) -> int | None:
        """Waits up to `timeout` seconds; returns the exit code, None while it runs."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """Ends the job and every process it has started."""
        if self._stopped:
            return
        self._stopped = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._scratch.remove()

    def log(self) -> str:
        """Returns what the job has printed."""
        self._log.seek(0)
        return self._log.read()


def run_job(job: Job, update: Callable[[], None]) -> None:
    """Waits for a job to end; however this ends, nothing of the job is left running.

    Args:
        job: the job.
        update: is called while it runs, to show how far it is.

    Raises:
        WorkerLostError: a worker, or the job, crashed, hung or was killed.
        TryLaterError: the disk is full, or a store cannot be reached.
        FerError: the job failed; with the reason that its log gives.
    """
    try:
        while (code := job.wait(POLL_SECONDS)) is None:
            update()
    finally:
        job.stop()
    if code < 0:
        raise WorkerLostError(f"the job was ended by {signal.Signals(-code).name}")
    if code == WORKER_LOST:
        raise WorkerLostError(_say_lost(job.log()))
    if code != 0:
        cause = mask_text(_cause(job.log()))
        later = cause == FULL or AWAY_WORDS in cause
        kind = TryLaterError if later else FerError
        raise kind(f"the job stopped: {cause}; run the same command again")


class WorkerLostError(FerError):
    """A worker ended without a word: a decoder crashed or hung, or somebody killed it.

    Attributes:
        lost: what happened, in a few words.
    """

    def __init__(self, lost: str) -> None:
        super().__init__(f"the job stopped: {lost}; run the same command again")
        self.lost = lost


def _cause(log: str) -> str:
    """Finds in the log of a failed job the line that says why it failed."""
    whole = re.sub(r"(Error: .*:)\s*\n\s*", r"\1 ", log)  # what goes on in the next line
    lines = [line.strip() for line in whole.splitlines() if line.strip()]
    causes = [line for line in lines if _names_error(line)]
    cause = (causes or lines or ["no reason given"])[-1].partition(" [while running")[0]
    full = any(f"[Errno {number}]" in cause for number in (errno.ENOSPC, errno.EDQUOT))
    return FULL if full else explain_failure(cause)


def _say_lost(log: str) -> str:
    """Finds in the log of a job what became of its worker.

    Not only where a line begins: another thread may have begun one, which it prints in pieces.
    """
    said = re.search("WorkerError: (.*)", log)
    return said[1] if said else "a worker ended"


def _names_error(line: str) -> bool:
    name = line.partition(":")[0].rpartition(".")[2]
    return name.isidentifier() and name.endswith(("Error", "Exception", "Interrupt"))


def worker_environment() -> dict[str, str]:
    """One thread per worker, quiet libraries, and nothing imported from the working folder."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "GRPC_VERBOSITY": "ERROR", "PYTHONUNBUFFERED": "1"}
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OPENCV_FOR_THREADS_NUM": "1"}
    return {**fresh_environment(), **quiet, **single}
