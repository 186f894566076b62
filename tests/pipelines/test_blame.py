"""What is raised while one medium is worked on costs that medium, and names it."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from fer_core.errors import FerError
from ferbeam.analysis.blame import blame
from tests.corpus.boxes import Claim, mp4_of
from tests.pipelines.jobs import SAMPLES, ferbeam, frames_of

UNREADABLE = Path("/proc/self/mem")
"""A file whose first byte gives EIO, as a bad sector does."""
FAULTS = {
    "open.mp4": ("probe", "fer_core.video.index:index_video:open.mp4:raise"),
    "read.mp4": ("decode", "fer_core.video.frames:read_spans:read.mp4:raise"),
    "draw.mp4": ("render", "fer_core.video.render:render_span:draw.mp4:raise"),
    "join.mp4": ("render", "fer_core.video.join:join_spans:join.mp4:raise"),
    "read.jpg": ("decode", "fer_core.pictures:read_coloured:read.jpg:raise"),
    "draw.jpg": ("render", "fer_core.drawing.picture_copy:copy_picture:draw.jpg:raise"),
}
ONCE = "fer_core.video.frames:read_spans:once.mp4:once"


def make_input(folder: Path, *names: str) -> Path:
    """Fills a folder with samples of these names."""
    folder.mkdir()
    for name in names:
        sample = "pictures/happy.jpg" if name.endswith("jpg") else "videos/one_face.mp4"
        shutil.copy(SAMPLES / sample, folder / name)
    return folder


@pytest.mark.long
@pytest.mark.skipif(not UNREADABLE.exists(), reason="needs a file that gives EIO")
def test_what_is_raised_again_is_a_failure_of_its_medium(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = list(FAULTS)
    media = make_input(tmp_path / "in", *names, "good.mp4", "once.mp4", "good.jpg")
    (media / "disk.mp4").symlink_to(UNREADABLE)
    (media / "disk.jpg").symlink_to(UNREADABLE)
    (media / "extreme.mp4").write_bytes(mp4_of(Claim(edits=[(1 << 62, -1), (1000, 0)])))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "faults"))
    faults = [FAULTS[name][1] for name in names]
    monkeypatch.setenv("FERBEAM_FAULTS", ",".join([*faults, ONCE]))
    done = ferbeam("analyze", media, tmp_path / "out", "--sample-fps", "1", "--workers", "2")
    assert done.returncode == 3, done.stdout + done.stderr
    tables = frames_of(tmp_path / "out")
    failures = tables["failures"].set_index("media")
    expected = {name: FAULTS[name][0] for name in names}
    expected |= dict.fromkeys(("disk.mp4", "disk.jpg", "extreme.mp4"), "probe")
    assert failures["stage"].to_dict() == expected
    assert "Input/output error" in failures["message"]["disk.mp4"]
    assert "OverflowError" in failures["message"]["read.mp4"]
    assert "years apart" in failures["message"]["extreme.mp4"]
    rows = tables["media"].set_index("media")
    assert set(rows.index[rows["frames_lost"] > 0]) == {"read.mp4", "read.jpg"}
    whole = {"annotated/good.mp4.mp4", "annotated/once.mp4.mp4", "annotated/good.jpg"}
    assert whole <= set(rows["annotated"].dropna())


@pytest.mark.long
@pytest.mark.skipif(not UNREADABLE.exists(), reason="needs a file that gives EIO")
def test_a_disk_that_reads_nothing_stops_the_run_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / "in" / name).symlink_to(UNREADABLE)
    done = ferbeam("analyze", tmp_path / "in", tmp_path / "out")
    assert done.returncode == 1
    assert ".mp4: [Errno 5] Input/output error" in done.stderr


def test_an_error_that_reading_does_not_repeat_is_the_machines(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"whole")
    failing = OSError(errno.EIO, os.strerror(errno.EIO), "/somewhere/else")
    with pytest.raises(FerError, match=r"a name: \[Errno 5\]"):
        blame("a name", str(tmp_path / "x.mp4"), failing)
    with pytest.raises(FerError, match="No space"):
        blame("a name", str(tmp_path / "x.mp4"), OSError(errno.ENOSPC, "No space"))
    assert "ValueError: odd" in blame("a name", "", ValueError("odd"))


@pytest.mark.long
def test_a_worker_that_takes_too_much_memory_loses_what_it_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = make_input(tmp_path / "in", "large.mp4")
    monkeypatch.setenv("FERBEAM_MEMORY_GB", "0.01")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "faults"))
    monkeypatch.setenv("FERBEAM_FAULTS", "fer_core.video.index:index_video:large.mp4:hang")
    done = ferbeam("analyze", media, tmp_path / "out", "--workers", "1")
    assert done.returncode == 3, done.stdout + done.stderr
    (message,) = frames_of(tmp_path / "out")["failures"]["message"]
    assert "took more than 0.01 GB of memory" in message
