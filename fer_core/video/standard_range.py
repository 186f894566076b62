"""High dynamic range, PQ and HLG, as a usual screen shows it: converted by FFmpeg."""

from __future__ import annotations

import threading
from typing import NamedTuple

from av.error import FFmpegError
from av.filter import Graph
from av.video.frame import VideoFrame

from fer_core.video.filtering import make_filter

_PQ, _HLG = 16, 18
"""Transfers by the numbers of ITU-T H.273 (SMPTE ST 2084, ARIB STD-B67)."""
_TO_BT709 = "out_transfer=bt709:out_primaries=bt709:out_color_matrix=bt709:out_range=limited"
_STEPS = (("scale", f"{_TO_BT709}:intent=perceptual"), ("format", "yuv420p"))


class _Look(NamedTuple):
    """All that a conversion depends on."""

    width: int
    height: int
    pix_fmt: str
    colours: tuple[int, int, int, int]


class _Converters(threading.local):
    """The conversion that a thread has used last: making one takes seconds."""

    look: _Look | None = None
    graph: Graph | None = None


_CONVERTERS = _Converters()


def is_high_range(frame: VideoFrame) -> bool:
    """Tells whether a frame is of high dynamic range."""
    return int(frame.color_trc) in (_PQ, _HLG)


def to_standard_range(frame: VideoFrame) -> VideoFrame:
    """Returns a frame of high dynamic range in BT.709, limited range and 8 bits; others as is.

    Raises:
        av.FFmpegError: its pixel format cannot be converted.
    """
    if not is_high_range(frame):
        return frame
    pts, time_base = frame.pts, frame.time_base
    graph = _converter_of(frame)
    frame.pts = 0
    try:
        graph.push(frame)
        shown = graph.pull()
    except (FFmpegError, ValueError):
        _CONVERTERS.look = None
        raise
    finally:
        frame.pts = pts
    assert isinstance(shown, VideoFrame)
    shown.pts, shown.time_base = pts, time_base
    return shown


def _converter_of(frame: VideoFrame) -> Graph:
    colours = (frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range)
    look = _Look(frame.width, frame.height, frame.format.name, tuple(map(int, colours)))  # type: ignore[arg-type]
    if _CONVERTERS.graph is None or _CONVERTERS.look != look:
        _CONVERTERS.graph, _CONVERTERS.look = make_filter(frame, *_STEPS), look
    return _CONVERTERS.graph
