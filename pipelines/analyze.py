"""The analysis job: the whole pipeline on one screen."""

from __future__ import annotations

import apache_beam as beam
from apache_beam.ml.inference.base import RunInference

from pipelines.inference import SpanModelHandler
from pipelines.output import Output
from pipelines.settings import AnalyzeSettings
from pipelines.transforms import (
    COMMITTED,
    COSTS,
    FAILURES,
    CommitSpan,
    DetectFaces,
    GatherRun,
    LinkTracks,
    ListMedia,
    PlanSpans,
)


def build_pipeline(pipeline: beam.Pipeline, settings: AnalyzeSettings) -> None:
    """Adds the steps of the analysis to a pipeline.

    Pixels stay inside DetectFaces, crops inside its stage; only references cross a shuffle.
    """
    output, rows = Output(settings.output), settings.rows
    listed = (
        pipeline
        | "Input" >> beam.Create([settings.input])
        | "ListMedia" >> beam.ParDo(ListMedia()).with_outputs(FAILURES, COSTS, main="media")
    )
    planned = (
        listed.media
        | "SpreadMedia" >> beam.Reshuffle()
        | "PlanSpans"
        >> beam.ParDo(PlanSpans(rows, settings.span_s, output)).with_outputs(
            FAILURES, COSTS, main="spans"
        )
    )
    detected = (
        planned.spans
        | "SpreadSpans" >> beam.Reshuffle()
        | "DetectFaces"
        >> beam.ParDo(DetectFaces(rows, output, settings.detector_model)).with_outputs(
            COMMITTED, main="faces"
        )
    )
    committed = (
        detected.faces
        | "ClassifyFaces" >> RunInference(SpanModelHandler(settings.model_dir, rows.engine))
        | "CommitSpan" >> beam.ParDo(CommitSpan(output))
    )
    tables = (
        (committed, detected[COMMITTED])
        | "References" >> beam.Flatten()
        | "ByMedium" >> beam.GroupByKey()
        | "LinkTracks" >> beam.ParDo(LinkTracks(output))
    )
    beside = (
        listed[FAILURES],
        listed[COSTS],
        planned[FAILURES],
        planned[COSTS],
    ) | "Beside" >> beam.Flatten()
    _ = (
        {
            "tables": tables | "OfTheRun" >> beam.WithKeys("run"),
            "beside": beside | "InTheRun" >> beam.WithKeys("run"),
        }
        | "GatherRun" >> beam.CoGroupByKey()
        | "WriteRun" >> beam.ParDo(GatherRun(output, settings.run_id))
    )
