"""How far a run is, for other programs: `progress.json` in OUTPUT, and metrics for Prometheus."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from fer_core.errors import FerError
from ferbeam.output.analysis_folder import PROGRESS_FILE
from ferbeam.output.commit_watch import STORE_SECONDS, CommitWatch
from ferbeam.output.folder import Output
from ferbeam.output.run_file import Run
from ferbeam.query.targets import whole_file

LOCAL_SECONDS = 2.0
"""Between two states that are written."""


class WrittenProgress:
    """Writes down how far a run is, every few seconds.

    Args:
        run_id: names the run.
        seconds: between two states.
        write: is given each, as `progress.json` holds it.
    """

    def __init__(
        self, run_id: str, seconds: float, write: Callable[[dict[str, Any]], None]
    ) -> None:
        self._seconds, self._next, self._write = seconds, 0.0, write
        self._facts: dict[str, Any] = {
            "run_id": run_id,
            "state": "running",
            "started": _now(),
            "host": socket.gethostname(),
            "pid": os.getpid(),
        }
        self._watch: CommitWatch | None = None
        self._media, self._renders = 0, False

    def start(self, watch: CommitWatch, media: int, renders: bool) -> None:
        """Begins; see `Progress`."""
        self._watch, self._media, self._renders = watch, media, renders
        self._write_now()

    def update(self) -> None:
        """Writes, if it is time to."""
        if time.monotonic() >= self._next:
            self._write_now()

    def note(self, line: str) -> None:
        """Keeps the last line that a person should read."""
        self._facts["note"] = line

    def stop(self) -> None:
        """Writes the last state."""
        self._write_now()

    def ended(self, run: Run | None, error: BaseException | None) -> None:
        """Writes what the run came to; of one that never began, nothing."""
        if self._watch is None:
            return
        self._facts["state"] = "done" if error is None else "stopped"
        if run is not None:
            self._facts["failures"] = run.rows["failures"]
        if error is not None:
            self._facts["error"] = str(error) or type(error).__name__
        self._write_now()

    def _write_now(self) -> None:
        self._next = time.monotonic() + self._seconds
        with suppress(OSError, FerError):  # what is only told may not end what is done
            self._write(self._state())

    def _state(self) -> dict[str, Any]:
        facts = {**self._facts, "updated": _now(), "media": self._media}
        if self._watch is not None:
            facts["frames"], facts["faces"] = self._watch.frames, self._watch.faces
            stages = self._watch.stages(self._media, self._renders)
            facts["stages"] = {name: {"done": a, "of": b} for name, (a, b) in stages.items()}
        return facts


def progress_file(output: Output, run_id: str) -> WrittenProgress:
    """Writes `progress.json` of OUTPUT, whole each time."""
    path, seconds = output.path(PROGRESS_FILE), LOCAL_SECONDS if output.is_local else STORE_SECONDS
    return WrittenProgress(run_id, seconds, lambda state: output.write_json(path, state))


def metrics_file(path: str, run_id: str) -> WrittenProgress:
    """Writes a file for the textfile collector of Prometheus' node exporter."""

    def write(state: dict[str, Any]) -> None:
        with whole_file(path) as attempt:
            Path(attempt).write_text(describe_metrics(state), encoding="utf-8")

    return WrittenProgress(run_id, LOCAL_SECONDS, write)


def describe_metrics(state: dict[str, Any]) -> str:
    """Writes a state of `progress.json` in the text format of Prometheus."""
    gauges = {
        "running": ("1 while a run is at it", int(state["state"] == "running")),
        "stopped": ("1 if the last run did not come to its end", int(state["state"] == "stopped")),
        "media": ("media to analyse", state["media"]),
        "frames": ("frames committed by this run", state.get("frames", 0)),
        "faces": ("faces committed by this run", state.get("faces", 0)),
        "failures": ("rows of failures at the end", state.get("failures", 0)),
        "updated_seconds": ("when this was written, since 1970", round(time.time(), 1)),
    }
    lines = []
    for name, (says, value) in gauges.items():
        lines += [f"# HELP ferbeam_{name} {says}", f"# TYPE ferbeam_{name} gauge"]
        lines.append(f"ferbeam_{name} {value}")
    for name in ("done", "of"):
        lines += [f"# TYPE ferbeam_stage_{name} gauge"]
        for stage, counts in state.get("stages", {}).items():
            lines.append(f'ferbeam_stage_{name}{{stage="{stage}"}} {counts[name]}')
    return "\n".join(lines) + "\n"


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
