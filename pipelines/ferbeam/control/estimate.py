"""What an analysis would take: opens the media, and does a few spans of them as the job would."""

from __future__ import annotations

import json
import os
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, field, replace
from itertools import accumulate, islice

from fer_core.committed_span import span_table
from fer_core.detection.detector import limit_threads
from fer_core.drawing.overlay import Overlay
from fer_core.model import find_model_dir, load_classifier
from fer_core.records import Failure
from ferbeam.analysis.detect_faces import Detectors, detect_reading
from ferbeam.analysis.elements import Medium, ReadTask, SpanToRender
from ferbeam.analysis.link_tracks import link_group
from ferbeam.analysis.list_media import Listing, group_media
from ferbeam.analysis.plan_spans import Opened, open_media, plan_group, split_group
from ferbeam.analysis.render_span import load_overlay, render_task
from ferbeam.control.request import AnalysisRequest
from ferbeam.guard.scratch import Scratch
from ferbeam.output.folder import Output
from ferbeam.output.tables import COUNTS_KEY

MOST_OPENED = 300
"""Groups of media that are opened; of more, so many spread over all of them."""
TRIED_SPANS = 12
TRY_SECONDS = 20.0
START_SECONDS = 2.5
"""What a run takes before the first span and after the last."""
WORKERS_GAIN = 0.9
"""Part of a further worker's time that shortens a run: memory and the disk are shared."""


Weighed = list[tuple[float, ReadTask]]
"""Readings, each with what its work grows with."""


@dataclass
class Totals:
    """Counts, seconds of one worker, and bytes; of a part or of the whole."""

    videos: float = 0
    pictures: float = 0
    hours: float = 0.0
    frames: float = 0
    sampled: float = 0
    spans: float = 0
    open_seconds: float = 0.0
    seconds: float = 0.0
    copy_seconds: float = 0.0
    copy_bytes: float = 0.0
    table_bytes: float = 0.0

    def plus(self, other: Totals, times: float = 1.0) -> Totals:
        """Returns the sum with another, so many times."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Totals(*(own + more * times for own, more in pairs))


@dataclass
class Estimate:
    """What a run would do and take.

    Attributes:
        whole: of all media; its `seconds` are with the copies, of which `copy_seconds`.
        failures: of media that could not be listed or opened.
        seconds: wall time.
        seconds_without: wall time without copies.
        opened: share of the groups of media that were opened for it.
    """

    whole: Totals
    failures: list[Failure] = field(default_factory=list)
    seconds: float = 0.0
    seconds_without: float = 0.0
    opened: float = 1.0


def estimate_run(
    request: AnalysisRequest, listed: Listing, tell: Callable[[str], None]
) -> Estimate:
    """Opens the media and tries spans spread over them.

    Args:
        request: the run that would follow.
        listed: the media of INPUT, and what could not be listed.
        tell: is told how far it is.
    """
    limit_threads()
    groups = list(group_media(listed.media))
    step = max(1.0, len(groups) / MOST_OPENED)
    chosen = [groups[int(at * step)] for at in range(min(len(groups), MOST_OPENED))]
    estimate = Estimate(Totals(), list(listed.failures))
    estimate.opened = len(chosen) / max(1, len(groups))
    weighed: dict[str, Weighed] = {"video": [], "image": []}
    part = Totals()
    for number, group in enumerate(chosen):
        tell(f"opening {number + 1} of {len(chosen)}")
        own, readings = _open_group(request, group, estimate.failures)
        part = part.plus(own)
        for reading in readings:
            kind = reading[0].media[0].info.kind
            weighed[kind].append((_weigh(own, reading), reading))
    trial = _Trial(request, tell)
    for readings_of_kind in weighed.values():
        part = part.plus(trial.scale(readings_of_kind))
    estimate.whole = Totals().plus(part, 1 / estimate.opened)
    whole = estimate.whole
    busy = whole.open_seconds + whole.seconds
    parts = max(1.0, min(request.runner.workers, whole.spans))
    estimate.seconds, estimate.seconds_without = (
        START_SECONDS + work / (1 + WORKERS_GAIN * (parts - 1))
        for work in (busy, busy - whole.copy_seconds)
    )
    return estimate


def _open_group(
    request: AnalysisRequest, group: tuple[Medium, ...], failures: list[Failure]
) -> tuple[Totals, list[ReadTask]]:
    """Opens a group and plans its readings."""
    started = time.perf_counter()
    found = list(open_media(group, request.settings.rows, [None] * len(group), {}))
    opened = [each for each in found if isinstance(each, Opened)]
    failures += [each for each in found if isinstance(each, Failure)]
    plan = (request.settings.rows, request.settings.span_s)
    parts = split_group(group, opened)
    readings = [reading for part, own in parts for reading in plan_group(part, own, *plan)]
    part = Totals(open_seconds=time.perf_counter() - started)
    for medium, video in opened:
        part.videos += video is not None
        part.pictures += video is None
        part.hours += medium.info.duration_ms / 3_600_000
        part.frames += medium.frame_count
    part.spans = sum(len(reading) for reading in readings)
    part.sampled = sum(span.frame_total for reading in readings for span in reading)
    return part, readings


def _weigh(part: Totals, reading: ReadTask) -> float:
    """Returns what the work on a reading grows with: its pixels, in sampled and in other frames."""
    if reading[0].video is None:
        return float(sum(medium.info.width * medium.info.height for medium in reading[0].media))
    info, sampled = reading[0].media[0].info, sum(span.frame_total for span in reading)
    return info.width * info.height * sampled * (1 + part.frames / max(1, part.sampled)) / 2


def _spread(weighed: Weighed) -> Iterator[tuple[float, ReadTask]]:
    """Yields readings spread over all by weight: the middle one, those at the quarters, and on."""
    ends = list(accumulate(weight for weight, _ in weighed))
    seen: set[int] = set()
    parts = 2
    while ends and parts <= 4 * TRIED_SPANS:
        for number in range(1, parts, 2):
            at = bisect_left(ends, ends[-1] * number / parts)
            if at not in seen:
                seen.add(at)
                yield weighed[at]
        parts *= 2


class _Trial:
    """Does readings as the job would, in a folder that goes again."""

    def __init__(self, request: AnalysisRequest, tell: Callable[[str], None]) -> None:
        settings = request.settings
        folder, rows = find_model_dir(settings.model_dir), settings.rows
        self._request, self._tell = request, tell
        self._classify = load_classifier(folder, rows.engine, rows.prior)
        self._detectors = Detectors(rows.detector, settings.detector_model)
        self._overlays: list[Overlay] = []

    def scale(self, weighed: Weighed) -> Totals:
        """Returns what all of these readings would take, by some that are spread over them."""
        tried, weight = Totals(), 0.0
        limit = time.perf_counter() + TRY_SECONDS
        for number, (own, reading) in enumerate(islice(_spread(weighed), TRIED_SPANS)):
            if number and time.perf_counter() > limit:
                break
            self._tell(f"trying span {number + 1} of up to {min(TRIED_SPANS, len(weighed))}")
            scratch = Scratch()
            try:
                tried = tried.plus(self._try(Output(scratch.path), reading))
            finally:
                scratch.remove()
            weight += own
        return Totals().plus(tried, sum(own for own, _ in weighed) / max(1.0, weight))

    def _try(self, output: Output, reading: ReadTask) -> Totals:
        """Detects, classifies, commits, links, and renders where copies are wanted."""
        part, begun = Totals(), time.perf_counter()
        spans = []
        limit = self._request.settings.rows.max_pixels
        for at, detected in enumerate(detect_reading(reading, limit, self._detectors, {})):
            span = replace(detected.span, index=at, total=len(reading))
            counts = {"frames": len(detected.found.frames), "faces": len(detected.found.faces)}
            table = span_table(detected.found, self._classify(detected.found.crops))
            facts = {COUNTS_KEY.decode(): json.dumps(counts)}
            part.table_bytes += output.write_table(output.span_path(span.key), table, facts)
            spans.append(span)
        settings = self._request.settings
        linked, tasks = link_group(output, spans, settings.render, settings.told)
        part.table_bytes += sum(
            os.path.getsize(output.path(name)) for name in linked.files.tables.values()
        )
        drawing = time.perf_counter()
        for task in tasks:
            self._render(output, task)
        ended = time.perf_counter()
        part.seconds, part.copy_seconds = ended - begun, ended - drawing
        part.copy_bytes = _size_below(output.path(".spans", "made"))
        part.copy_bytes += sum(_size_of(output.rendered_path(task.key)) for task in tasks)
        return part

    def _render(self, output: Output, task: SpanToRender) -> None:
        assert self._request.settings.render is not None
        if not self._overlays:
            self._overlays.append(load_overlay(self._request.settings.render))
        render_task(output, task, self._overlays[0], self._request.settings.render.quality, {})


def _size_of(path: str) -> int:
    return os.path.getsize(path) if os.path.exists(path) else 0


def _size_below(folder: str) -> int:
    found = os.walk(folder)
    return sum(_size_of(os.path.join(place, name)) for place, _, names in found for name in names)
