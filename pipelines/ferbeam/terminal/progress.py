"""How far a run is: bars on a terminal, plain lines elsewhere; read from what is committed."""

from __future__ import annotations

import io
import json
import os
import time
from contextlib import suppress

import pyarrow.parquet as pq
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from ferbeam.output.folder import PART, Output
from ferbeam.output.tables import COUNTS_KEY
from ferbeam.stores import store_of
from ferbeam.text import printable

LINE_SECONDS = 5.0
STORE_SECONDS = 10.0
"""Between two looks into a store."""


class Progress:
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
        self._watch = _Watch(output) if output.is_local else _StoreWatch(output)
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


class _Watch:
    """Counts plans, committed spans and table files of an OUTPUT."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._since = time.time() - 1
        self._seen: set[str] = set()
        self.planned: set[str] = set()
        self._committed: set[str] = set(self._names(".spans"))
        self._parts: set[str] = set()
        self._readings: dict[str, int] = {}
        self.opened = self.groups = self.frames = self.faces = self.written = 0
        self.rendered = self._joined = 0
        self.first: float | None = None
        self.next_look = 0.0

    @property
    def done(self) -> int:
        """Number of planned spans that are committed."""
        return len(self.planned & {name.removesuffix(".parquet") for name in self._committed})

    @property
    def readings(self) -> int:
        """Number of readings that are planned: as many parts have the copies."""
        return sum(self._readings.values())

    @property
    def state(self) -> tuple[int, int]:
        """Numbers of spans that are committed, and of parts that are rendered."""
        return self.done, self.rendered

    def look(self) -> None:
        """Counts what is new."""
        for path in self._written_since(".spans/plans"):
            plan = json.loads(self._output.read(path))
            self.first = self.first or time.monotonic()
            self.planned.update(plan["spans"])
            self.opened += plan["listed"]
            self.groups += bool(plan["spans"])
            self._readings[os.path.basename(path).partition(".")[0]] = plan["readings"]
        new = {n for n in self._names(".spans") if n.endswith(".parquet")} - self._committed
        for name in new:
            counts = json.loads(self._read_facts(self._output.path(".spans", name))[COUNTS_KEY])
            self.frames += counts["frames"]
            self.faces += counts["faces"]
        self._committed |= new
        self._parts.update(name for name in self._names(".spans") if name.endswith(PART))
        for path in self._written_since("media"):
            self.written += 1
            self._joined += self._readings.get(os.path.basename(path).partition("-")[0], 0)
        # The parts of a group are gone once they are joined, perhaps unseen.
        self.rendered = min(self.readings, max(len(self._parts), self._joined))

    def _read_facts(self, path: str) -> dict[bytes, bytes]:
        facts: dict[bytes, bytes] = pq.read_schema(path).metadata
        return facts

    def _written_since(self, folder: str) -> list[str]:
        """Returns the files of a folder that this run has written and that were not seen yet."""
        paths = {self._output.path(folder, name) for name in self._names(folder)}
        new = [path for path in paths - self._seen if os.stat(path).st_mtime >= self._since]
        self._seen.update(new)
        return new

    def _names(self, folder: str) -> set[str]:
        try:
            return set(os.listdir(self._output.path(folder)))
        except FileNotFoundError:
            return set()


class _StoreWatch(_Watch):
    """Counts the same in a store: seldom, for every look is a request or more."""

    def __init__(self, output: Output) -> None:
        self._versions: set[tuple[str, int]] = set()
        super().__init__(output)
        for folder in (".spans/plans", "media"):
            self._written_since(folder)

    def look(self) -> None:
        """Counts what is new, if it is time to; a store that does not answer is asked later."""
        if time.monotonic() >= self.next_look:
            self.next_look = time.monotonic() + STORE_SECONDS
            with suppress(OSError):
                super().look()

    def _read_facts(self, path: str) -> dict[bytes, bytes]:
        facts: dict[bytes, bytes] = pq.read_schema(io.BytesIO(self._output.read(path))).metadata
        return facts

    def _written_since(self, folder: str) -> list[str]:
        # Written anew tells their time: the clock of a store is not ours.
        path = self._output.path(folder, "")
        there = {(found.uri, found.changed_ns) for found in store_of(path).list(path)}
        new = there - self._versions
        self._versions |= new
        return [uri for uri, _ in new]

    def _names(self, folder: str) -> set[str]:
        return set(self._output.list_names(folder))
