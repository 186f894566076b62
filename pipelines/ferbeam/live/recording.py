"""Writes what the live page has analysed into the tables of an OUTPUT, a minute at a time."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from fer_core.errors import SettingsError
from fer_core.model import ModelCard
from fer_core.records import DECODE_ERROR, FACES, FAILURES, FRAMES, MEDIA, NO_FACE, OK, Failure
from fer_core.shown_time import fill_shown
from ferbeam.live.recorded import RecordedMedium, face_row, media_row
from ferbeam.live.session import Analysed
from ferbeam.output.costs import SECONDS, Clock, Costs, describe_costs, sum_costs
from ferbeam.output.folder import Output
from ferbeam.output.put_tables import Put, put_in_place
from ferbeam.output.run_facts import describe_run, gather_tables
from ferbeam.output.run_file import RUN_FILE, Run, write_run
from ferbeam.output.table_parts import NEXT
from ferbeam.output.tables import write_tables
from ferbeam.settings import RowSettings, origin_of

FLUSH_SECONDS = 60.0


@dataclass(frozen=True)
class RecordingRequest:
    """What is recorded, and where to.

    Attributes:
        output: where the tables go.
        source: what the column INPUT of a run is: `camera`, or the path of a video.
        codec: of the frames.
        rows: the settings that the rows follow from.
        card: of the model.
    """

    output: Output
    source: str
    codec: str
    rows: RowSettings
    card: ModelCard


class Recorder:
    """Keeps rows for up to a minute and writes them; for one thread.

    Every minute adds a file to `faces` and `frames`; the row of `media` and `run.json` are
    replaced, so that an OUTPUT is whole at any time, and loses the last minute at most.

    Args:
        request: what is recorded.
        now: tells the time in seconds since 1970.

    Attributes:
        folder: where it writes.
        frames: how many were added.

    Raises:
        SettingsError: OUTPUT holds a run already.
    """

    def __init__(self, request: RecordingRequest, now: Callable[[], float] = time.time) -> None:
        output = request.output
        if output.exists(output.path(RUN_FILE)):
            raise SettingsError(
                f"--record {output.root}: holds the tables of another run; choose a new folder"
            )
        self._request, self._now = request, now
        self._began = self._flushed = now()
        self._origin = origin_of(uuid.uuid4().hex[:12], self._began, request.rows)
        self._medium: RecordedMedium | None = None
        self._names: set[str] = set()
        self._parts: list[dict[str, Any]] = []
        self._media_part: dict[str, Any] | None = None
        self._ready: dict[str, str] = {}
        self._placed: dict[str, str] = {}
        self._costs: Costs = {}
        self.folder = output.root
        self.frames = 0

    def begin(self) -> None:
        """Ends the medium, if there is one: the next frame is the first of another."""
        self.flush()
        if self._media_part is not None:
            self._parts.append(self._media_part)
        self._medium = self._media_part = None

    def add(self, found: Analysed, frame_index: int, timestamp_ms: int) -> None:
        """Adds a frame and its faces; one of another size begins another medium.

        Args:
            found: what is in it.
            frame_index: its number, counted over those that were not analysed too.
            timestamp_ms: its time, from anywhere.
        """
        size = (found.width, found.height)
        if self._medium is not None and self._medium.size != size:
            self.begin()
        medium = self._medium or self._begin_medium(size, frame_index, timestamp_ms)
        status = OK if found.faces else NO_FACE
        place = self._add_frame(medium, (frame_index, timestamp_ms), status, len(found.faces))
        medium.counts["ok"] += bool(found.faces)
        medium.faces_total += len(found.faces)
        medium.tracks.update(face.track_id for face in found.faces)
        medium.rows["faces"].extend(
            face_row(place, index, face) for index, face in enumerate(found.faces)
        )

    def add_lost(self, message: str, frame_index: int, timestamp_ms: int) -> None:
        """Adds a frame that could not be decoded; before the first that could, there is none."""
        if self._medium is None:
            return
        place = self._add_frame(self._medium, (frame_index, timestamp_ms), DECODE_ERROR, 0)
        self._medium.counts["lost"] += 1
        failure = Failure(stage="decode", error="MediaError", message=message, **place)
        self._medium.rows["failures"].append(failure._asdict())

    def add_costs(self, costs: Costs) -> None:
        """Adds what frames have cost that were added."""
        self._costs = sum_costs([self._costs, costs])

    def flush_if_due(self) -> None:
        """Writes what is there once a minute has passed since the last time."""
        if abs(self._now() - self._flushed) >= FLUSH_SECONDS:  # a clock may be set back
            self.flush()

    def flush(self) -> None:
        """Writes what is there; OUTPUT is then whole."""
        self._flushed = self._now()
        if self._medium is not None and self._medium.rows["frames"]:
            self._make_ready(self._medium)
        if self._ready:
            self._put()

    def _make_ready(self, medium: RecordedMedium) -> None:
        """Writes the rows that are there, to be put in place."""
        schemas = {"faces": FACES, "frames": FRAMES, "failures": FAILURES}
        tables = {
            name: pa.Table.from_pylist(rows, schema=schemas[name])
            for name, rows in medium.rows.items()
        }
        row = media_row(medium, self._request.codec, self._origin)
        shown = fill_shown(tables["faces"], tables["frames"], row["duration_ms"])
        tables["faces"], tables["frames"] = shown
        media = {"media": pa.Table.from_pylist([row], schema=MEDIA)}
        version = f"{medium.last_index:08d}"
        added = write_tables(self._request.output, medium.name, version, tables)
        self._media_part = write_tables(self._request.output, medium.name, "0", media)
        self._parts.append(added)
        medium.rows = {name: [] for name in medium.rows}
        self._ready |= {**added["sums"], **self._media_part["sums"]}

    def _put(self) -> None:
        """Puts in place what is ready: what a full disk kept from it the last time, too."""
        output, run = self._request.output, f"{NEXT}/{RUN_FILE}"
        write_run(output, self._describe_run(), run)
        files = {**{file: f"{NEXT}/{file}" for file in self._ready}, RUN_FILE: run}
        replaced = {file: self._placed[file] for file in self._ready if file in self._placed}
        put_in_place(output, Put(files, [], replaced))
        self._placed |= self._ready
        self._ready = {}

    def _begin_medium(self, size: tuple[int, int], index: int, timestamp_ms: int) -> RecordedMedium:
        stamp = time.strftime("live-%Y%m%dT%H%M%SZ", time.gmtime(self._now()))
        name, number = stamp, 1
        while name in self._names:
            number += 1
            name = f"{stamp}-{number}"
        self._names.add(name)
        self._medium = RecordedMedium(name, size, timestamp_ms, index)
        return self._medium

    def _add_frame(
        self, medium: RecordedMedium, at: tuple[int, int], status: str, faces: int
    ) -> dict[str, Any]:
        """Adds a row of `frames` for a frame index and time; returns what faces have of it."""
        medium.last_index = at[0] - medium.first_index
        medium.last_ms = max(medium.last_ms, at[1] - medium.start_ms)
        place = {
            "media": medium.name,
            "frame_index": medium.last_index,
            "timestamp_ms": medium.last_ms,
        }
        medium.rows["frames"].append({**place, "status": status, "face_count": faces})
        medium.counts["all"] += 1
        self.frames += 1
        return place

    def _describe_run(self) -> Run:
        request, now = self._request, self._now()
        own = self._media_part
        belongs_to = {"INPUT": request.source, **request.rows.flat()}
        clock = Clock(self._began, self._began, self._began, now, now, now)
        costs = sum_costs([self._costs, {"list": {SECONDS: 0.0, "media": len(self._names)}}])
        listed = gather_tables([*self._parts, *([own] if own else [])])
        others = {"render": None, "span_s": None, **describe_costs(costs, {}, clock, 1)}
        others["run_id"] = self._origin["run_id"]
        return describe_run(sys.argv[1:], belongs_to, request.card, self._began, listed, **others)
