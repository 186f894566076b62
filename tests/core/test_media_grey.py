"""Grey is grey: from every pixel format and orientation, and the same for a picture and a video."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.stream import VideoStream
from numpy.typing import NDArray

from fer_core.pictures import read_coloured
from fer_core.video.frames import read_spans
from fer_core.video.grey import grey_of
from fer_core.video.index import index_video
from fer_core.video.spans import plan_spans
from tests.core.clips import Clip, draw_pattern, make_clip, read_number

LOSSLESS = {"qp": "0", "x264-params": "threads=1"}


def draw_colours() -> NDArray[np.uint8]:
    """Draws a picture of many colours that change slowly, as a face does: uint8 (120, 160, 3)."""
    y, x = np.mgrid[0:120, 0:160]
    waves = [np.sin(x / 17) * np.cos(y / 23), np.sin((x + y) / 31), np.cos((2 * x - y) / 29)]
    return np.stack([128 + 120 * wave for wave in waves], axis=-1).astype(np.uint8)


def write_one_frame(path: Path, codec: str, pix_fmt: str, options: dict[str, str]) -> Path:
    frame = av.VideoFrame.from_ndarray(draw_colours(), format="rgb24")
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=25, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, pix_fmt
        frame = frame.reformat(format=pix_fmt)
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def read_first(path: Path) -> NDArray[np.uint8]:
    reading = plan_spans(index_video(path), None, 10)[0]
    grey = next(read_spans(path, reading)).grey
    assert grey is not None
    return grey


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "options"),
    [
        ("ffv1", "bgr0", {}),
        ("ffv1", "gray", {}),
        ("ffv1", "gray16le", {}),
        ("ffv1", "gbrp10le", {}),
        ("ffv1", "yuv444p", {}),
        ("ffv1", "yuv420p10le", {}),
        ("ffv1", "yuva420p", {}),
        ("libx264", "yuv444p", LOSSLESS),
        ("libx264", "yuv420p", LOSSLESS),
        ("libx264", "yuv422p10le", LOSSLESS),
        ("libx264rgb", "rgb24", LOSSLESS),
        ("mjpeg", "yuvj420p", {"q": "1"}),
        ("rawvideo", "nv12", {}),
        ("rawvideo", "yuyv422", {}),
    ],
)
def test_a_picture_and_its_one_frame_video_are_the_same_grey(
    tmp_path: Path, codec: str, pix_fmt: str, options: dict[str, str]
) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(cv2.imencode(".png", draw_colours()[:, :, ::-1])[1].tobytes())
    video = write_one_frame(tmp_path / "video.mkv", codec, pix_fmt, options)
    difference = np.abs(read_coloured(picture)[0].astype(int) - read_first(video))
    assert difference.mean() <= 2.0
    assert difference.max() <= 6


def test_a_gif_is_converted_from_its_palette(tmp_path: Path) -> None:
    frame = av.VideoFrame.from_ndarray(draw_pattern(5, 96, 64), format="gray")
    with av.open(str(tmp_path / "a.gif"), "w") as output:
        stream = output.add_stream("gif", rate=10)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "rgb8"
        output.mux(stream.encode(frame.reformat(format="rgb8")))
        output.mux(stream.encode(None))
    grey = read_first(tmp_path / "a.gif")
    assert read_number(grey) == 5
    assert np.abs(grey.astype(int) - draw_pattern(5, 96, 64)).mean() < 20  # 8 levels of red


@pytest.mark.parametrize("hflip", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_frames_are_turned_as_the_display_matrix_says(
    tmp_path: Path, rotation: int, hflip: bool
) -> None:
    clip = Clip(options=LOSSLESS, frames=3, rotation=rotation, hflip=hflip)
    path = make_clip(tmp_path / "turned.mp4", clip)
    info = index_video(path).info
    upright = np.rot90(draw_pattern(0, 96, 64), -rotation // 90)
    if hflip:
        upright = upright[:, ::-1]
    else:
        assert info.rotation == rotation
    assert (info.height, info.width) == upright.shape
    assert np.abs(read_first(path).astype(int) - upright).max() <= 1


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_black_and_white_of_limited_range_become_0_and_255(bits: int) -> None:
    name = {8: "yuv420p", 10: "yuv420p10le", 12: "yuv420p12le", 16: "yuv420p16le"}[bits]
    for level, grey in ((0, 0), (16, 0), (235, 255), (255, 255), (126, 128)):
        frame = av.VideoFrame(34, 18, name)
        plane = frame.planes[0]
        count = plane.buffer_size // (1 if bits == 8 else 2)
        kind = np.uint8 if bits == 8 else np.uint16
        plane.update(np.full(count, level << (bits - 8), kind).tobytes())
        assert grey_of(frame).shape == (18, 34)
        assert np.abs(grey_of(frame).astype(int) - grey).max() <= 1


def test_full_range_is_kept() -> None:
    frame = av.VideoFrame(34, 18, "yuv420p")
    frame.planes[0].update(bytes([7]) * frame.planes[0].buffer_size)
    frame.color_range = 2
    assert set(grey_of(frame).ravel().tolist()) == {7}


def test_grey_does_not_share_memory_with_the_decoder() -> None:
    frame = av.VideoFrame(34, 18, "gray")
    frame.planes[0].update(bytes([7]) * frame.planes[0].buffer_size)
    grey = grey_of(frame)
    frame.planes[0].update(bytes([9]) * frame.planes[0].buffer_size)
    assert grey.flags.c_contiguous
    assert set(grey.ravel().tolist()) == {7}
