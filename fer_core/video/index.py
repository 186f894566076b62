"""The packet index of a video: when each frame is shown and where reading may start, undecoded."""

from __future__ import annotations

import gc
from array import array
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice

import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from fer_core.errors import MediaError
from fer_core.media import MAX_PIXELS, MediaInfo, Source, check_pixels, shown_name
from fer_core.video.appearance import Appearance, appearance_of
from fer_core.video.claims import check_claims
from fer_core.video.container import Video, decode_frames, list_packets, open_video, seek_frames
from fer_core.video.continued import Continued
from fer_core.video.grey import Orientation, orientation_of
from fer_core.video.remote_index import open_listing

_CHECKED_FRAMES = 20
"""Of the first frames the order is checked: decoders put off 16 at most (H.264, HEVC)."""
_MISSING = np.iinfo(np.int64).min
MAX_FRAMES = 5_000_000
"""Frames of one video above which it is refused: 55 hours at 25 per second, 0.7 GB to plan."""
MAX_YEARS = 10
"""From a video's start to its end, above which it is refused: then its times are damaged ones, and
sums of them would leave 64 bits."""
MOST_HELD = 2**22
"""Pixels of frames that are of no use any more, above which they are looked for: some 6 MB."""
_held = [0]
_YEAR = 31_557_600
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
    look: Appearance
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


@dataclass(frozen=True, eq=False)
class _Times:
    """The sorted times of the packets that are to be shown.

    Attributes:
        pts: int64 (frames,).
        key_pts: int64 (keyframes,).
        key_dts: int64 (keyframes,), beside each.
        last: where the last frame ends.
        usable: whether every packet has its own pts, and dts rise and never begin again.
    """

    pts: NDArray[np.int64]
    key_pts: NDArray[np.int64]
    key_dts: NDArray[np.int64]
    last: int
    usable: bool


def index_video(source: Source, max_pixels: int = MAX_PIXELS) -> VideoIndex:
    """Lists the packets of a video and decodes its first 20 frames to check their order.

    Raises:
        MediaError: no video, no frame in it, more than `MAX_FRAMES`, times over more than
            `MAX_YEARS`, or frames of more than `max_pixels` pixels.
    """
    name = shown_name(source)
    check_claims(source)
    with open_listing(source) as video:
        context = video.stream.codec_context
        check_pixels(name, context.width, context.height, max_pixels)
        start = start_of(video)
        times = _list_times(video, name)
        time_base = video.stream.time_base or Fraction(1, 1000)
        if not len(times.pts):
            raise MediaError(f"{name}: holds no complete frame: it is cut short, copy it again")
        if not times.usable or int(times.pts[-1]) * time_base < start:
            # Times that go back, or a header that is damaged: frames may not end before they start.
            start = min(start, int(times.pts[0]) * time_base)
        _check_times(name, Fraction(times.last) * time_base - start)
    with open_video(source) as video:  # afresh: not every container can go back to its start
        look, ordered = _check_order(video, times)
        check_pixels(name, *look.shown_size, max_pixels)
        seekable = ordered and times.usable
        midway = seekable and video.kind is None and _starts_midway(video, times)
        keys = slice(None) if midway else slice(0)
        ended = Fraction(times.last) * time_base
        info = _info_of(video, look, ended - start, len(times.pts))
    _let_go(look.shown_size)
    return VideoIndex(
        info=info,
        look=look,
        pts=times.pts,
        end_pts=times.last,
        key_pts=times.key_pts[keys],
        key_dts=times.key_dts[keys],
        time_base=time_base,
        start=start,
        seekable=seekable,
    )


def _let_go(size: tuple[int, int]) -> None:
    """Frees the frames that told the orientation, once those that were met hold many pixels.

    Each holds its side data, which hold it. To look for them takes 1 ms: as long as a short clip
    takes to be listed, and longer the more the process holds.
    """
    _held[0] += size[0] * size[1]
    if _held[0] >= MOST_HELD:
        _held[0] = 0
        gc.collect()


def _check_times(name: str, length: Fraction) -> None:
    if length > MAX_YEARS * _YEAR:
        raise MediaError(
            f"{name}: its frames are {length // _YEAR:,} years apart, {MAX_YEARS} are the limit: "
            "its header is damaged, copy it again or convert it"
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


def _list_times(video: Video, name: str) -> _Times:
    """Lists the packets that are to be shown; without pts, dts or else the mean rate serve."""
    pts, dts, keys = array("q"), array("q"), array("b")
    step = 0
    line = Continued(video.stream.time_base or Fraction(1, 1000))
    for packet in list_packets(video):
        move = line.move_of(packet.dts, packet.duration)
        if _is_shown(packet):
            pts.append(_MISSING if packet.pts is None else packet.pts + move)
            dts.append(_MISSING if packet.dts is None else packet.dts + move)
            keys.append(packet.is_keyframe and packet.pts is not None)
            step = packet.duration or 0
        if len(pts) > MAX_FRAMES:
            raise MediaError(f"{name}: has more than {MAX_FRAMES:,} frames; cut it into parts")
    shown, decoded = np.array(pts, np.int64), np.array(dts, np.int64)
    known = decoded[decoded != _MISSING]
    rising = bool((np.diff(known) >= 0).all())
    complete = bool((shown != _MISSING).all()) and len(np.unique(shown)) == len(shown)
    at = np.flatnonzero(np.array(keys, np.bool_))
    at = at[np.argsort(shown[at], kind="stable")]
    key_pts, key_dts = shown[at], decoded[at]
    if (shown == _MISSING).any():
        every = len(known) == len(decoded)
        shown = _from_start(video, decoded if every else _evenly_spaced(video, len(shown)))
    last = int(shown.max(initial=0)) + (max(step, 1) if len(shown) else 1)
    return _Times(
        np.sort(shown),
        key_pts,
        np.where(key_dts == _MISSING, key_pts, key_dts),
        last,
        complete and rising and not line.moves,
    )


def _is_shown(packet: Packet[VideoStream]) -> bool:
    return not (packet.is_discard or packet.is_corrupt)


def _evenly_spaced(video: Video, count: int) -> NDArray[np.int64]:
    rate = video.stream.guessed_rate or Fraction(25)
    step = 1 / (rate * (video.stream.time_base or Fraction(1, 1000)))
    return np.array([round(position * step) for position in range(count)], np.int64)


def _from_start(video: Video, times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Moves times that stand in for pts so that the first is that of the stream's first frame."""
    start: int | None = video.stream.start_time
    return times if start is None or not len(times) else times + (start - times.min())


def _check_order(video: Video, times: _Times) -> tuple[Appearance, bool]:
    """Decodes the first frames: how they look, and whether their pts rise and are in the list."""
    look: Appearance | None = None
    before: int | None = None
    ordered = True
    aspect = video.stream.sample_aspect_ratio
    for frame in islice(decode_frames(video), _CHECKED_FRAMES):
        look = look or appearance_of(frame, orientation_of(frame), aspect)
        if frame.interlaced_frame and not look.interlaced:
            look = replace(look, interlaced=True)
        late = before is not None and frame.pts is not None and frame.pts <= before
        ordered = ordered and _is_listed(frame.pts, times.pts) and not late
        before = frame.pts
    context = video.stream.codec_context
    return look or Appearance(context.width, context.height), ordered


def _is_listed(pts: int | None, listed: NDArray[np.int64]) -> bool:
    at = 0 if pts is None else int(np.searchsorted(listed, pts))
    return at < len(listed) and bool(listed[at] == pts)


def _starts_midway(video: Video, times: _Times) -> bool:
    """Tells whether decoding can start at the keyframe in the middle.

    Where it cannot (intra refresh), every span would be read from the file's start: one reading of
    the whole file is the better plan.
    """
    at = len(times.key_pts) // 2
    if at == 0:
        return True
    return seek_frames(video, int(times.key_pts[at]), int(times.key_dts[at])) is not None


def _info_of(video: Video, look: Appearance, duration: Fraction, frame_count: int) -> MediaInfo:
    width, height = look.shown_size  # not the container's: it may have changed in mid-stream
    rate = video.stream.average_rate or (Fraction(frame_count) / duration if duration > 0 else None)
    return MediaInfo(
        kind="video",
        codec=video.codec,
        width=width,
        height=height,
        rotation=look.orientation.rotation,
        frame_rate=float(rate) if rate else None,
        duration_ms=max(0, round(duration * 1000)),
        has_audio=bool(video.container.streams.audio),
        notes=video.notes,
    )
