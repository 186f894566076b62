"""Starting a job: it waits for its order, takes no more workers than it needs, and never hangs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from ferbeam.analysis.elements import Medium
from ferbeam.analysis.list_media import count_parts
from ferbeam.runners.runner import Runner
from tests.pipelines.jobs import ROOT, SAMPLES, ferbeam


def medium(name: str, kind: str = "image") -> Medium:
    """A listed medium."""
    return Medium(name, f"/in/{name}", kind, 1, 0)


def test_pictures_of_two_folders_are_two_parts_and_a_video_may_be_many() -> None:
    pictures = [medium("a/1.png"), medium("a/2.png"), medium("b/1.png")]
    assert count_parts(pictures[:2]) == 1
    assert count_parts(pictures) == 2
    assert count_parts([*pictures, medium("b/2.mp4", "video")]) is None


@pytest.mark.parametrize(("parts", "workers"), [(None, 4), (9, 4), (3, 3), (1, 1), (0, 1)])
def test_no_more_workers_than_parts(parts: int | None, workers: int) -> None:
    options = Runner("local", 4, ("--own=1",)).options(parts)
    mode = "in_memory" if workers == 1 else "multi_processing"
    assert options == [
        "--runner=FnApiRunner",
        f"--direct_num_workers={workers}",
        f"--direct_running_mode={mode}",
        "--own=1",
    ]


def test_other_runners_get_the_options_of_the_user_alone() -> None:
    assert Runner("dataflow", 4, ("--a=1",)).options(1) == ["--runner=DataflowRunner", "--a=1"]


def test_a_job_without_an_order_ends_by_itself() -> None:
    command = [sys.executable, "-m", "ferbeam.job_main", "analyze"]
    done = subprocess.run(command, cwd=ROOT, input="", capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not done.stdout


def running_below(scratch: Path) -> list[psutil.Process]:
    """Lists the processes whose temporary folder is this one, or lies in it."""
    processes = psutil.process_iter(["environ"])
    return [
        process
        for process in processes
        if str(scratch) in (process.info["environ"] or {}).get("TMPDIR", "")
    ]


def test_a_command_that_is_refused_leaves_neither_a_job_nor_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, scratch = tmp_path / "in", tmp_path / "tmp"
    inside.mkdir()
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    (inside / "face.png").write_bytes((SAMPLES / "composites/happy.png").read_bytes())
    refused = ferbeam("analyze", inside, inside / "out")
    assert refused.returncode == 2
    assert "lies inside INPUT" in refused.stderr
    assert not (inside / "out").exists()
    assert not running_below(scratch)
    assert not list(scratch.iterdir())
