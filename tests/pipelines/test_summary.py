"""What a person sees at the end of a run."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from ferbeam.output.folder import Output
from ferbeam.output.run_file import load_run
from ferbeam.terminal.summary import describe_summary, print_summary
from tests.pipelines.finished import (
    hold_frames,
    make_failure,
    make_picture,
    make_video,
    write_finished,
)
from tests.pipelines.jobs import frames_of


def test_shares_are_of_time_not_of_samples(tmp_path: Path) -> None:
    """Two seconds at ten frames each, then two frames held for four seconds each."""
    video = hold_frames(make_video("a.mp4", 22), [*range(0, 2000, 100), 2000, 6000], 10_000)
    picture = make_picture("b.png", ("happy", "happy", "sad"))
    output = Output(str(write_finished(tmp_path, [video, picture])))
    console = Console(file=io.StringIO(), width=100)
    print_summary(console, output, load_run(output))
    faces = frames_of(tmp_path)["faces"].query("media == 'a.mp4'").assign(ms=100)
    faces.loc[faces["timestamp_ms"] >= 2000, "ms"] = 4000
    times = faces.groupby("emotion")["ms"].sum()
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert f"{times.idxmax()} {100 * times.max() / times.sum():.0f} %" in text
    assert times.max() / times.sum() > 0.7
    assert "happy 67 %" in text
    assert "mostly (of faces)" in text


@pytest.mark.parametrize("there", [True, False])
def test_copies_are_named_where_there_are_some(tmp_path: Path, there: bool) -> None:
    output = Output(str(write_finished(tmp_path, [make_video("a.mp4", 2, copy=there)])))
    console = Console(file=io.StringIO(), width=100)
    print_summary(console, output, load_run(output))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert ("annotated copies" in text) == there
    assert (describe_summary(output, load_run(output))["annotated"] is not None) == there


def test_where_nothing_opened_there_is_no_table(tmp_path: Path) -> None:
    output = Output(str(write_finished(tmp_path, [make_failure("a.jpg", "a.jpg: is empty")])))
    console = Console(file=io.StringIO(), width=100)
    print_summary(console, output, load_run(output))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.startswith("0 media, 0 frames, 0 faces in ")
    assert "a.jpg (probe): is empty" in text


def test_a_narrow_terminal_shows_whole_words(tmp_path: Path) -> None:
    name = f"{'recordings of the second week/'}participant one.mp4"
    output = Output(str(write_finished(tmp_path, [make_video(name, 20)])))
    console = Console(file=io.StringIO(), width=60)
    print_summary(console, output, load_run(output))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert sum("".join(line.split()) != "" for line in lines) < 12
    assert any(line.startswith("recordings") for line in lines)
    assert sum("(of faces)" in line for line in lines) == 1
    assert not any("lost" in line for line in lines)


def test_no_digit_of_a_share_is_left_out_where_there_is_little_room(tmp_path: Path) -> None:
    pictures = [make_picture(f"camera/IMG_{n}.HEIC", ("surprise",)) for n in range(3)]
    output = Output(str(write_finished(tmp_path, pictures)))
    console = Console(file=io.StringIO(), width=50)
    print_summary(console, output, load_run(output))
    assert console.file.getvalue().count("surprise 100 %") == 3  # type: ignore[attr-defined]
