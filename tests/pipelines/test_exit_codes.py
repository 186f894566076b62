"""Exit codes that a script can act on, and what a run tells other programs while it goes."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fer_core.errors import (
    DataError,
    FerError,
    ForeignError,
    LockedError,
    ModelError,
    SettingsError,
    TryLaterError,
    UsageError,
)
from ferbeam.commands.exit_codes import exit_code_of
from ferbeam.control.progress_files import describe_metrics
from ferbeam.guard.away import AWAY_WORDS
from ferbeam.guard.watchdog import WORKER_LOST
from ferbeam.output.damage import DamageError
from ferbeam.runners.job_process import Job, WorkerLostError, run_job
from ferbeam.stores.store import UNREACHABLE, StoreError
from tests.pipelines.jobs import ROOT, SAMPLES, ferbeam


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FerError("the job stopped"), 1),
        (OSError(errno.EIO, "a bad disk"), 1),
        (UsageError("x"), 2),
        (SettingsError("other settings"), 2),
        (ModelError("x"), 2),
        (DataError("x"), 2),
        (ForeignError("x"), 2),
        (DamageError("out", "run", "run.json", "x", "y"), 2),
        (FileNotFoundError(errno.ENOENT, "gone"), 2),
        (StoreError("s3://a", "no", "AccessDenied"), 2),
        (StoreError("s3://a", "no", "NoSuchBucket"), 2),
        (LockedError("another command"), 75),
        (TryLaterError("the disk is full"), 75),
        (OSError(errno.ENOSPC, "no space"), 75),
        (StoreError("s3://a", "no answer", UNREACHABLE), 75),
        (StoreError("s3://a", "not now", "SlowDown"), 75),
        (KeyboardInterrupt(), 130),
    ],
)
def test_what_ends_a_command_says_what_may_be_done_next(error: BaseException, code: int) -> None:
    assert exit_code_of(error) == code


@pytest.mark.parametrize(
    ("last_line", "kind"),
    [
        ("OSError: [Errno 28] No space left on device", TryLaterError),
        (f"StoreError: s3://a/b: {AWAY_WORDS}: timed out", TryLaterError),
        ("ValueError: a bug", FerError),
    ],
)
def test_the_log_of_a_job_says_whether_to_try_later(
    last_line: str, kind: type[FerError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Job, "__init__", lambda _: None)
    monkeypatch.setattr(Job, "wait", lambda *_: 1)
    monkeypatch.setattr(Job, "stop", lambda _: None)
    monkeypatch.setattr(Job, "log", lambda _: last_line)
    with pytest.raises(FerError, match="the job stopped: ") as raised:
        run_job(Job(), lambda: None)  # type: ignore[call-arg]
    assert type(raised.value) is kind


@pytest.mark.parametrize(
    "log",
    [
        "WARNING: a word\nWorkerError: a worker ended with SIGKILL\n",
        # Another thread prints what ended it in pieces, and this comes between two of them.
        "Exception in thread WorkerError: a worker ended with SIGKILL\nbeam_control_read:\n",
    ],
)
def test_the_log_of_a_job_says_what_became_of_a_worker(
    log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Job, "__init__", lambda _: None)
    monkeypatch.setattr(Job, "wait", lambda *_: WORKER_LOST)
    monkeypatch.setattr(Job, "stop", lambda _: None)
    monkeypatch.setattr(Job, "log", lambda _: log)
    with pytest.raises(WorkerLostError) as raised:
        run_job(Job(), lambda: None)  # type: ignore[call-arg]
    assert raised.value.lost == "a worker ended with SIGKILL"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """An INPUT with one picture and one that is none."""
    (tmp_path / "in").mkdir()
    shutil.copy(SAMPLES / "pictures/happy.jpg", tmp_path / "in")
    (tmp_path / "in/broken.jpg").write_bytes(b"no picture")
    return tmp_path / "in"


def test_a_run_for_machines(picture: Path, tmp_path: Path) -> None:
    output, metrics = tmp_path / "out", tmp_path / "ferbeam.prom"
    told = ("--log", "json", "--format", "json", "--metrics", metrics, "--overlay", "none")
    done = ferbeam("analyze", picture, output, *told)
    assert done.returncode == 3, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["rows"]["media"], summary["failures_by_stage"]) == (1, {"probe": 1})
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["begin", "end"]
    assert (events[0]["media"], events[-1]["exit_code"]) == (2, 3)
    media = [(event["stage"], event["medium"]) for event in events if event["event"] == "medium"]
    assert [stage for stage, medium in media if medium == "happy.jpg"] == ["opened", "done"]
    assert all(event["time"].endswith("Z") for event in events)
    state = json.loads((output / "progress.json").read_text(encoding="utf-8"))
    assert (state["state"], state["failures"], state["frames"]) == ("done", 1, 1)
    assert state["stages"]["analysing"] == state["stages"]["writing"] == {"done": 1, "of": 1}
    lines = metrics.read_text(encoding="utf-8").splitlines()
    assert {"ferbeam_running 0", "ferbeam_stopped 0", "ferbeam_failures 1"} <= set(lines)
    assert 'ferbeam_stage_done{stage="opening"} 2' in lines
    assert not list(tmp_path.glob("*.tmp"))


def test_quiet_prints_what_stops_it_and_nothing_else(picture: Path, tmp_path: Path) -> None:
    done = ferbeam("analyze", picture, tmp_path / "out", "--quiet", "--overlay", "none")
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")
    wrong = ferbeam("analyze", tmp_path / "none", tmp_path / "out", "--quiet")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    logged = ferbeam("analyze", tmp_path / "none", tmp_path / "out", "--log", "json")
    (line,) = logged.stderr.splitlines()
    end = json.loads(line)
    assert (end["event"], end["exit_code"]) == ("end", 2)
    assert "does not exist" in end["error"]


def test_metrics_of_a_run_that_has_just_begun() -> None:
    assert "ferbeam_running 1\n" in describe_metrics({"state": "running", "media": 7})
    assert "ferbeam_media 7\n" in describe_metrics({"state": "running", "media": 7})


@pytest.mark.parametrize(
    "sign", [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.long)]
)
def test_a_signal_ends_a_run_as_an_interrupt_does(sign: int, picture: Path, tmp_path: Path) -> None:
    scratch, output = tmp_path / "tmp", tmp_path / "out"
    scratch.mkdir()
    shutil.copy(SAMPLES / "videos/one_face.mp4", picture)
    command = [sys.executable, "-m", "ferbeam.cli", "analyze", str(picture), str(output)]
    with subprocess.Popen(
        [*command, "--workers", "2"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not list(output.glob(".spans/plans/*")) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(sign)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "run the same command again" in errors
    assert not list(scratch.iterdir())
    assert not (output / ".lock").exists()
    state = json.loads((output / "progress.json").read_text(encoding="utf-8"))
    assert state["state"] == "stopped"


@pytest.mark.parametrize(("words", "code"), [(["--version"], 0), (["verify", "nowhere"], 2)])
def test_a_command_ends_at_once_and_keeps_what_it_has_printed(words: list[str], code: int) -> None:
    script = "import atexit; from ferbeam.cli import main; atexit.register(print, 'end'); main()"
    command = [sys.executable, "-c", script, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == code
    lines = (done.stdout + done.stderr).splitlines()
    assert len(lines) == 1
    assert lines != ["end"]
