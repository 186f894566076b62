"""Pixels as a player shows them: square, of standard range, and of one moment each."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from numpy.typing import NDArray

from fer_core.video.frames import Frame, read_spans
from fer_core.video.index import index_video
from fer_core.video.spans import plan_spans
from ferbeam.live.playback import _read_frames
from tests.core.rendering import read_copy, render
from tests.core.stills import make_still

PQ, HLG, BT2020, BT709 = 16, 18, 9, 1
LEVELS = (0.1, 0.3, 0.4, 0.5, 0.58, 0.75)
"""Of the signal: skin is at some 0.4, white at 0.58 of PQ and 0.75 of HLG."""


def read_all(path: Path) -> list[Frame]:
    readings = plan_spans(index_video(path), None, 1000)
    return [frame for reading in readings for frame in read_spans(path, reading)]


@pytest.mark.parametrize(
    ("aspect", "rotation", "size"),
    [
        (Fraction(2), 0, (320, 120)),
        (Fraction(1, 2), 0, (160, 240)),
        (Fraction(16, 15), 0, (171, 120)),
        (Fraction(2), 90, (120, 320)),
        (Fraction(1000), 0, (160, 120)),
    ],
)
def test_pixels_are_square(
    tmp_path: Path, aspect: Fraction, rotation: int, size: tuple[int, int]
) -> None:
    made = make_still(tmp_path / "a.mp4", "libx264", "yuv420p", sample_aspect_ratio=aspect)
    path = tmp_path / "b.mp4"
    with av.open(str(made)) as source, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        if rotation:
            stream.set_display_rotation(-rotation)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
    info = index_video(path).info
    stored = index_video(path).look
    assert (stored.width, stored.height) == (160, 120)
    assert (info.width, info.height) == size
    frame = read_all(path)[0]
    assert frame.grey is not None
    assert frame.colour is not None
    assert frame.grey.shape == size[::-1]
    played = next(_read_frames(str(path)))
    assert played.grey().shape == size[::-1]
    assert played.colour(*size).shape == (*size[::-1], 3)
    copy, _ = render(path)
    with av.open(str(copy)) as container:
        video = container.streams.video[0]
        even = tuple(side + side % 2 for side in size)
        assert (video.width, video.height) == even
        assert video.sample_aspect_ratio in (None, 1)


def make_hdr(path: Path, transfer: int) -> Path:
    """Writes a frame of 10 bits for each of the levels."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=5, options={"qp": "0"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p10le"
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace = transfer, BT2020, BT2020
        context.color_range = 1
        for number, level in enumerate(LEVELS):
            frame = av.VideoFrame(64, 48, "yuv420p10le")
            for plane, value in zip(frame.planes, (64 + round(876 * level), 512, 512), strict=True):
                plane.update(np.full(plane.buffer_size // 2, value, "<u2").tobytes())
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("transfer", [PQ, pytest.param(HLG, marks=pytest.mark.long)])
def test_high_range_is_brought_to_what_a_screen_shows(tmp_path: Path, transfer: int) -> None:
    path = make_hdr(tmp_path / "a.mp4", transfer)
    grey = [int(frame.grey[20, 20]) for frame in read_all(path) if frame.grey is not None]
    # Without conversion it would be washed out: too bright where it is dark, and never white.
    plain = [round(255 * level) for level in LEVELS]
    assert grey == sorted(grey)
    assert max(abs(one - other) for one, other in zip(grey, plain, strict=True)) > 12
    assert grey[-1] > 170
    copy, _ = render(path)
    with av.open(str(copy)) as container:
        context = container.streams.video[0].codec_context
        tags = (context.color_trc, context.color_primaries, context.colorspace)
        assert tags == (BT709, BT709, BT709)
    luma = [int(frame.pixels[20, 20]) for frame in read_copy(copy)]
    np.testing.assert_allclose(luma, [16 + value * 219 / 255 for value in grey], atol=1.5)


def combing(luma: NDArray[np.uint8]) -> float:
    """Returns how much rows differ from both of their neighbours, which of fields they do."""
    rows = luma.astype(int)
    return float(np.abs(2 * rows[1:-1] - rows[:-2] - rows[2:]).mean())


def test_copies_of_interlaced_video_are_progressive(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    options = {"qp": "0", "x264-params": "tff=1"}
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(12):
            fields = []
            for at in (2 * number, 2 * number + 1):  # a bar that moves from field to field
                field = np.full((64, 96), 60, np.uint8)
                field[:, 3 * at : 3 * at + 12] = 200
                fields.append(field)
            woven = fields[0].copy()
            woven[1::2] = fields[1][1::2]
            frame = av.VideoFrame.from_ndarray(woven, "gray").reformat(format="yuv420p")
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    assert index_video(path).look.interlaced
    copy, joined = render(path)
    assert joined.frame_count == 12
    with av.open(str(path)) as source, av.open(str(copy)) as shown:
        before = [frame.to_ndarray(format="gray") for frame in source.decode(video=0)]
        frames = list(shown.decode(video=0))
    assert not any(frame.interlaced_frame for frame in frames)
    for one, frame in zip(before[1:-1], frames[1:-1], strict=True):
        assert combing(one.astype(np.uint8)) > 8
        assert combing(frame.to_ndarray(format="gray").astype(np.uint8)) < 2
    assert not index_video(copy).look.interlaced
