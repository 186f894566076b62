"""Interlaced frames, of two moments each, as frames of one: what a copy holds is progressive."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from av.error import BlockingIOError, EOFError
from av.filter import Graph
from av.video.frame import VideoFrame

from fer_core.video.filtering import make_filter

_FILTER = ("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
Shown = tuple[int, VideoFrame]


def deinterlace(frames: Iterator[Shown]) -> Iterator[Shown]:
    """Yields as many frames as it is given, each at its pts.

    Those that say they are interlaced are made of the frames around them, too.
    """
    graph: Graph | None = None
    look: tuple[int, int, str] | None = None
    times: deque[int] = deque()
    for number, (pts, frame) in enumerate(frames):
        own = (frame.width, frame.height, frame.format.name)
        if graph is None or own != look:
            yield from _drain(graph, times)
            graph, look = make_filter(frame, _FILTER), own
        times.append(pts)
        frame.pts = number  # only their order counts
        graph.push(frame)
        yield from _pull(graph, times)
    yield from _drain(graph, times)


def _drain(graph: Graph | None, times: deque[int]) -> Iterator[Shown]:
    if graph is not None:
        graph.push(None)
        yield from _pull(graph, times)


def _pull(graph: Graph, times: deque[int]) -> Iterator[Shown]:
    while times:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):
            return
        assert isinstance(frame, VideoFrame)
        yield times.popleft(), frame
