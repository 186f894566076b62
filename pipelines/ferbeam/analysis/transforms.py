"""The steps of the pipeline, one class each; what they compute is in `fer_core`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

import apache_beam as beam
from apache_beam import pvalue

from fer_core.detection.detector import limit_threads
from fer_core.records import Failure
from ferbeam.analysis.blame import naming
from ferbeam.analysis.detect_faces import Detectors, detect_guarded
from ferbeam.analysis.elements import (
    DetectedSpan,
    LinkedGroup,
    Medium,
    ReadTask,
    RenderedSpan,
    Span,
    SpanToRender,
)
from ferbeam.analysis.join_spans import join_group
from ferbeam.analysis.link_tracks import link_group
from ferbeam.analysis.list_media import group_media, list_media, medium_of
from ferbeam.analysis.plan_spans import open_group, plan_or_fail, split_group, write_plan
from ferbeam.analysis.render_span import load_overlay, render_guarded
from ferbeam.output.costs import Costs, timed
from ferbeam.output.folder import Output
from ferbeam.output.gather_run import gather_run
from ferbeam.output.listed_media import read_listed
from ferbeam.output.plan_parts import Found
from ferbeam.output.read_tables import find_span
from ferbeam.output.start_marks import StartMarks
from ferbeam.output.tables import TableFiles
from ferbeam.output.write_part import write_part
from ferbeam.settings import RenderSettings, RowSettings, Told

FAILURES = "failures"
COSTS = "costs"
COMMITTED = "committed"
TO_RENDER = "to_render"
LINKED = "linked"
RENDERED = "rendered"

Lister = Callable[[str], Iterator[Medium | Failure]]
"""From INPUT to its media, and what could not be listed."""


class Step(beam.DoFn):
    """A step that has more than one output.

    Attributes:
        main: names what it yields as it is.
        beside: name what it yields tagged.
    """

    main: ClassVar[str]
    beside: ClassVar[tuple[str, ...]]

    def with_outputs(self) -> beam.PTransform:
        """Returns the step as a transform that gives all its outputs by their names."""
        return beam.ParDo(self).with_outputs(*self.beside, main=self.main)


class ListMedia(Step):
    """INPUT to groups of media that are opened together; failures and costs beside."""

    main, beside = "media", (FAILURES, COSTS)

    def __init__(self, list_input: Lister = list_media) -> None:
        self._list_input = list_input

    def process(self, root: str | bytes) -> Iterator[tuple[Medium, ...] | pvalue.TaggedOutput]:
        costs: Costs = {}
        with timed(costs, "list") as counts:
            found = list(self._list_input(os.fsdecode(root)))
            failures = [failure for failure in found if isinstance(failure, Failure)]
            media = [medium for medium in found if isinstance(medium, Medium)]
            counts["media"] = len(media)
        yield pvalue.TaggedOutput(COSTS, costs)
        yield from (pvalue.TaggedOutput(FAILURES, failure) for failure in failures)
        yield from group_media(media)


class ReadListed(Step):
    """What the command has listed to groups of media that are to be opened together."""

    main, beside = "media", (FAILURES, COSTS)

    def __init__(self, output: Output) -> None:
        self._output = output

    def process(self, run_id: str) -> Iterator[tuple[Medium, ...] | pvalue.TaggedOutput]:
        costs: Costs = {}
        with timed(costs, "list") as counts:
            listed = read_listed(self._output, run_id)
            counts["media"] = len(listed.media)
        yield pvalue.TaggedOutput(COSTS, costs)
        groups: dict[str, list[Medium]] = {}
        for medium in listed.media:
            if medium.todo:
                groups.setdefault(medium.group, []).append(medium_of(medium))
        yield from map(tuple, groups.values())


class PlanSpans(Step):
    """Opens the media of a group and plans their spans; failures and costs beside.

    The plan is written down: it tells the progress, and a later run the identity of the media.
    """

    main, beside = "spans", (FAILURES, COSTS)

    def __init__(self, settings: RowSettings, span_s: float, output: Output) -> None:
        self._settings, self._span_s, self._output = settings, span_s, output

    def process(self, group: tuple[Medium, ...]) -> Iterator[ReadTask | pvalue.TaggedOutput]:
        costs: Costs = {}
        with timed(costs, "probe") as counts:
            opened, failures, lost = open_group(group, self._settings, self._output)
            counts["media"] = len(group)
        planned: list[ReadTask] = []
        with timed(costs, "plan") as counts:
            for part, own in split_group(group, opened):
                own, readings, unplanned = plan_or_fail(part, own, self._settings, self._span_s)
                write_plan(self._output, part, own, readings)
                planned += readings
                failures += unplanned
            counts["spans"] = sum(len(reading) for reading in planned)
        yield pvalue.TaggedOutput(COSTS, costs)
        yield from (pvalue.TaggedOutput(FAILURES, each) for each in (*failures, *lost))
        yield from planned


class DetectFaces(Step):
    """A reading to its spans with faces and crops: the only step with pixels.

    A span that is committed already goes on as its reference.
    """

    main, beside = "faces", (COMMITTED,)

    def __init__(
        self, settings: RowSettings, output: Output, detector_model: str | None = None
    ) -> None:
        self._settings, self._output, self._model = settings, output, detector_model

    def setup(self) -> None:
        limit_threads()
        self._detectors = Detectors(self._settings.detector, self._model)

    def process(self, reading: ReadTask) -> Iterator[DetectedSpan | pvalue.TaggedOutput]:
        todo: list[Span] = []
        for span in reading:
            if find_span(self._output, span.key) is not None:
                yield pvalue.TaggedOutput(COMMITTED, span.reference())
            else:
                todo.append(span)
        if todo:
            marks, limit = StartMarks(self._output), self._settings.max_pixels
            yield from detect_guarded(tuple(todo), limit, self._detectors, marks)


class LinkTracks(Step):
    """The committed spans of a medium to its faces with tracks; what is to be rendered beside."""

    main, beside = LINKED, (TO_RENDER,)

    def __init__(self, output: Output, render: RenderSettings | None, told: Told) -> None:
        self._output, self._render, self._told = output, render, told

    def process(
        self, gathered: tuple[str, Iterable[Span]]
    ) -> Iterator[tuple[str, LinkedGroup] | pvalue.TaggedOutput]:
        spans = list(gathered[1])
        with naming(spans[0].media[0].name):
            linked, tasks = link_group(self._output, spans, self._render, self._told)
        yield gathered[0], linked
        yield from (pvalue.TaggedOutput(TO_RENDER, task) for task in tasks)


class RenderSpan(beam.DoFn):
    """A stretch of a video, or pictures, drawn and encoded: its reference, keyed by its group."""

    def __init__(self, output: Output, render: RenderSettings) -> None:
        self._output, self._render = output, render

    def setup(self) -> None:
        limit_threads()
        self._overlay = load_overlay(self._render)

    def process(self, task: SpanToRender) -> Iterator[tuple[str, RenderedSpan]]:
        yield task.group, render_guarded(self._output, task, self._overlay, self._render)


class JoinSpans(beam.DoFn):
    """The rendered spans of a medium to its annotated copy, and its last tables."""

    def __init__(self, output: Output, render: RenderSettings | None) -> None:
        self._output, self._render = output, render

    def process(self, gathered: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[TableFiles]:
        linked, *_ = gathered[1][LINKED]
        with naming(str(linked.media[0]["media"])):
            joined = join_group(self._output, linked, gathered[1].get(RENDERED, ()), self._render)
        yield joined


class GatherRun(beam.DoFn):
    """Everything a run has found, as one file for the command that started it.

    The file tells, too, when the pipeline was built (when this step was) and when it was through.

    Yields:
        The numbers of the parts of the tables that are to be written: of what the command listed.
    """

    def __init__(self, output: Output, run_id: str, listed: bool) -> None:
        self._output, self._run_id, self._listed = output, run_id, listed
        self._built = time.time()

    def process(self, gathered: tuple[str, dict[str, Iterable[object]]]) -> Iterator[int]:
        groups = [part for part in gathered[1]["tables"] if isinstance(part, TableFiles)]
        beside = list(gathered[1]["beside"])
        failures = [part for part in beside if isinstance(part, Failure)]
        failures += [failure for group in groups for failure in group.unopened]
        costs = [part for part in beside if isinstance(part, dict)]
        retry = {part for part in beside if isinstance(part, str)}
        known = None
        if self._listed:
            known = read_listed(self._output, self._run_id), Found(groups, failures, retry)
        yield from gather_run(self._output, self._run_id, known, costs, self._built)


class WriteParts(beam.DoFn):
    """A part of the tables to its files, which the command puts in place."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def process(self, number: int) -> None:
        write_part(self._output, number)
