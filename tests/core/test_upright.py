"""Copies look as their sources do: upright, in their colours, sizes and proportions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from fer_core.drawing.canvas import Rect, YuvCanvas
from fer_core.shown_face import ShownFace
from fer_core.video.index import index_video
from fer_core.video.render import Drawing
from tests.core.clips import Clip, draw_pattern, make_clip, read_number
from tests.core.rendering import face_at, read_copy, render
from tests.core.stills import draw_colours, make_still

X264 = {"preset": "veryfast", "x264-params": "bframes=3:open-gop=1:scenecut=0:threads=1"}
WHITE, RED = (255, 255, 255), (255, 0, 0)


def draw_squares(canvas: YuvCanvas, faces: Sequence[ShownFace]) -> None:
    for face in faces:
        canvas.fill_rect(Rect(round(face.x), round(face.y), round(face.width), 16), RED)


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Returns the first frame as its own colour tags say: uint8 (h, w, 3)."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    full = frame.format.name.startswith("yuvj") or frame.color_range == 2
    rgb = frame.reformat(
        format="rgb24",
        src_colorspace="ITU709" if frame.colorspace == 1 else "SMPTE170M",
        src_color_range="JPEG" if full else "MPEG",
        dst_color_range="JPEG",
    )
    return rgb.to_ndarray().astype(np.uint8)


@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt", "settings"),
    [
        ("mp4", "libx264", "yuv420p", {}),
        ("mp4", "libx264", "yuv420p", {"colorspace": 1, "color_trc": 1, "color_primaries": 1}),
        ("mp4", "libx264", "yuv420p", {"color_range": 2}),
        ("mp4", "libx264", "yuv422p", {}),
        ("mp4", "libx264", "yuv444p", {"colorspace": 1}),
        ("mp4", "libx264", "yuv420p10le", {}),
        ("mp4", "libx264", "yuv422p10le", {"colorspace": 1}),
        ("avi", "mjpeg", "yuvj422p", {}),
        ("mkv", "ffv1", "bgr0", {}),
        ("mkv", "ffv1", "gbrp10le", {}),
        ("mkv", "ffv1", "bgr0", {"size": (1280, 720)}),
        ("mkv", "ffv1", "yuva420p", {}),
        ("nut", "rawvideo", "nv12", {}),
        ("avi", "rawvideo", "bgr24", {}),
        ("mkv", "ffv1", "yuv420p", {"size": (161, 121)}),
    ],
)
def test_colours_are_those_of_the_source(
    tmp_path: Path,
    suffix: str,
    codec: str,
    pix_fmt: str,
    settings: dict[str, object],
    drawn: bool,
) -> None:
    path = make_still(tmp_path / f"a.{suffix}", codec, pix_fmt, **settings)
    drawing = Drawing(lambda _: [face_at(8, 8, 16)] if drawn else [], draw_squares)
    copy = read_rgb(render(path, drawing=drawing, quality=1)[0])
    size = settings.get("size", (160, 120))
    assert isinstance(size, tuple)
    expected = draw_colours(*size)
    copy = copy[: size[1], : size[0]]
    if drawn:
        assert np.abs(copy[10:22, 10:22].astype(int) - RED).max() <= 8
        expected[4:28, 4:28] = copy[4:28, 4:28]
    difference = np.abs(copy.astype(int) - expected)
    assert difference.mean() <= 2.5
    assert np.percentile(difference, 99) <= 10
    with av.open(str(path)) as container, av.open(f"{path}.1000.mp4") as other:
        old, new = (c.streams.video[0].codec_context for c in (container, other))
        assert (new.pix_fmt or "").replace("j", "") == "yuv420p"
        if codec == "libx264":
            assert (new.colorspace, new.color_primaries, new.color_trc) == (
                old.colorspace,
                old.color_primaries,
                old.color_trc,
            )


@pytest.mark.parametrize("hflip", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_turned_video_is_drawn_on_and_shown_upright(
    tmp_path: Path, rotation: int, hflip: bool
) -> None:
    clip = Clip(options=X264, frames=6, size=(98, 66), rotation=rotation, hflip=hflip)
    path = make_clip(tmp_path / "a.mp4", clip)
    seen = []

    def draw(canvas: YuvCanvas, faces: Sequence[ShownFace]) -> None:
        seen.append((canvas.width, canvas.height))
        canvas.fill_rect(Rect(0, 0, 20, 10), WHITE)

    copy, _ = render(path, drawing=Drawing(lambda _: [face_at(0, 0, 20)], draw))
    with av.open(str(path)) as container:
        stored = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    size = (66, 98) if rotation % 180 else (98, 66)
    assert seen == [size] * 6
    with av.open(str(copy)) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
        assert index_video(copy).orientation.rotation == 0
    for frame, source in zip(frames, stored, strict=True):
        upright = np.rot90(source, -rotation // 90)
        upright = (upright[:, ::-1] if hflip else upright).copy()
        upright[:10, :20] = 255
        np.testing.assert_allclose(frame.astype(int), upright, atol=1)


@pytest.mark.parametrize("size", [(101, 67), (101, 66), (100, 67)])
def test_odd_sizes_grow_by_one_repeated_row_or_column(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = make_clip(tmp_path / "a.mkv", Clip(codec="ffv1", frames=3, size=size))
    canvases = []

    def draw(canvas: YuvCanvas, _faces: Sequence[ShownFace]) -> None:
        canvases.append((canvas.width, canvas.height))
        canvas.fill_rect(Rect(size[0] - 1, size[1] - 1, 5, 5), WHITE)

    copy, _ = render(path, drawing=Drawing(lambda ms: [face_at(0, 0, 9)] if ms else [], draw))
    width, height = size[0] + size[0] % 2, size[1] + size[1] % 2
    for number, frame in enumerate(read_copy(copy)):
        luma = frame.pixels[:height]
        assert luma.shape == (height, width)
        assert read_number(luma) == number
        np.testing.assert_array_equal(luma[:, size[0] - 1], luma[:, -1])
        np.testing.assert_array_equal(luma[size[1] - 1], luma[-1])
        assert (luma[-1, -1] == 235) == (number > 0)
    assert canvases == [size] * 2


def test_a_size_that_changes_is_scaled_to_the_first(tmp_path: Path) -> None:
    first = make_clip(tmp_path / "1.ts", Clip(options=X264, frames=24))
    later = Clip(options=X264, frames=24, size=(192, 128), start_s=Fraction(2))
    second = make_clip(tmp_path / "2.ts", later)
    path = tmp_path / "a.ts"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    copy, joined = render(path)
    assert joined.frame_count >= 47
    shown = read_copy(copy)
    assert {frame.pixels.shape for frame in shown} == {(96, 96)}
    large = shown[-1].pixels[:64].astype(int)
    expected = draw_pattern(23, 192, 128)[::2, ::2].astype(int)
    assert np.abs(large[16:] - (16 + expected[16:] * 219 / 255)).mean() < 6
