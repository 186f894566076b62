"""How far a job is, read from what it has committed in OUTPUT: it tells nothing else."""

from __future__ import annotations

import io
import json
import os
import time
from contextlib import suppress

import pyarrow.parquet as pq

from ferbeam.output.folder import PART, Output
from ferbeam.output.notes import read_plan
from ferbeam.output.table_parts import ROWS
from ferbeam.output.tables import COUNTS_KEY
from ferbeam.stores import store_of

ROWS_OF_MEDIA = f"{ROWS}/media"
STORE_SECONDS = 10.0
"""Between two looks into a store."""
LOOKING_SHARE = 0.02
"""Share of the time that looking may take: a folder of 100,000 spans is listed in some 0.1 s."""


def watch_commits(output: Output) -> CommitWatch:
    """Begins to watch an OUTPUT, local or on a store."""
    return CommitWatch(output) if output.is_local else _StoreWatch(output)


class CommitWatch:
    """Counts plans, committed spans and table files of an OUTPUT.

    Attributes:
        planned: keys of the spans that are planned.
        opened: number of media that are opened, or failed to.
        done: number of planned spans that are committed.
        groups: number of media, and of spans of pictures, that have spans.
        frames: number of frames in the spans that were committed since.
        faces: number of faces in them.
        rendered: number of readings whose copies are made.
        written: number of groups whose tables are written.
        first: when the first plan was seen, by the monotonic clock; None before.
        next_look: when a store is looked at again.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._since = time.time() - 1
        self._seen: set[str] = set()
        self.planned: set[str] = set()
        self._committed: set[str] = set(self._names(".spans"))
        self._parts: set[str] = set()
        self._readings: dict[str, int] = {}
        self.opened = self.done = self.groups = self.frames = self.faces = self.written = 0
        self.rendered = self._joined = 0
        self.first: float | None = None
        self.next_look = 0.0
        self._names_of: dict[str, list[str]] = {}
        self._news: list[tuple[str, str]] = []

    @property
    def readings(self) -> int:
        """Number of readings that are planned: as many parts have the copies."""
        return sum(self._readings.values())

    @property
    def state(self) -> tuple[int, int]:
        """Numbers of spans that are committed, and of parts that are rendered."""
        return self.done, self.rendered

    def stages(self, media: int, renders: bool) -> dict[str, tuple[int, int]]:
        """Returns how much of each stage is done, and of how much as far as that is known.

        Args:
            media: number of media that are listed.
            renders: whether there will be annotated copies.
        """
        done = {"opening": (self.opened, media), "analysing": (self.done, len(self.planned))}
        if renders:
            done["rendering"] = self.rendered, self.readings
        return {**done, "writing": (self.written, self.groups)}

    def take_news(self) -> list[tuple[str, str]]:
        """Returns what became of which media since this was last asked for, once."""
        news, self._news = self._news, []
        return news

    def look(self) -> None:
        """Counts what is new, if the last look is long enough ago."""
        begun = time.monotonic()
        if begun >= self.next_look:
            self._look()
            self.next_look = time.monotonic() + (time.monotonic() - begun) / LOOKING_SHARE

    def _look(self) -> None:
        for path in self._written_since(".spans/plans"):
            group = os.path.basename(path).partition(".")[0]
            plan = read_plan(self._output, group)
            self._names_of[group] = [name for name, *_ in plan.media]
            self._news += [("opened", name) for name in self._names_of[group]]
            self.first = self.first or time.monotonic()
            self.planned.update(plan.spans)
            self.opened += plan.listed
            self.groups += bool(plan.spans)
            self._readings[group] = plan.readings
        names = self._names(".spans")
        for name in {name for name in names if name.endswith(".parquet")} - self._committed:
            with suppress(FileNotFoundError):  # its medium changed, and it is taken back
                counts = json.loads(self._read_facts(self._output.path(".spans", name))[COUNTS_KEY])
                self.frames += counts["frames"]
                self.faces += counts["faces"]
                self._committed.add(name)
        self.done = len(self.planned & {name.removesuffix(".parquet") for name in self._committed})
        self._parts.update(name for name in names if name.endswith(PART))
        for path in self._written_since(ROWS_OF_MEDIA):
            self.written += 1
            group = os.path.basename(path).partition("-")[0]
            self._joined += self._readings.get(group, 0)
            self._news += [("done", name) for name in self._names_of.get(group, ())]
        # The parts of a group are gone once they are joined, perhaps unseen.
        self.rendered = min(self.readings, max(len(self._parts), self._joined))

    def _read_facts(self, path: str) -> dict[bytes, bytes]:
        facts: dict[bytes, bytes] = pq.read_schema(self._output.checked(path)).metadata
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


class _StoreWatch(CommitWatch):
    """Counts the same in a store: seldom, for every look is a request or more."""

    def __init__(self, output: Output) -> None:
        self._versions: set[tuple[str, int]] = set()
        super().__init__(output)
        for folder in (".spans/plans", ROWS_OF_MEDIA):
            self._written_since(folder)

    def look(self) -> None:
        """Counts what is new, if it is time to; a store that does not answer is asked later."""
        if time.monotonic() >= self.next_look:
            self.next_look = time.monotonic() + STORE_SECONDS
            with suppress(OSError):
                self._look()

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
