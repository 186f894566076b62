"""`--dry-run` tells what a run would do and take, and writes nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fer_core.errors import FerError
from ferbeam.analysis.elements import Medium
from ferbeam.control.disk_space import check_space, free_bytes
from ferbeam.output.folder import Output
from ferbeam.text import show_seconds, show_size
from tests.pipelines.jobs import SAMPLES, analyze, ferbeam
from tests.pipelines.theirs import put, run


def number_after(text: str, start: str, end: str) -> float:
    """Reads a number from between two pieces of a text."""
    return float(text.partition(start)[2].partition(end)[0].replace(",", ""))


def test_a_dry_run_counts_what_the_run_does_and_writes_nothing(tmp_path: Path) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name in ("videos/two_faces.mp4", "videos/broken.mp4", "pictures/happy.jpg"):
        shutil.copy(SAMPLES / name, source)
    done = ferbeam("analyze", source, output, "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert not output.exists()
    shown = done.stdout.replace("\n", " ")
    assert "1 video (" in shown
    assert "1 picture " in shown
    assert "1 failure to expect:" in shown
    assert "its index (moov) is missing" in shown
    assert "with --overlay none about " in shown
    run = analyze(source, output, "--overlay", "emoji", code=3)
    assert number_after(shown, "looked at: ", " frames") == run["rows"]["frames"]
    assert number_after(shown, "frames, in ", " spans") == run["counts"]["commit"]["spans"]
    copies = sum(path.stat().st_size for path in (output / "annotated").iterdir()) / 1000
    assert number_after(shown, "(copies ", " kB") == pytest.approx(copies, rel=0.5)


def test_of_no_media_there_is_nothing_to_estimate(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    done = ferbeam("analyze", tmp_path / "in", tmp_path / "out", "--dry-run")
    assert done.returncode == 2
    assert "holds no picture or video" in done.stderr


@pytest.mark.parametrize(
    ("seconds", "shown"), [(3, "3 s"), (99, "99 s"), (150, "2 min"), (7260, "2 h 1 min")]
)
def test_times_are_written_as_people_say_them(seconds: float, shown: str) -> None:
    assert show_seconds(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"), [(1500, "1.5 kB"), (23e6, "23 MB"), (2.34e9, "2.3 GB"), (5e12, "5.0 TB")]
)
def test_sizes_are_written_in_decimal_units(count: float, shown: str) -> None:
    assert show_size(count) == shown


def test_copies_that_cannot_have_room_are_not_begun(tmp_path: Path) -> None:
    output = Output(str(tmp_path / "no/such/folder/yet"))
    free = free_bytes(output)
    assert free is not None
    assert free > 0
    check_space(output, [Medium("a.mp4", "a.mp4", "video", free // 2, 0)])
    with pytest.raises(FerError, match=r"are free, too little for copies of .* --overlay none"):
        check_space(output, [Medium("a.mp4", "a.mp4", "video", free * 40, 0)])


def test_a_dry_run_refuses_what_the_run_would(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copies = tmp_path / "data/out/annotated"
    put(copies, "a.jpg")
    put(tmp_path / "in", "b.jpg")
    (tmp_path / "in/link").symlink_to(copies)
    for more in ((), ("--dry-run",)):
        assert run("analyze", tmp_path / "in", tmp_path / "data/new/..", *more) == 2
        assert "INPUT leads to" in capsys.readouterr().err
