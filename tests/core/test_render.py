"""Rendered frames: the drawing is where it belongs, on the frames that it belongs to."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from fer_core.drawing.canvas import Rect, YuvCanvas
from fer_core.drawing.overlay import Overlay, OverlaySettings
from fer_core.errors import FerError, MediaError
from fer_core.shown_face import ShownFace
from fer_core.video.index import index_video
from fer_core.video.render import Drawing, add_h264, render_span
from fer_core.video.spans import plan_spans
from fer_core.video.stretches import Timing, choose_tick
from tests.core.clips import Clip, draw_pattern, make_clip, read_number
from tests.core.rendering import face_at, plan, read_copy, render

X264 = {"preset": "veryfast", "x264-params": "bframes=3:open-gop=1:scenecut=0:threads=1"}
WHITE, RED = (255, 255, 255), (255, 0, 0)


def draw_squares(canvas: YuvCanvas, faces: Sequence[ShownFace]) -> None:
    for face in faces:
        canvas.fill_rect(Rect(round(face.x), round(face.y), round(face.width), 16), RED)


def test_only_frames_with_faces_are_drawn_on_and_the_others_stay(tmp_path: Path) -> None:
    """What the decoder still refers to must not be drawn on: the next frames would show it."""
    path = make_clip(tmp_path / "a.mp4", Clip(options=X264, frames=48, gop=24))
    index = index_video(path)
    asked: list[int] = []

    def find(timestamp_ms: int) -> Sequence[ShownFace]:
        asked.append(timestamp_ms)
        return [face_at(30, 30, 20)] if len(asked) % 3 == 0 else []

    copy, _ = render(path, drawing=Drawing(find, draw_squares))
    samples = [
        ms for reading in plan_spans(index, None, 9) for s in reading for ms in s.timestamp_ms
    ]
    assert asked == samples
    with av.open(str(path)) as container:
        source = [frame.to_ndarray() for frame in container.decode(video=0)]
    for number, (frame, pixels) in enumerate(zip(read_copy(copy), source, strict=True), 1):
        changed = frame.pixels[:64] != pixels[:64]
        if number % 3:
            np.testing.assert_array_equal(frame.pixels, pixels)
        else:
            assert changed[30:46, 30:50].mean() > 0.9
            changed[30:46, 30:50] = False
            assert not changed.any()


def test_moments_are_looked_at_before_they_are_drawn_on(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", Clip(options=X264, frames=24, rotation=90))
    seen: dict[int, tuple[NDArray[np.uint8], int]] = {}

    def look_at(ms: int, pixels: NDArray[np.uint8], faces: Sequence[ShownFace]) -> None:
        seen[ms] = (pixels, len(faces))

    face = face_at(0, 0, 60)
    drawing = Drawing(lambda _: [face], draw_squares, frozenset({0, 500, 999}), look_at)
    render(path, drawing=drawing)
    assert sorted(seen) == [0, 500]
    for ms, number in ((0, 0), (500, 6)):
        pixels, faces = seen[ms]
        assert (pixels.shape, faces) == ((96, 64, 3), 1)
        assert pixels.dtype == np.uint8
        upright = np.rot90(draw_pattern(number, 96, 64), -1)
        assert np.abs(pixels[..., 1].astype(int) - upright).mean() < 20
        assert read_number(np.rot90(pixels[..., 0])) == number


def test_a_copy_can_be_joined_and_sought_in(tmp_path: Path) -> None:
    """A keyframe every four seconds, whatever the source has, and no frame that refers ahead."""
    options = {"preset": "veryfast", "x264-params": "scenecut=0:threads=1:keyint=1"}
    path = make_clip(tmp_path / "a.mp4", Clip(options=options, frames=96, gop=1))
    with av.open(str(render(path, quality=23)[0])) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert [at for at, packet in enumerate(packets) if packet.is_keyframe] == [0, 48]
    assert all(packet.pts == packet.dts for packet in packets)


def test_quality_sets_the_size_of_a_copy(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", Clip(frames=24, size=(320, 240)))
    sizes = [render(path, quality=quality)[0].stat().st_size for quality in (10, 23, 40)]
    assert sizes[0] > 1.5 * sizes[1] > 2 * sizes[2]


@pytest.mark.parametrize("size", [(96, 64), (192, 144)])
def test_each_encode_of_the_same_frames_is_the_same(tmp_path: Path, size: tuple[int, int]) -> None:
    """With threads, or with the encoder's code for AVX-512, one in ten to hundreds is not."""
    _, (stretch,) = plan(make_clip(tmp_path / "a.mp4", Clip(frames=2, size=size)), 9)
    width, height = size
    noise = np.random.default_rng(0).integers(0, 256, (height * 3 // 2, width), np.uint8)
    texture = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)
    moving = np.repeat(texture[None], 30, axis=0)
    for number, pixels in enumerate(moving):
        pixels[:height] = np.roll(texture[:height], 2 * number, axis=1)

    def encode(byte: int) -> bytes:
        memory = [np.full(1 << bits, byte, np.uint8) for bits in range(6, 22) for _ in range(4)]
        del memory[byte % 3 :: 2]  # the encoder is given it as it is
        packets = []
        with av.open(io.BytesIO(), "w", format="mp4") as output:
            stream = add_h264(output, stretch, 23, "a.mp4")
            for number, pixels in enumerate(moving):
                frame = VideoFrame.from_ndarray(pixels, format="yuv420p")
                frame.pts = number
                packets += stream.encode(frame)
            packets += stream.encode(None)
        return b"".join(bytes(packet) for packet in packets)

    assert len({encode(byte) for byte in range(0, 256, 8)}) == 1


def test_an_overlay_is_rendered(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", Clip(options=X264, frames=6, size=(320, 240)))
    overlay = Overlay(OverlaySettings("cover"))
    copy, _ = render(path, drawing=Drawing(lambda _: [face_at(100, 80, 80)], overlay.draw))
    for frame in read_copy(copy):
        covered = frame.pixels[90:150, 110:170].astype(int)
        assert np.abs(covered - draw_pattern(0, 320, 240)[90:150, 110:170]).mean() > 30
        assert np.median(covered) > 120  # the yellow of a face


@pytest.mark.parametrize("stage", ["find", "draw"])
def test_a_render_that_fails_leaves_no_file(tmp_path: Path, stage: str) -> None:
    path = make_clip(tmp_path / "a.mp4", Clip(options=X264, frames=48))

    def find(timestamp_ms: int) -> Sequence[ShownFace]:
        if stage == "find" and timestamp_ms > 1000:
            raise FerError("no")
        return [face_at(0, 0, 9)]

    def draw(canvas: YuvCanvas, faces: Sequence[ShownFace]) -> None:
        if stage == "draw":
            raise FerError("no")

    stretch = plan(path, 1000)[1][0]
    with pytest.raises(FerError, match=r"^no$"):
        render_span(path, stretch, tmp_path / "b.mp4", Drawing(find, draw))
    assert list(tmp_path.iterdir()) == [path]


def test_a_frame_too_large_for_h264_is_refused_in_one_line(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mkv", Clip(codec="ffv1", frames=2, size=(16_400, 16)))
    with pytest.raises(MediaError) as raised:
        render(path)
    assert (
        str(raised.value) == "a.mkv: 16400 x 16 pixels, H.264 holds 16384 each way: scale it down"
    )
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("time_base", "start", "tick"),
    [
        (Fraction(1, 12_800), Fraction(0), Fraction(1, 12_800)),
        (Fraction(1, 90_000), Fraction(126_000, 90_000), Fraction(1, 90_000)),
        (Fraction(1, 1000), Fraction(0), Fraction(1, 16_000)),
        (Fraction(1001, 30_000), Fraction(0), Fraction(1, 30_000)),
        (Fraction(1, 12_800), Fraction(1, 44_100), Fraction(1, 5_644_800)),
        (Fraction(1, 999_999_937), Fraction(1, 3), Fraction(1, 999_999_937)),
    ],
)
def test_times_of_a_copy_are_exact(time_base: Fraction, start: Fraction, tick: Fraction) -> None:
    assert choose_tick(time_base, start) == tick


@pytest.mark.parametrize("start", [Fraction(0), Fraction(1, 3), Fraction(7, 2000)])
@pytest.mark.parametrize("time_base", [Fraction(1, 2000), Fraction(1001, 30_000)])
def test_times_are_rounded_as_in_the_tables(time_base: Fraction, start: Fraction) -> None:
    timing = Timing(time_base, start, choose_tick(time_base, start), Fraction(25))
    milliseconds_of = timing.milliseconds()
    for pts in range(-50, 50):
        assert milliseconds_of(pts) == round(pts * time_base * 1000 - start * 1000)
