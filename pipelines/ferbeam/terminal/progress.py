"""How far a run is: bars on a terminal, plain lines elsewhere; read from what is committed."""

from __future__ import annotations

import time

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from ferbeam.output.commit_watch import CommitWatch, watch_commits
from ferbeam.output.folder import Output
from ferbeam.text import printable

LINE_SECONDS = 5.0


class ShownProgress:
    """Shows the stages: opening media, analysing spans, rendering copies, writing tables.

    Args:
        console: where to show it.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Bars(
            TextColumn("{task.description:<10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._next_line, self._shown = 0.0, (0, 0)

    def start(self, output: Output, media: int, renders: bool) -> None:
        """Begins to watch OUTPUT.

        Args:
            output: where the job commits its spans.
            media: number of media that are listed.
            renders: whether there will be annotated copies.
        """
        self._watch: CommitWatch = watch_commits(output)
        self._began = time.monotonic()
        if self._console.is_terminal:
            self._tasks["open"] = self._bars.add_task("opening", total=media, note="media")
            self._tasks["spans"] = self._bars.add_task("analysing", total=None, note="")
            if renders:
                self._tasks["parts"] = self._bars.add_task("rendering", total=None, note="")
            self._tasks["tables"] = self._bars.add_task("writing", total=None, note="")
            self._bars.start()
        else:
            self._console.print(f"{media} media to analyse")

    def update(self) -> None:
        """Shows what has been committed since."""
        watch = self._watch
        watch.look()
        speed = watch.frames / max(time.monotonic() - (watch.first or time.monotonic()), 1e-3)
        note = f"{watch.frames} frames, {watch.faces} faces"
        if watch.first and watch.frames:
            note += f", {speed:.0f} frames/s"
        if self._console.is_terminal:
            self._bars.update(self._tasks["open"], completed=watch.opened)
            self._bars.update(
                self._tasks["spans"], completed=watch.done, total=len(watch.planned), note=note
            )
            if "parts" in self._tasks:
                self._bars.update(
                    self._tasks["parts"], completed=watch.rendered, total=watch.readings
                )
            self._bars.update(
                self._tasks["tables"], completed=watch.written, total=watch.groups, note="tables"
            )
        elif time.monotonic() >= self._next_line and watch.state != self._shown:
            self._next_line, self._shown = time.monotonic() + LINE_SECONDS, watch.state
            done, rendered = watch.state
            copied = f"; {rendered} of {watch.readings} rendered" if rendered else ""
            self._console.print(f"{done} of {len(watch.planned)} spans: {note}{copied}")

    def note(self, line: str) -> None:
        """Shows a line that stays."""
        self._console.print(
            escape(printable(line)), soft_wrap=True, highlight=False, style="yellow"
        )

    def stop(self) -> None:
        """Shows the last state and leaves the terminal as it was."""
        self._next_line = self._watch.next_look = 0.0
        self.update()
        if self._console.is_terminal:
            self._bars.stop()
