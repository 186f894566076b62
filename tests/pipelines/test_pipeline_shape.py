"""What is fused with what, and what crosses a shuffle: any runner that fuses does the same."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pipeline import PipelineVisitor
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from ferbeam.analysis.list_media import list_input
from ferbeam.analysis.pipeline import build_pipeline
from ferbeam.output.folder import Output
from ferbeam.output.listed_media import Listed, ListedMedium, write_listed
from tests.pipelines.jobs import SAMPLES
from tests.pipelines.planned import settings_for

MOST_BYTES = 40_000
"""Of one element in a shuffle: a frame has 300,000, the crops of ten seconds 200,000."""


def build(source: str, output: str) -> beam.Pipeline:
    pipeline = beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([]))
    build_pipeline(pipeline, settings_for(source, output))
    return pipeline


@pytest.fixture(scope="module")
def stages() -> list[set[str]]:
    """The steps of each fused stage, by the first part of their names."""
    _, fused = FnApiRunner().create_stages(
        build("gs://bucket/in", "gs://bucket/out").to_runner_api()
    )
    return [{step.unique_name.partition("/")[0] for step in stage.transforms} for stage in fused]


def stage_of(stages: list[set[str]], step: str) -> set[str]:
    (stage,) = (stage for stage in stages if step in stage)
    return stage


def test_detection_classification_and_commit_are_one_stage(stages: list[set[str]]) -> None:
    together = stage_of(stages, "DetectFaces")
    assert {"DetectFaces", "ClassifyFaces", "CommitSpan"} < together
    assert together.isdisjoint({"ListMedia", "PlanSpans", "LinkTracks", "RenderSpan", "JoinSpans"})


def test_what_should_spread_over_workers_starts_a_stage_of_its_own(stages: list[set[str]]) -> None:
    heavy = ("PlanSpans", "DetectFaces", "LinkTracks", "RenderSpan", "JoinSpans")
    assert [set(heavy) & stage_of(stages, step) for step in heavy] == [{step} for step in heavy]


class Measure(beam.DoFn):
    """Notes the size of every element."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def process(self, element: Any) -> Iterator[None]:
        """Writes it down."""
        with self._path.open("a") as file:
            file.write(f"{len(pickle.dumps(element))}\n")
        yield from ()


class Shuffles(PipelineVisitor):
    """Finds what goes into every shuffle."""

    def __init__(self) -> None:
        self.inputs: dict[str, beam.PCollection] = {}

    def visit_transform(self, applied: Any) -> None:
        """Notes the input of a shuffle."""
        if isinstance(applied.transform, beam.GroupByKey):
            self.inputs[applied.full_label] = applied.inputs[0]


def test_nothing_but_references_crosses_a_shuffle(tmp_path: Path) -> None:
    source, output = str(SAMPLES / "videos/portrait.mp4"), Output(str(tmp_path / "out"))
    (medium,) = list_input(source).media
    listed = ListedMedium(
        *(medium.name, os.fsencode(medium.path), medium.kind, medium.size, medium.mtime_ns),
        *("a" * 32, True),
    )
    write_listed(output, "0" * 12, Listed([listed], [], ""))
    pipeline = build(source, output.root)
    shuffles = Shuffles()
    pipeline.visit(shuffles)
    steps = {label.partition("/")[0] for label in shuffles.inputs}
    rendered = {"SpreadRendering", "RenderedByMedium"}
    assert steps == {
        "SpreadMedia",
        "SpreadSpans",
        "ByMedium",
        "GatherRun",
        "SpreadParts",
        *rendered,
    }
    for number, (label, collection) in enumerate(shuffles.inputs.items()):
        path = tmp_path / label.partition("/")[0]
        _ = collection | f"Measure{number}" >> beam.ParDo(Measure(path))
    pipeline.run().wait_until_finish()
    for step in steps:
        sizes = [int(line) for line in (tmp_path / step).read_text().splitlines()]
        assert sizes, step
        assert max(sizes) < MOST_BYTES, step
