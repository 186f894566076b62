"""Frames: reading the sampled frames of spans, each exactly that of one sequential read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from fer_core.container import decode_frames, open_video, seek_frames
from fer_core.errors import MediaError
from fer_core.grey import Orientation, grey_of
from fer_core.media import Source
from fer_core.spans import VideoSpan


@dataclass(frozen=True, eq=False)
class Frame:
    """One sampled frame.

    Attributes:
        frame_index: position from 0 in presentation order in the file.
        timestamp_ms: what a player shows at that frame.
        grey: uint8 (h, w) in display orientation; None when it could not be decoded.
        error: why not; empty otherwise.
    """

    frame_index: int
    timestamp_ms: int
    grey: NDArray[np.uint8] | None
    error: str


def read_spans(source: Source, spans: Sequence[VideoSpan]) -> Iterator[Frame]:
    """Reads the spans of one reading in order: one frame for every sample, always.

    Decoding starts at the keyframe of the first span and stops at the last sample.

    Raises:
        MediaError: the video no longer opens.
    """
    if not spans or not any(len(span) for span in spans):
        return
    first = spans[0]
    if first.start_pts is not None and first.start_dts is not None:
        with open_video(source) as video:
            frames = seek_frames(video, first.start_pts, first.start_dts)
            if frames is not None:
                yield from _match(frames, spans)
                return
    with open_video(source) as video:  # afresh: not every container can go back to its start
        yield from _match(decode_frames(video), spans)


def _match(frames: Iterator[VideoFrame], spans: Sequence[VideoSpan]) -> Iterator[Frame]:
    """Gives each sample the decoded frame with its key: the pts, or the count in sequence."""
    wanted = [
        (pts if span.seekable else index, index, timestamp_ms)
        for span in spans
        for pts, index, timestamp_ms in zip(
            span.pts, span.frame_index, span.timestamp_ms, strict=True
        )
    ]
    at = 0
    for count, frame in enumerate(frames):
        key = frame.pts if spans[0].seekable else count
        if key is None or key < wanted[at][0]:
            continue
        while at < len(wanted) and wanted[at][0] < key:
            yield _lost(*wanted[at][1:])
            at += 1
        if at < len(wanted) and wanted[at][0] == key:
            # From the plan, not from the frame: PyAV's side data and its frame hold each other, so
            # a frame asked for them would stay in memory until the garbage collector comes by.
            yield _decoded(frame, spans[0].orientation, *wanted[at][1:])
            at += 1
        if at == len(wanted):
            return
    for _, index, timestamp_ms in wanted[at:]:
        yield _lost(index, timestamp_ms)


def _decoded(frame: VideoFrame, orientation: Orientation, index: int, timestamp_ms: int) -> Frame:
    try:
        grey = grey_of(frame, orientation)
    except (av.FFmpegError, MediaError) as error:
        return Frame(index, timestamp_ms, None, f"frame {index}: cannot be turned to grey: {error}")
    return Frame(index, timestamp_ms, grey, "")


def _lost(index: int, timestamp_ms: int) -> Frame:
    message = f"frame {index} at {timestamp_ms} ms: the decoder gave no picture for it"
    return Frame(index, timestamp_ms, None, message)
