"""Rows do not depend on workers, on the length of spans, or on which media come together."""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import pandas as pd
import pytest
from av.video.frame import PictureType

from fer_core.video.index import index_video
from fer_core.video.spans import plan_spans
from tests.bench.generated import SCENARIOS, make_clip
from tests.pipelines.jobs import SAMPLES, analyze, assert_same_rows, frames_of

SHIFT = 12
"""Frames by which a keyframe comes before or after the one at which people come and go."""


def cut_often(source: Path, path: Path, first: int) -> Path:
    """Encodes a clip anew with a keyframe every 2 s, the first after so many frames."""
    with av.open(str(source)) as shown, av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height = 640, 360
        for at, frame in enumerate(shown.decode(video=0)):
            again = av.VideoFrame.from_ndarray(frame.to_ndarray(format="yuv420p"), "yuv420p")
            again.pict_type = PictureType.I if (at - first) % 50 == 0 else PictureType.NONE
            output.mux(stream.encode(again))
        output.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Videos with faces that come and go, also where segments start, and some pictures."""
    folder = tmp_path_factory.mktemp("media")
    shutil.copy(SAMPLES / "videos/two_faces.mp4", folder)
    for picture in ("group.png", "no_face.jpg", "rotated.jpg"):
        shutil.copy(SAMPLES / "pictures" / picture, folder)
    entering = folder.parent / "entering.mp4"
    make_clip(entering, SCENARIOS["entering"], 11, 8)
    cut_often(entering, folder / "borders.mp4", 0)
    cut_often(entering, folder / "shifted.mp4", SHIFT)
    return folder


@pytest.fixture(scope="module")
def reference(media: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of one worker and spans of 10 s."""
    output = tmp_path_factory.mktemp("reference")
    analyze(media, output, "--workers", "1", "--sample-fps", "4")
    return output


def test_there_are_rows_to_compare(reference: Path) -> None:
    rows = frames_of(reference)
    assert len(rows["faces"]) > 30
    assert set(rows["frames"].status) == {"ok", "no_face"}
    assert len(rows["media"]) == 6
    for name in ("borders.mp4", "shifted.mp4"):
        counts = rows["frames"][rows["frames"].media == name].face_count
        assert counts.nunique() > 2


def test_segments_start_while_faces_come_and_go(media: Path) -> None:
    for name, starts in (("borders.mp4", [0, 50, 100, 150]), ("shifted.mp4", [0, 62, 112, 162])):
        readings = plan_spans(index_video(media / name), None, 2)
        spans = [span for reading in readings for span in reading]
        found = [span.frame_index[at] for span in spans for at in span.segment_starts]
        assert found == starts


@pytest.mark.parametrize(
    "options",
    [
        ("--workers", "2", "--span-s", "2"),
        pytest.param(("--workers", "1", "--span-s", "1000"), marks=pytest.mark.long),
    ],
)
def test_rows_are_the_same_for_workers_and_span_lengths(
    options: tuple[str, ...], media: Path, reference: Path, tmp_path: Path
) -> None:
    analyze(media, tmp_path / "out", "--sample-fps", "4", *options)
    assert_same_rows(tmp_path / "out", reference)


def test_pictures_one_by_one_have_the_rows_of_pictures_together(
    media: Path, reference: Path, tmp_path: Path
) -> None:
    parts = []
    for picture in ("group.png", "rotated.jpg"):
        output = tmp_path / picture
        analyze(media / picture, output, "--workers", "1", "--sample-fps", "4")
        parts.append(frames_of(output)["faces"])
    together = frames_of(reference)["faces"]
    expected = together[together.media.isin(["group.png", "rotated.jpg"])].reset_index(drop=True)
    alone = pd.concat(parts).reset_index(drop=True)
    assert len(alone) == 4
    pd.testing.assert_frame_equal(alone, expected, check_exact=False, atol=1e-4)
