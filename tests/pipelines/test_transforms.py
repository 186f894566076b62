"""The steps by themselves: what they do with spans that are committed, and spans that are not."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.ml.inference.base import PredictionResult
from apache_beam.testing import test_pipeline
from apache_beam.testing.util import assert_that

from fer_core.detect_faces import Detections, SampledFrame
from ferbeam.analysis.commit_span import CommitSpan
from ferbeam.analysis.elements import DetectedSpan, Span
from ferbeam.analysis.read_frames import AHEAD_PIXELS, MOST_AHEAD, read_ahead
from ferbeam.analysis.transforms import COMMITTED, DetectFaces
from ferbeam.output.folder import Output
from tests.pipelines.jobs import SAMPLES
from tests.pipelines.planned import SETTINGS, planned


@pytest.fixture
def output(tmp_path: Path) -> Output:
    """An OUTPUT that holds nothing yet."""
    return Output(str(tmp_path / "out"))


def commit(span: Span, output: Output) -> tuple[str, Span]:
    """Commits a span in which nothing was found."""
    result = PredictionResult(DetectedSpan(span, Detections()), np.empty((0, 7), np.float32))
    (reference,) = CommitSpan(output).process(result)
    return reference


def keys_are(*wanted: str) -> Callable[[Iterable[DetectedSpan]], None]:
    """Checks the keys of detected spans, and that each brings the crops of its faces."""

    def check(spans: Iterable[DetectedSpan]) -> None:
        found = list(spans)
        assert sorted(detected.span.key for detected in found) == sorted(wanted)
        for detected in found:
            assert len(detected.found.crops) == len(detected.found.faces)
            assert len(detected.found.frames) == detected.span.frame_total

    return check


def test_committed_spans_go_on_as_references_and_the_others_are_detected(output: Output) -> None:
    readings = planned(SAMPLES / "videos/one_face.mp4", output)
    done, *todo = [span for reading in readings for span in reading]
    reference = commit(done, output)
    with test_pipeline.TestPipeline(runner="FnApiRunner") as pipeline:
        detected = (
            pipeline
            | beam.Create(readings)
            | beam.ParDo(DetectFaces(SETTINGS, output)).with_outputs(COMMITTED, main="faces")
        )
        assert_that(detected.faces, keys_are(*(span.key for span in todo)), "todo")
        assert_that(detected[COMMITTED], lambda found: _equal(found, [reference]), "done")


def _equal(found: list[object], wanted: list[object]) -> None:
    assert found == wanted


def test_a_reference_is_small_and_holds_no_rows(output: Output) -> None:
    (reading, *_) = planned(SAMPLES / "videos/one_face.mp4", output)
    group, reference = commit(reading[0], output)
    assert group == reading[0].group
    assert reference.key == reading[0].key
    assert reference.video is None


def test_span_keys_follow_from_the_file_and_the_settings(output: Output, tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    shutil.copy(SAMPLES / "composites/happy.png", source)
    ((before,),) = planned(source, output)
    assert planned(source, output) == [(before,)]
    shutil.copy(SAMPLES / "composites/sad.png", source / "happy.png")
    ((after,),) = planned(source, output)
    assert after.group == before.group
    assert after.key != before.key


def test_a_picture_cut_short_is_a_lost_frame_beside_the_others(
    output: Output, tmp_path: Path
) -> None:
    shutil.copy(SAMPLES / "composites/happy.png", tmp_path / "whole.png")
    (tmp_path / "cut.jpg").write_bytes((SAMPLES / "pictures/happy.jpg").read_bytes()[:5000])
    readings = planned(tmp_path, output)
    step = DetectFaces(SETTINGS, output)
    step.setup()
    statuses = {
        row["media"]: row["status"]
        for reading in readings
        for detected in step.process(reading)
        for row in detected.found.frames
    }
    assert statuses == {"whole.png": "ok", "cut.jpg": "decode_error"}


@pytest.mark.parametrize(("side", "decoded"), [(2048, 1), (1024, 4), (64, 1), (None, 1)])
def test_a_few_frames_are_read_ahead_each_once_and_in_order(side: int | None, decoded: int) -> None:
    taken: list[int] = []

    def read() -> Iterator[SampledFrame]:
        grey = None if side is None else np.zeros((side, side), np.uint8)
        for index in range(150):
            taken.append(index)
            yield SampledFrame("a.mp4", index, index, grey, decoded=decoded)

    most = MOST_AHEAD if side is None else AHEAD_PIXELS // (side * side * decoded)
    for done, frame in enumerate(read_ahead(read())):
        assert frame.frame_index == done
        assert len(taken) - done <= min(most, MOST_AHEAD)
    assert taken == list(range(150))
