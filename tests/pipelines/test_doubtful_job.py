"""What a whole job does with what it follows in a film and is never sure of."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.core.yunet_file import draw_eyes, write_yunet
from tests.pipelines.jobs import analyze, ferbeam, frames_of

SURE, FAINT = (150, 120), (450, 120)
LIGHTS = {SURE: 240, FAINT: 143}
"""Of two faces, as the small network sees them: its scores are .97 and .75."""


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of 2 s of both."""
    folder = tmp_path_factory.mktemp("film")
    frame = np.full((240, 640), 40, np.uint8)
    for middle, light in LIGHTS.items():
        draw_eyes(frame, middle, 40, light=light)
    with av.open(str(folder / "a.mp4"), "w") as output:
        stream = output.add_stream("libx264", rate=10, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 640, 240, "yuv420p"
        for _ in range(20):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "gray")))
        output.mux(stream.encode(None))
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_yunet(tmp_path_factory.mktemp("yunet") / "dots.onnx")


def middle_frame(path: Path) -> NDArray[np.float32]:
    """Reads the tenth frame of a film in grey, float32 (240, 640)."""
    with av.open(str(path)) as video:
        frames = [frame.to_ndarray(format="gray") for frame in video.decode(video=0)]
    return frames[10].astype(np.float32)


@pytest.mark.parametrize(("overlay", "drawn"), [("emoji", [SURE]), ("cover", [SURE, FAINT])])
def test_it_has_no_row_and_yet_is_covered(
    media: Path, model: Path, tmp_path: Path, overlay: str, drawn: list[tuple[int, int]]
) -> None:
    output = tmp_path / "out"
    options = ("--detector-model", str(model), "--workers", "1", "--span-s", "1")
    analyze(media, output, "--overlay", overlay, *options)
    tables = frames_of(output)
    faces = tables["faces"]
    assert faces.media.count() == 20
    assert faces.box_x.max() < 320
    assert faces.detector_score.min() > 0.9
    assert set(faces.person_id) == set(faces.face_index) == {0}
    assert set(tables["frames"].face_count) == {1}
    assert tables["media"].face_count.item() == 20
    assert tables["media"].track_count.item() == 1
    assert ferbeam("verify", output).returncode == 0
    changed = np.abs(middle_frame(output / "annotated/a.mp4.mp4") - middle_frame(media / "a.mp4"))
    for x, y in LIGHTS:
        around = changed[y - 60 : y + 60, x - 60 : x + 60]
        assert ((around > 25).mean() > 0.05) == ((x, y) in drawn)
