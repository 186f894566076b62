"""Reads the frames of spans for the steps that look at them, and tells what that took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fer_core.detect_faces import SampledFrame
from fer_core.errors import MediaError
from fer_core.pictures import read_coloured
from fer_core.video.frames import lose_spans, read_spans
from ferbeam.analysis.elements import Medium, OpenMedium, Span
from ferbeam.guard.watchdog import beat
from ferbeam.output.costs import Costs, timed
from ferbeam.stores.sources import open_source


class TimedFrames:
    """Frames, and what it took to read them."""

    def __init__(self, frames: Iterator[SampledFrame]) -> None:
        self._frames, self._costs, self._at = frames, Costs(), 0

    def __iter__(self) -> Iterator[SampledFrame]:
        return self

    def __next__(self) -> SampledFrame:
        beat(self._at)
        self._at += 1
        with timed(self._costs, "decode") as counts:
            frame = next(self._frames)
            counts.update(frames=1, decoded=frame.decoded)
        return frame

    def take_costs(self) -> Costs:
        """Returns what the frames since the last call have taken."""
        costs, self._costs = self._costs, Costs()
        return costs


AHEAD_PIXELS = 1 << 23
"""Of the frames that are decoded ahead; what is kept of one takes some 2.5 bytes a pixel."""
MOST_AHEAD = 64


def read_ahead(frames: Iterator[SampledFrame]) -> Iterator[SampledFrame]:
    """Yields the frames of a video, some of which are decoded before the first of them is searched.

    To change between decoder and detector for every frame costs some 7 % of both: neither finds its
    code and numbers in the processor's cache again.
    """
    kept: list[SampledFrame] = []
    pixels = 0
    for frame in frames:
        kept.append(frame)
        pixels += 0 if frame.grey is None else frame.grey.size * frame.decoded
        if pixels >= AHEAD_PIXELS or len(kept) == MOST_AHEAD:
            yield from kept
            kept, pixels = [], 0
    yield from kept


def read_frames(
    spans: Sequence[Span], max_pixels: int, lost: Mapping[str, str]
) -> Iterator[SampledFrame]:
    """Reads the frames of spans that are read in one go, each sample once, in order.

    Args:
        spans: of pictures, or of one video.
        max_pixels: larger pictures are not decoded.
        lost: media that are not to be read, and why: their frames are without pixels.
    """
    videos = [span.video for span in spans if span.video is not None]
    if not videos:
        for medium in (medium for span in spans for medium in span.media):
            if medium.name in lost:
                yield SampledFrame(medium.name, 0, 0, None, lost[medium.name])
            else:
                yield read_picture_frame(medium, max_pixels)
        return
    medium = spans[0].media[0]
    with open_source(medium.path) as source:
        message = lost.get(medium.name)
        frames = read_spans(source, videos) if message is None else lose_spans(videos, message)
        for frame in frames:
            yield SampledFrame(
                medium.name,
                frame.frame_index,
                frame.timestamp_ms,
                frame.grey,
                frame.error,
                frame.starts_segment,
                frame.decoded,
                frame.colour,
            )


def read_picture_frame(medium: Medium | OpenMedium, max_pixels: int) -> SampledFrame:
    """Reads a picture as the one frame it is; without pixels where it cannot be read."""
    try:
        with open_source(medium.path) as source:
            grey, colour = read_coloured(source, max_pixels)
            return SampledFrame(medium.name, 0, 0, grey, colour=colour)
    except MediaError as error:
        return SampledFrame(medium.name, 0, 0, None, str(error))
