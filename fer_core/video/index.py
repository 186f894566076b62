"""The packet index of a video: when each frame is shown and where reading may start, undecoded."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import BinaryIO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from fer_core.errors import MediaError
from fer_core.media import MAX_PIXELS, MediaInfo, Source, check_pixels, shown_name
from fer_core.video.container import Video, decode_frames, list_packets, open_video, seek_frames
from fer_core.video.grey import Orientation, orientation_of
from fer_core.video.look import Look, look_of
from fer_core.video.outline import Outline

_CHECKED_FRAMES = 40
_SAMPLE_PACKETS, _SAMPLE_BYTES = 600, 4 << 20
_MICROSECOND = Fraction(1, 1_000_000)


@dataclass(frozen=True, eq=False)
class VideoIndex:
    """When the frames of a video are shown, by its list of packets.

    Attributes:
        info: what is known of the video.
        look: how its frames look.
        pts: int64 (frames,), sorted, in `time_base`: of the packets that are to be shown. The
            position in it is a frame's `frame_index`.
        end_pts: where the last frame ends.
        key_pts: int64 (keyframes,), sorted: pts of the packets where decoding may start; empty
            where it can only start at the file's start.
        key_dts: int64 (keyframes,): the dts beside each, which some containers seek by.
        time_base: seconds per unit of pts.
        start: start of the container in seconds; `timestamp_ms` counts from there.
        seekable: False where pts are missing, repeat or go back: such a video is read in sequence
            and its i-th frame takes the i-th smallest pts.
    """

    info: MediaInfo
    look: Look
    pts: NDArray[np.int64]
    end_pts: int
    key_pts: NDArray[np.int64]
    key_dts: NDArray[np.int64]
    time_base: Fraction
    start: Fraction
    seekable: bool

    @property
    def orientation(self) -> Orientation:
        """How its stored frames become displayed ones."""
        return self.look.orientation


@dataclass(frozen=True)
class _Times:
    """The times of the packets in file order; `last` is where the last frame ends."""

    pts: list[int]
    keys: list[tuple[int, int]]
    last: int
    usable: bool


def index_video(source: Source, max_pixels: int = MAX_PIXELS) -> VideoIndex:
    """Lists the packets of a video and decodes its first 40 frames to check their order.

    Raises:
        MediaError: no video, no frame in it, or frames of more than `max_pixels` pixels.
    """
    name = shown_name(source)
    with open_video(source) as video:
        context = video.stream.codec_context
        check_pixels(name, context.width, context.height, max_pixels)
        start = start_of(video)
        times = _list_times(video, _list_facts(source, video))
        time_base = video.stream.time_base or Fraction(1, 1000)
        if not times.pts:
            raise MediaError(f"{name}: holds no complete frame: it is cut short or damaged")
    with open_video(source) as video:  # afresh: not every container can go back to its start
        look, ordered = _check_order(video, times)
        seekable = ordered and times.usable
        keys = sorted(times.keys) if seekable and _starts_midway(video, times.keys) else []
        ended = Fraction(times.last) * time_base
        info = _info_of(video, look.orientation, ended - start, len(times.pts))
    # The frame that told the orientation and its side data hold each other, with all its pixels.
    gc.collect()
    return VideoIndex(
        info=info,
        look=look,
        pts=np.array(sorted(times.pts), np.int64),
        end_pts=times.last,
        key_pts=np.array([pts for pts, _ in keys], np.int64),
        key_dts=np.array([dts for _, dts in keys], np.int64),
        time_base=time_base,
        start=start,
        seekable=seekable,
    )


def start_of(video: Video) -> Fraction:
    """Returns the container's start in seconds, exact where FFmpeg's microseconds are rounded.

    A start rounded up would lie after the first frame, and sampling would then miss that frame.
    """
    microseconds: int | None = video.container.start_time
    if microseconds is None:
        return Fraction(0)
    rounded = microseconds * _MICROSECOND
    for stream in video.container.streams:
        if stream.start_time is not None and stream.time_base is not None:
            exact = stream.start_time * stream.time_base
            if abs(exact - rounded) <= _MICROSECOND:
                return exact
    return rounded


class _Facts(NamedTuple):
    """What is known of a packet without decoding it."""

    pts: int | None
    dts: int | None
    duration: int
    is_key: bool
    size: int


def _facts_of(video: Video) -> Iterator[_Facts]:
    """Yields the packets that are to be shown."""
    for packet in list_packets(video):
        if not (packet.is_discard or packet.is_corrupt):
            duration = packet.duration or 0
            yield _Facts(packet.pts, packet.dts, duration, packet.is_keyframe, packet.size)


def _list_facts(source: Source, video: Video) -> list[_Facts]:
    """Lists the packets of an open video; of a remote MP4 by its index alone, if it can be trusted.

    That is where it calls the same packets keyframes as their bytes do, as far as a sample tells.
    """
    if isinstance(source, (str, os.PathLike)):
        return list(_facts_of(video))
    outline = Outline(source)
    if not outline.has_media:
        return list(_facts_of(video))
    sample, read = [], 0
    for facts in islice(_facts_of(video), _SAMPLE_PACKETS):
        sample.append(facts)
        read += facts.size
        if read > _SAMPLE_BYTES:
            break
    with open_video(cast(BinaryIO, outline), parse=False) as hollow:
        outline.hollow = True
        packets = list(_facts_of(hollow))
    if packets[: len(sample)] == sample:
        return packets
    with open_video(source) as again:
        return list(_facts_of(again))


def _list_times(video: Video, packets: list[_Facts]) -> _Times:
    """Tells when the packets are shown; without pts, dts or else the mean rate serve."""
    dts = [packet.dts for packet in packets if packet.dts is not None]
    pts = [packet.pts for packet in packets if packet.pts is not None]
    usable = len(pts) == len(packets) == len(set(pts)) and dts == sorted(dts)
    if len(pts) < len(packets):
        pts = dts if len(dts) == len(packets) else _evenly_spaced(video, len(packets))
    step = max(packets[-1].duration, 1) if packets else 1
    keys = [(p, p if d is None else d) for p, d, _, key, _ in packets if key and p is not None]
    return _Times(pts, keys, max(pts, default=0) + step, usable)


def _evenly_spaced(video: Video, count: int) -> list[int]:
    rate = video.stream.guessed_rate or Fraction(25)
    step = 1 / (rate * (video.stream.time_base or Fraction(1, 1000)))
    return [round(position * step) for position in range(count)]


def _check_order(video: Video, times: _Times) -> tuple[Look, bool]:
    """Decodes the first frames: how they look, and whether their pts rise and are in the list."""
    known = set(times.pts)
    look: Look | None = None
    before: int | None = None
    ordered = True
    for frame in islice(decode_frames(video), _CHECKED_FRAMES):
        look = look or look_of(frame, orientation_of(frame), video.stream.sample_aspect_ratio)
        late = before is not None and frame.pts is not None and frame.pts <= before
        ordered = ordered and frame.pts in known and not late
        before = frame.pts
    context = video.stream.codec_context
    return look or Look(context.width, context.height), ordered


def _starts_midway(video: Video, keys: list[tuple[int, int]]) -> bool:
    """Tells whether decoding can start at the keyframe in the middle.

    Where it cannot (intra refresh), every span would be read from the file's start: one reading of
    the whole file is the better plan.
    """
    return len(keys) < 2 or seek_frames(video, *keys[len(keys) // 2]) is not None


def _info_of(
    video: Video, orientation: Orientation, duration: Fraction, frame_count: int
) -> MediaInfo:
    context = video.stream.codec_context
    width, height = context.width, context.height
    if orientation.transposed:
        width, height = height, width
    rate = video.stream.average_rate or (Fraction(frame_count) / duration if duration > 0 else None)
    return MediaInfo(
        kind="video",
        codec=context.name,
        width=width,
        height=height,
        rotation=orientation.rotation,
        frame_rate=float(rate) if rate else None,
        duration_ms=max(0, round(duration * 1000)),
        has_audio=bool(video.container.streams.audio),
    )
