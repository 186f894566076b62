"""A medium that is replaced, or grows, while it is analysed: told, in no table, and redone."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.clips import Clip, make_clip
from tests.pipelines.jobs import ROOT, SAMPLES, analyze, ferbeam, frames_of

SURPRISED = SAMPLES / "pictures/visage étonné.jpg"
OPTIONS = ("--overlay", "cover", "--span-s", "2", "--workers", "1")


def analyze_meanwhile(source: Path, output: Path, sign: str, change: Callable[[], object]) -> str:
    """Analyses, and changes something as soon as a file below `.spans` gives the sign."""
    command = [sys.executable, "-m", "ferbeam.cli", "analyze", str(source), str(output), *OPTIONS]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        while not list((output / ".spans").glob(sign)) and running.poll() is None:
            time.sleep(0.005)
        change()
        told, _ = running.communicate()
    assert running.returncode == 3, told
    return told


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with two pictures and the first part of a recording."""
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(SAMPLES / "pictures/happy.jpg", folder)
    shutil.copy(SURPRISED, folder / "other.jpg")
    whole = make_clip(tmp_path / "whole.ts", Clip(frames=600))
    (folder / "a.ts").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2 // 188 * 188])
    return folder


@pytest.mark.long
def test_a_recording_that_grows_and_a_picture_that_is_replaced(source: Path) -> None:
    output, whole = source.parent / "out", source.parent / "whole.ts"

    def change() -> None:
        with (source / "a.ts").open("r+b") as growing:
            growing.write(whole.read_bytes())
        whole_picture = source.parent / "new.jpg"
        shutil.copy(SURPRISED, whole_picture)
        whole_picture.replace(source / "happy.jpg")  # which is never seen empty

    told = analyze_meanwhile(source, output, "plans/*.json", change)
    tables = frames_of(output)
    assert set(tables["failures"]["media"]) == {"a.ts", "happy.jpg"}
    assert tables["failures"]["message"].str.contains("changed while it was read").all()
    assert "a.ts (probe): changed while it was read, or still grows: run again" in told
    for name in ("media", "frames", "faces"):
        assert set(tables[name]["media"]) == {"other.jpg"}
    assert [path.name for path in (output / "annotated").iterdir()] == ["other.jpg"]
    assert "clean" in ferbeam("verify", output).stdout
    analyze(source, output, *OPTIONS)
    again = frames_of(output)
    assert again["failures"].empty
    frames = again["media"].set_index("media")["frame_count"]
    assert dict(frames) == {"a.ts": 600, "happy.jpg": 1, "other.jpg": 1}
    assert again["faces"].set_index("media")["emotion"]["happy.jpg"] == "surprise"
    assert "clean" in ferbeam("verify", output).stdout


def test_a_video_replaced_once_a_span_is_committed(tmp_path: Path) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    shutil.copy(SAMPLES / "videos/two_faces.mp4", source / "a.mp4")
    shutil.copy(SAMPLES / "videos/one_face.mp4", tmp_path / "other.mp4")
    analyze_meanwhile(
        source, output, "*.parquet", lambda: (tmp_path / "other.mp4").rename(source / "a.mp4")
    )
    assert frames_of(output)["media"].empty
    assert not list((output / "annotated").glob("*"))
    analyze(source, output, *OPTIONS)
    tables = frames_of(output)
    assert tables["failures"].empty
    assert tables["media"]["track_count"].tolist() == [1]
