"""FFmpeg's filters, one after the other, on one thread."""

from __future__ import annotations

from fractions import Fraction

from av.filter import Graph
from av.video.frame import VideoFrame

UNIT = Fraction(1, 1000)
"""Of the pts that frames have for a filter."""


def make_filter(frame: VideoFrame, *steps: tuple[str, str]) -> Graph:
    """Makes a filter for frames like this one.

    Args:
        frame: whose size and pixel format all have.
        steps: names of FFmpeg's filters, and what they are told.

    Raises:
        av.FFmpegError: the filters cannot do it.
    """
    graph = Graph()
    graph.threads = 1
    size = (frame.width, frame.height, frame.format)
    source = graph.add_buffer(None, *size, None, UNIT)
    filters = [graph.add(name, told) for name, told in steps]
    graph.link_nodes(source, *filters, graph.add("buffersink")).configure()
    return graph
