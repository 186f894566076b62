"""How far a run is, as a terminal shows it and as lines tell it."""

from __future__ import annotations

import io
import time
from itertools import count
from typing import cast

import pytest
from rich.console import Console

from ferbeam.output.commit_watch import CommitWatch
from ferbeam.terminal.progress import ShownProgress


class Watch:
    """A run of 1,000 media whose spans are all looked at, and whose copies are being made."""

    def __init__(self, frames: int = 138_000, rendered: int = 117) -> None:
        self.frames, self.faces, self.first = frames, frames, time.monotonic() - 1000
        self.planned, self.readings, self.rendered = range(1000), 1000, rendered

    @property
    def state(self) -> tuple[int, int]:
        """As of a `CommitWatch`."""
        return 1000, self.rendered

    def stages(self, media: int, renders: bool) -> dict[str, tuple[int, int]]:
        """As of a `CommitWatch`."""
        done = {"opening": (media, media), "analysing": (1000, 1000)}
        return {**done, "rendering": (self.rendered, 1000), "writing": (0, 1000)}


def show(width: int, terminal: bool, *watches: Watch) -> list[str]:
    """Returns the lines of a progress that sees these one after the other."""
    file = io.StringIO()
    clock = count()  # a bar tells the time that remains anew each half second
    console = Console(
        file=file,
        width=width,
        force_terminal=terminal,
        color_system=None,
        get_time=lambda: float(next(clock)),
    )
    shown = ShownProgress(console)
    shown.start(cast(CommitWatch, watches[0]), 1000, renders=True)
    for watch in watches:
        shown._watch = cast(CommitWatch, watch)
        shown._next_line = 0.0
        shown.update()
    shown.stop()
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [50, 60, 80, 200])
def test_no_number_is_cut_before_the_note(width: int) -> None:
    shown = {line[:10].strip(): line for line in show(width, True, Watch())}
    counts = {"analysing": "1000/1000", "rendering": "117/1000", "writing": "0/1000"}
    for stage, done in counts.items():
        assert f" {done} " in shown[stage]
        assert len(shown[stage].rstrip()) <= width
        assert "-:--:--" in shown[stage] or "0:00:00" in shown[stage]
    assert "138,000" in shown["analysing"]
    whole = "138,000 frames, 138,000 faces, 138 frames/s"
    assert (whole in shown["analysing"]) == (width == 200)


def test_the_speed_is_of_frames_while_there_were_some() -> None:
    """Copies are made for minutes afterwards; and a moment tells no speed."""
    watch, later = Watch(), Watch(rendered=200)
    later.first = watch.first - 3000
    lines = show(80, False, watch, later)
    assert lines[0] == "1,000 media to analyse"
    assert lines[1].endswith("138,000 faces, 138 frames/s; 117 of 1,000 rendered")
    assert lines[2].endswith("138,000 faces, 138 frames/s; 200 of 1,000 rendered")
    moment = Watch(frames=1, rendered=0)
    moment.first = time.monotonic() - 0.001
    assert show(80, False, Watch(frames=0, rendered=0)) == ["1,000 media to analyse"]
    assert show(80, False, moment)[1] == "1,000 of 1,000 spans: 1 frame, 1 face"
