"""The analysis job: the whole pipeline on one screen."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import apache_beam as beam
from apache_beam.ml.inference.base import RunInference

from ferbeam.analysis.classify_faces import SpanModelHandler
from ferbeam.analysis.commit_span import CommitSpan
from ferbeam.analysis.list_media import list_media
from ferbeam.analysis.transforms import (
    COMMITTED,
    COSTS,
    FAILURES,
    LINKED,
    RENDERED,
    TO_RENDER,
    DetectFaces,
    GatherRun,
    JoinSpans,
    LinkTracks,
    ListMedia,
    PlanSpans,
    ReadListed,
    RenderSpan,
    WriteParts,
)
from ferbeam.output.folder import Output
from ferbeam.settings import AnalyzeSettings


def build_pipeline(pipeline: beam.Pipeline, settings: AnalyzeSettings) -> None:
    """Adds the steps of the analysis to a pipeline.

    Pixels stay inside DetectFaces, crops inside its stage; only references cross a shuffle.
    """
    output, rows = Output(settings.output), settings.rows
    listed = _list(pipeline, settings)
    planned = (
        listed.media
        | "SpreadMedia" >> beam.Reshuffle()
        | "PlanSpans" >> PlanSpans(rows, settings.span_s, output).with_outputs()
    )
    detected = (
        planned.spans
        | "SpreadSpans" >> beam.Reshuffle()
        | "DetectFaces" >> DetectFaces(rows, output, settings.detector_model).with_outputs()
    )
    committed = (
        detected.faces
        | "OneByOne" >> beam.Map(lambda span: (span,))
        | "ClassifyFaces"
        >> RunInference(SpanModelHandler(settings.model_dir, rows.engine, rows.prior))
        | "CommitSpan" >> beam.ParDo(CommitSpan(output))
    )
    linked = (
        (committed, detected[COMMITTED])
        | "References" >> beam.Flatten()
        | "ByMedium" >> beam.GroupByKey()
        | "LinkTracks" >> LinkTracks(output, settings.render, settings.told).with_outputs()
    )
    parts = {LINKED: linked[LINKED]}
    if settings.render is not None:
        parts[RENDERED] = (
            linked[TO_RENDER]
            | "SpreadRendering" >> beam.Reshuffle()
            | "RenderSpan" >> beam.ParDo(RenderSpan(output, settings.render))
        )
    tables = (
        parts
        | "RenderedByMedium" >> beam.CoGroupByKey()
        | "JoinSpans" >> beam.ParDo(JoinSpans(output, settings.render))
    )
    told = [outputs[name] for outputs in (listed, planned) for name in (FAILURES, COSTS)]
    beside = told | "Beside" >> beam.Flatten()
    _ = (
        {
            "tables": tables | "OfTheRun" >> beam.WithKeys("run"),
            "beside": beside | "InTheRun" >> beam.WithKeys("run"),
        }
        | "GatherRun" >> beam.CoGroupByKey()
        | "PlanParts" >> beam.ParDo(GatherRun(output, settings.run_id, settings.listed))
        | "SpreadParts" >> beam.Reshuffle()
        | "WriteParts" >> beam.ParDo(WriteParts(output))
    )


def _list(pipeline: beam.Pipeline, settings: AnalyzeSettings) -> Any:
    """Adds the step that gives what is to be done: what the command has listed, or all of INPUT."""
    if settings.listed:
        begin = pipeline | "Input" >> beam.Create([settings.run_id])
        return begin | "ListMedia" >> ReadListed(Output(settings.output)).with_outputs()
    begin = pipeline | "Input" >> beam.Create([os.fsencode(settings.input)])  # strings are UTF-8
    return (
        begin | "ListMedia" >> ListMedia(partial(list_media, picks=settings.picks)).with_outputs()
    )
