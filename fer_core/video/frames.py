"""Frames: reading the sampled frames of spans, each exactly that of one sequential read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from fer_core.detection.colour import Colour
from fer_core.errors import MediaError
from fer_core.media import Source
from fer_core.video.container import decode_frames, open_video, seek_frames
from fer_core.video.grey import colour_of, fit_grey, grey_of
from fer_core.video.spans import VideoSpan
from fer_core.video.standard_range import to_standard_range


@dataclass(frozen=True, eq=False)
class Frame:
    """One sampled frame.

    Attributes:
        frame_index: position from 0 in presentation order in the file.
        timestamp_ms: what a player shows at that frame.
        grey: uint8 (h, w) in display orientation; None when it could not be decoded.
        error: why not; empty otherwise.
        starts_segment: whether detection must forget the frames before.
        decoded: number of frames decoded to come here from the sample before, this one included.
        colour: gives it in its colours; None when it could not be decoded.
    """

    frame_index: int
    timestamp_ms: int
    grey: NDArray[np.uint8] | None
    error: str
    starts_segment: bool
    decoded: int
    colour: Colour | None = None


def read_spans(source: Source, spans: Sequence[VideoSpan]) -> Iterator[Frame]:
    """Reads the spans of one reading in order: one frame for every sample, always.

    Decoding starts at the keyframe of the first span and stops at the last sample.

    Raises:
        MediaError: the video no longer opens.
    """
    if not spans or not any(len(span) for span in spans):
        return
    first = spans[0]
    wanted = {pts for span in spans for pts in span.pts} if first.seekable else None
    if first.start_pts is not None and first.start_dts is not None:
        with open_video(source) as video:
            frames = seek_frames(video, first.start_pts, first.start_dts, wanted)
            if frames is not None:
                yield from _match(frames, spans)
                return
    with open_video(source) as video:  # afresh: not every container can go back to its start
        yield from _match(decode_frames(video, wanted), spans)


def lose_spans(spans: Sequence[VideoSpan], message: str) -> Iterator[Frame]:
    """Yields the frames of spans that cannot be read, without pictures."""
    return (sample.lost(message) for sample in _list_samples(spans))


class _Sample(NamedTuple):
    """A sampled frame of the plan, and the key by which its picture is known."""

    key: int
    frame_index: int
    timestamp_ms: int
    starts_segment: bool

    def lost(self, message: str, decoded: int = 0) -> Frame:
        place = (self.frame_index, self.timestamp_ms)
        return Frame(*place, None, message, self.starts_segment, decoded)


def _list_samples(spans: Sequence[VideoSpan]) -> list[_Sample]:
    return [
        _Sample(pts if span.seekable else index, index, timestamp_ms, at in span.segment_starts)
        for span in spans
        for at, (pts, index, timestamp_ms) in enumerate(
            zip(span.pts, span.frame_index, span.timestamp_ms, strict=True)
        )
    ]


def _match(frames: Iterator[VideoFrame], spans: Sequence[VideoSpan]) -> Iterator[Frame]:
    """Gives each sample the decoded frame with its key: the pts, or the count in sequence."""
    wanted = _list_samples(spans)
    at = before = 0
    for count, frame in enumerate(frames):
        key = frame.pts if spans[0].seekable else count
        if key is None or key < wanted[at].key:
            continue
        while at < len(wanted) and wanted[at].key < key:
            yield _without_picture(wanted[at])
            at += 1
        if at < len(wanted) and wanted[at].key == key:
            # From the plan, not from the frame: PyAV's side data and its frame hold each other, so
            # a frame asked for them would stay in memory until the garbage collector comes by.
            yield _decoded(frame, spans[0], wanted[at], count + 1 - before)
            at, before = at + 1, count + 1
        if at == len(wanted):
            return
    for sample in wanted[at:]:
        yield _without_picture(sample)


def _decoded(frame: VideoFrame, span: VideoSpan, sample: _Sample, decoded: int) -> Frame:
    index, timestamp_ms = sample.frame_index, sample.timestamp_ms
    try:
        frame = to_standard_range(frame)
        grey = fit_grey(grey_of(frame, span.orientation), span.shown_size)
    except (av.FFmpegError, MediaError) as error:
        return sample.lost(f"frame {index}: cannot be turned to grey: {error}", decoded)
    colour = colour_of(frame, span.orientation)
    return Frame(index, timestamp_ms, grey, "", sample.starts_segment, decoded, colour)


def _without_picture(sample: _Sample) -> Frame:
    return sample.lost(
        f"frame {sample.frame_index} at {sample.timestamp_ms} ms: "
        "the decoder gave no picture for it, the file is damaged there"
    )
