"""How far a run is: bars on a terminal, plain lines elsewhere; read from what is committed."""

from __future__ import annotations

import time

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.table import Column
from rich.text import Text

from ferbeam.output.commit_watch import CommitWatch
from ferbeam.output.run_file import Run
from ferbeam.text import count_of, printable

LINE_SECONDS = 5.0
LEAST_SECONDS = 1.0
"""Between the first plan and the last span, from which on frames have a speed."""
SHORTEST_BAR, LONGEST_BAR, BESIDE_BAR = 12, 40, 68
"""Columns of a bar, and those that all beside it take where it has room."""
NOTES = {"opening": "media", "analysing": "", "rendering": "", "writing": "tables"}
"""What stands behind the bar of a stage."""


class _Note(ProgressColumn):
    """What stands behind a bar; where there is little room this is cut, and no number before it."""

    def render(self, task: Task) -> Text:
        return Text(task.fields["note"], no_wrap=True, overflow="ellipsis")


class ShownProgress:
    """Shows the stages: opening media, analysing spans, rendering copies, writing tables.

    Args:
        console: where to show it.
        verbose: whether every medium has its line.
    """

    def __init__(self, console: Console, verbose: bool = False) -> None:
        self._console, self._verbose = console, verbose
        self._bars = Bars(
            TextColumn("{task.description:<10}"),
            BarColumn(min(max(console.width - BESIDE_BAR, SHORTEST_BAR), LONGEST_BAR)),
            MofNCompleteColumn(table_column=Column(no_wrap=True)),
            TimeRemainingColumn(table_column=Column(no_wrap=True)),
            _Note(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._next_line, self._shown = 0.0, (0, 0)
        self._frames, self._seconds = 0, 0.0

    def start(self, watch: CommitWatch, media: int, renders: bool) -> None:
        """Begins; see `Progress`."""
        self._watch = watch
        self._of = media, renders
        if self._console.is_terminal:
            for stage in self._watch.stages(*self._of):
                self._tasks[stage] = self._bars.add_task(stage, total=None, note=NOTES[stage])
            self._bars.start()
        else:
            self._console.print(f"{count_of(media, 'medium')} to analyse")

    def update(self) -> None:
        """Shows what has been committed since."""
        watch = self._watch
        for stage, medium in watch.take_news() if self._verbose else ():
            line = escape(printable(f"{stage} {medium}"))
            self._console.print(line, soft_wrap=True, highlight=False)
        note = f"{count_of(watch.frames, 'frame')}, {count_of(watch.faces, 'face')}"
        if watch.first and watch.frames > self._frames:
            self._frames, self._seconds = watch.frames, time.monotonic() - watch.first
        if self._seconds >= LEAST_SECONDS:
            note += f", {self._frames / self._seconds:,.0f} frames/s"
        if self._console.is_terminal:
            self._bars.update(self._tasks["analysing"], note=note)
            for stage, (done, total) in watch.stages(*self._of).items():
                self._bars.update(self._tasks[stage], completed=done, total=total)
        elif time.monotonic() >= self._next_line and watch.state != self._shown:
            self._next_line, self._shown = time.monotonic() + LINE_SECONDS, watch.state
            done, rendered = watch.state
            renders = rendered and self._of[1]
            if not (renders or watch.frames):
                return  # all was committed before
            copied = f"; {rendered:,} of {watch.readings:,} rendered" if renders else ""
            spans = count_of(len(watch.planned), "span")
            self._console.print(f"{done:,} of {spans}: {note}{copied}", soft_wrap=True)

    def note(self, line: str) -> None:
        """Shows a line that stays."""
        self._console.print(
            escape(printable(line)), soft_wrap=True, highlight=False, style="yellow"
        )

    def stop(self) -> None:
        """Shows the last state and leaves the terminal as it was."""
        self._next_line = 0.0
        self.update()
        if self._console.is_terminal:
            self._bars.stop()

    def ended(self, run: Run | None, error: BaseException | None) -> None:
        """Shows nothing: the summary does, or the line of the error."""
