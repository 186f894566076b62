"""Writes a span with its scores: one file, and a reference to it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import apache_beam as beam
from apache_beam.ml.inference.base import PredictionResult

from fer_core.committed_span import span_table
from ferbeam.analysis.blame import naming
from ferbeam.analysis.elements import (
    DetectedSpan,
    Span,
)
from ferbeam.output.costs import Costs, timed
from ferbeam.output.folder import Output
from ferbeam.output.start_marks import StartMarks
from ferbeam.output.tables import COUNTS_KEY


class CommitSpan(beam.DoFn):
    """Writes a span with its scores as one file; emits its reference, no rows."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def process(self, result: PredictionResult) -> Iterator[tuple[str, Span]]:
        detected: DetectedSpan = result.example
        costs: Costs = {}
        with naming(detected.span.media[0].name), timed(costs, "commit") as counts:
            table = span_table(detected.found, result.inference)
            known = {"frames": len(detected.found.frames), "faces": len(detected.found.faces)}
            facts = {COUNTS_KEY.decode(): json.dumps({**known, "costs": detected.costs})}
            path = self._output.span_path(detected.span.key)
            counts.update(spans=1, bytes=self._output.write_table(path, table, facts))
        if not detected.found.failures:  # else, if it is read once more, then apart
            StartMarks(self._output).end(detected.span.key)
        yield detected.span.reference({**detected.costs, **costs})
