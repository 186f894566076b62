"""A picture that is new or changed is done alone: those that share its folder stay as they are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.pipelines.jobs import SAMPLES, analyze, ferbeam, frames_of

NAMES = ("angry", "happy", "neutral", "sad")
OPTIONS = ("--overlay", "cover", "--workers", "1")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder of pictures that are opened together."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in NAMES:
        put(folder, name, name)
    return folder


def put(folder: Path, name: str, emotion: str) -> None:
    shutil.copy(SAMPLES / f"composites/{emotion}.png", folder / f"{name}.png")


def read_copies(output: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in sorted((output / "annotated").iterdir())}


def test_those_beside_it_are_not_read_and_not_drawn_again(source: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    first = analyze(source, output, *OPTIONS)
    assert first["counts"]["plan"]["spans"] == 1  # they are one group
    before, drawn = frames_of(output)["faces"], read_copies(output)
    times = {path: path.stat().st_mtime_ns for path in (output / "annotated").iterdir()}
    put(source, "happy", "surprise")
    put(source, "beside", "fear")
    run = analyze(source, output, *OPTIONS)
    assert run["counts"]["decode"]["frames"] == run["counts"]["render"]["frames"] == 2
    after, kept = frames_of(output)["faces"], ["angry.png", "neutral.png", "sad.png"]
    old, same = (rows[rows["media"].isin(kept)] for rows in (before, after))
    assert old.reset_index(drop=True).equals(same.reset_index(drop=True))
    redrawn = {path.stem for path, time in times.items() if path.stat().st_mtime_ns != time}
    assert redrawn == {"happy"}
    assert read_copies(output).keys() == {*drawn, "beside"}
    assert ferbeam("verify", output).returncode == 0
    (source / "sad.png").unlink()
    run = analyze(source, output, *OPTIONS, "--prune")
    assert run["counts"]["decode"]["frames"] == 0
    whole = tmp_path / "whole"
    put(source, "late", "disgust")
    assert analyze(source, output, *OPTIONS)["counts"]["decode"]["frames"] == 1
    analyze(source, whole, *OPTIONS)
    assert read_copies(whole) == read_copies(output)
    assert ferbeam("verify", output).returncode == 0


def test_another_overlay_reads_what_lost_one_of_its_group_and_nothing_else(
    source: Path, tmp_path: Path
) -> None:
    output, whole = tmp_path / "out", tmp_path / "whole"
    analyze(source, output, *OPTIONS)
    for name in ("beside", "new"):
        put(source, name, "fear")
        assert analyze(source, output, *OPTIONS)["counts"]["decode"]["frames"] == 1
    box = ("--overlay", "box", "--workers", "1")
    run = analyze(source, output, *box)
    assert (run["counts"]["decode"]["frames"], run["counts"]["render"]["frames"]) == (0, 6)
    put(source, "happy", "surprise")
    analyze(source, output, *box)
    run = analyze(source, output, *OPTIONS)
    assert (run["counts"]["decode"]["frames"], run["counts"]["render"]["frames"]) == (3, 6)
    analyze(source, whole, *OPTIONS)
    assert read_copies(whole) == read_copies(output)
    assert ferbeam("verify", output).returncode == 0


@pytest.mark.long
def test_a_copy_is_not_taken_for_that_of_a_picture_that_was_there_before(
    source: Path, tmp_path: Path
) -> None:
    """Also where all that were opened together are so once more, each as it was."""
    output = tmp_path / "out"
    analyze(source, output, *OPTIONS)
    drawn = read_copies(output)
    for gone in (False, True):
        if gone:
            (source / "happy.png").unlink()
        analyze(source, output, *OPTIONS, "--prune")
        put(source, "happy", "fear")
        analyze(source, output, *OPTIONS)
        put(source, "happy", "happy")
        analyze(source, output, *OPTIONS, "--people", "1")  # all are looked at again
        assert read_copies(output) == drawn
        assert ferbeam("verify", output).returncode == 0
        analyze(source, output, *OPTIONS)
