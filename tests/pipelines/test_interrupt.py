"""An interrupted or killed job leaves nothing running, and goes on from what it committed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import psutil
import pytest

from tests.pipelines.jobs import ROOT, SAMPLES, analyze, assert_same_rows

KILLS = int(os.environ.get("FERBEAM_KILLS", "2"))
pytestmark = pytest.mark.long
OPTIONS = ("--span-s", "2", "--sample-fps", "5", "--workers", "2", "--overlay", "emoji")


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three videos of some seconds, nine spans; and pictures up to 50 media for many kills."""
    folder = tmp_path_factory.mktemp("media")
    for name in ("one_face.mp4", "two_faces.mp4", "portrait.mp4"):
        shutil.copy(SAMPLES / "videos" / name, folder)
    for number in range(47 if KILLS >= 20 else 2):
        (folder / f"{number % 8}").mkdir(exist_ok=True)
        shutil.copy(SAMPLES / "pictures/happy.jpg", folder / f"{number % 8}/{number}.jpg")
    return folder


@pytest.fixture(scope="module")
def undisturbed(media: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of a run that nobody disturbed."""
    output = tmp_path_factory.mktemp("undisturbed")
    analyze(media, output, *OPTIONS)
    return output


def spans_of(output: Path) -> dict[str, int]:
    """Returns the committed spans with their times of change."""
    return {path.name: path.stat().st_mtime_ns for path in (output / ".spans").glob("*.parquet")}


def parts_of(output: Path) -> dict[str, int]:
    """Returns the rendered spans with their numbers of frames."""
    frames = {}
    for path in (output / ".spans").glob("*.mp4"):
        with av.open(str(path)) as part:
            frames[path.name] = part.streams.video[0].frames
    return frames


def break_off(
    media: Path, output: Path, sign: int, commits: int, pattern: str = "*.parquet"
) -> list[psutil.Process]:
    """Starts a job, sends its first process a signal once so many of its files are there.

    Its temporary folder is `tmp` beside OUTPUT.

    Returns:
        The processes that the job had started by then.
    """
    command = [sys.executable, "-m", "ferbeam.cli", "analyze", str(media), str(output), *OPTIONS]
    scratch = output.parent / "tmp"
    scratch.mkdir()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        limit = time.monotonic() + 200
        while len(list((output / ".spans").glob(pattern))) < commits and process.poll() is None:
            assert time.monotonic() < limit
            time.sleep(0.01)
        started: list[psutil.Process] = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(sign)
        _, errors = process.communicate(timeout=60)
    if sign == signal.SIGINT and process.returncode != 0:
        assert process.returncode == 130, errors
        assert "Traceback" not in errors
        assert "analyze and train go on where they stopped" in errors
    return started


def assert_all_end(processes: list[psutil.Process], seconds: float) -> None:
    """Checks that processes end within some seconds."""
    assert processes
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    running = [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]
    assert not running


@pytest.mark.parametrize("turn", range(KILLS))
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_a_broken_off_job_goes_on(
    sign: int, turn: int, media: Path, undisturbed: Path, tmp_path: Path
) -> None:
    total = len(spans_of(undisturbed))
    commits = random.Random(turn).randint(1, total // 2)
    # On a busy machine the workers may finish before the signal is served: then once more.
    for attempt in ("first", "second", "third"):
        output = tmp_path / attempt / "out"
        output.parent.mkdir()
        started = break_off(media, output, sign, commits)
        assert_all_end(started, 10)
        if sign == signal.SIGINT:
            assert not list(output.rglob("tmp-*"))
            assert not list((output.parent / "tmp").iterdir())
        committed = spans_of(output)
        if len(committed) < total:
            break
    assert 0 < len(committed) < total
    analyze(media, output, *OPTIONS)
    again = spans_of(output)
    assert {name: again[name] for name in committed} == committed
    assert set(again) == set(spans_of(undisturbed))
    assert_same_rows(output, undisturbed)
    assert not list(output.rglob("tmp-*"))


@pytest.mark.parametrize("turn", range(KILLS))
def test_a_job_killed_while_it_renders_keeps_what_it_has_rendered(
    turn: int, media: Path, undisturbed: Path, tmp_path: Path
) -> None:
    total = 150 + 153 + 64
    for attempt in ("first", "second", "third"):
        output = tmp_path / attempt / "out"
        output.parent.mkdir()
        assert_all_end(break_off(media, output, signal.SIGKILL, 1 + turn % 4, "*.mp4"), 10)
        kept = sum(parts_of(output).values())
        if kept:
            break
    assert 0 < kept < total
    run = analyze(media, output, *OPTIONS)
    pictures = len(list(media.rglob("*.jpg")))
    assert run["counts"]["render"]["frames"] == total - kept + pictures
    assert_same_rows(output, undisturbed)
    names = {path.name for path in (output / "annotated").iterdir()}
    assert names == {path.name for path in (undisturbed / "annotated").iterdir()}
    assert not list(output.rglob("tmp-*"))
    assert not parts_of(output)


@pytest.mark.skipif(sys.platform != "linux", reason="only there are workers forked")
@pytest.mark.parametrize("turn", range(KILLS))
def test_a_job_outlives_a_killed_worker(
    turn: int, media: Path, undisturbed: Path, tmp_path: Path
) -> None:
    dice = random.Random(turn)
    output = tmp_path / "out"
    command = [sys.executable, "-m", "ferbeam.cli", "analyze", str(media), str(output), *OPTIONS]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        while not list(output.glob(".spans/plans/*")):
            assert process.poll() is None
            time.sleep(0.01)
        job = psutil.Process(process.pid).children()[0]
        workers = job.children()
        assert len(workers) == 2
        time.sleep(dice.uniform(0, 1))
        dice.choice(workers).kill()
        psutil.wait_procs([job], timeout=10)
        before = spans_of(output)
        begun = {path.name for path in output.glob(".spans/started/*")}
        _, shown = process.communicate(timeout=200)
    assert process.returncode == 0, shown
    assert "a worker ended with SIGKILL; memory may have run out; going on" in shown
    again = spans_of(output)
    assert {name: again[name] for name in before} == before
    assert len(begun) <= 2  # what each worker was at is done twice, and nothing else
    assert_same_rows(output, undisturbed)
    assert not list(output.rglob("tmp-*"))
    assert not list(output.glob(".spans/started/*"))
