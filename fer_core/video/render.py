"""Rendering: decodes a stretch of a video again, draws its faces and encodes it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import prod

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from fer_core.drawing.canvas import YuvCanvas
from fer_core.errors import MediaError
from fer_core.media import Source, shown_name
from fer_core.shown_face import ShownFace
from fer_core.video.appearance import Appearance
from fer_core.video.container import decode_frames, open_video, seek_frames
from fer_core.video.deinterlace import deinterlace
from fer_core.video.index import index_video
from fer_core.video.mp4 import create_mp4
from fer_core.video.standard_range import to_standard_range
from fer_core.video.stretches import Stretch
from fer_core.video.upright import UprightFrames, turn_plane

VIDEO_QUALITY = 23
"""H.264's constant rate factor: 0 is lossless, 18 looks it, 51 is the worst."""

_PRESET = "veryfast"
_KEY_S = 4
"""Seconds from one keyframe to the next, at most: a player that seeks decodes from one."""

_X264 = "open-gop=0:threads=1:lookahead-threads=1:sync-lookahead=0"
_AVX512 = 13  # OpenCV's CpuFeatures, which Python has no name for
if cv2.checkHardwareSupport(_AVX512):
    # Its macroblock tree for AVX-512 reads what was never written: one encode in ten to a hundred
    # differs. For AVX2 each is the same, at 4 % of the encoder's time.
    _X264 += ":asm=avx2"

_MOST_PIXELS = 16_384
"""What the encoder takes, each way."""

_LARGE_FRAME = 20_000_000
"""Pixels above which the encoder looks no frames ahead: it would keep ten."""

Faces = Sequence[ShownFace]


@dataclass(frozen=True)
class Drawing:
    """What is drawn on the frames of a stretch.

    Attributes:
        find: gives the faces that are shown at a `timestamp_ms`.
        draw: draws them; only called for frames that have some.
        moments: `timestamp_ms` of the frames that `look_at` is to see.
        look_at: called with the `timestamp_ms`, the frame before anything is drawn on it, uint8
            (h, w, 3) RGB in display orientation, and the faces shown in it.
    """

    find: Callable[[int], Faces]
    draw: Callable[[YuvCanvas, Faces], None]
    moments: AbstractSet[int] = frozenset()
    look_at: Callable[[int, NDArray[np.uint8], Faces], None] | None = None


def render_span(
    source: Source,
    stretch: Stretch,
    path: str | os.PathLike[str],
    drawing: Drawing,
    quality: int = VIDEO_QUALITY,
) -> int:
    """Renders a stretch of a video into an MP4 that `join_spans` can join, without sound.

    Times in it are those of the whole copy, from its start.

    Returns:
        The number of frames; 0, with a file without frames, where none could be decoded.

    Raises:
        MediaError: the video no longer opens, or H.264 cannot hold its frames.
        OSError: the disk is full, or fails.
    """
    name = shown_name(source)
    ticks_of = stretch.timing.ticks()
    with create_mp4(path, stretch.timing.tick, name) as output:
        writer = _Writer(output, add_h264(output, stretch, quality, name))
        for pts, frame in _draw_frames(source, stretch, drawing):
            writer.write(frame, ticks_of(pts))
        writer.end(ticks_of(stretch.ends_at))
        return writer.frame_count


def _draw_frames(
    source: Source, stretch: Stretch, drawing: Drawing
) -> Iterator[tuple[int, VideoFrame]]:
    """Yields the frames of a stretch upright and drawn on, each valid until the next."""
    milliseconds_of = stretch.timing.milliseconds()
    frames = UprightFrames(stretch.look)
    moments = set(drawing.moments)
    decoded = read_stretch(source, stretch)
    for pts, read in deinterlace(decoded) if stretch.look.interlaced else decoded:
        timestamp_ms = milliseconds_of(pts)
        faces = drawing.find(timestamp_ms)
        draw = _drawer(drawing, faces) if faces else None
        frame = read
        try:
            frame = to_standard_range(read)
            if timestamp_ms in moments and drawing.look_at is not None:
                moments.discard(timestamp_ms)
                drawing.look_at(timestamp_ms, _rgb_of(frame, stretch.look), faces)
            yield pts, frames.turn(frame, draw)
        except av.FFmpegError as error:
            name, pixels = shown_name(source), frame.format.name
            raise MediaError(f"{name}: frame of {pixels} cannot be turned to yuv420p") from error


def _drawer(drawing: Drawing, faces: Faces) -> Callable[[YuvCanvas], None]:
    return lambda canvas: drawing.draw(canvas, faces)


def _rgb_of(frame: VideoFrame, look: Appearance) -> NDArray[np.uint8]:
    size = look.square_size if look.aspect != 1 else (frame.width, frame.height)
    shown = frame.reformat(*size, format="rgb24", threads=1)
    pixels = shown.to_ndarray().astype(np.uint8, copy=False)
    return np.ascontiguousarray(turn_plane(pixels, look.orientation))


def read_stretch(source: Source, stretch: Stretch) -> Iterator[tuple[int, VideoFrame]]:
    """Reads the frames of a stretch: pts of the video, and the frame.

    Raises:
        MediaError: the video no longer opens.
    """
    if not stretch.seekable:
        # No more pixels than it had when it was planned.
        pixels = max(stretch.look.width * stretch.look.height, prod(stretch.look.shown_size))
        all_pts = index_video(source, pixels).pts.tolist()
        with open_video(source) as video:
            yield from zip(all_pts, decode_frames(video), strict=False)
        return
    if stretch.start_pts is not None and stretch.start_dts is not None:
        with open_video(source) as video:
            frames = seek_frames(video, stretch.start_pts, stretch.start_dts)
            if frames is not None:
                yield from _within(frames, stretch)
                return
    with open_video(source) as video:  # afresh: not every container can go back to its start
        yield from _within(decode_frames(video), stretch)


def _within(frames: Iterator[VideoFrame], stretch: Stretch) -> Iterator[tuple[int, VideoFrame]]:
    for frame in frames:
        if frame.pts is None or (stretch.start_pts is not None and frame.pts < stretch.start_pts):
            continue
        if stretch.end_pts is not None and frame.pts >= stretch.end_pts:
            return
        yield frame.pts, frame


def add_h264(output: OutputContainer, stretch: Stretch, quality: int, name: str) -> VideoStream:
    """Adds the stream; its settings follow from the video alone, so that spans can be joined."""
    look, timing = stretch.look, stretch.timing
    options = {
        "preset": _PRESET,
        "crf": str(quality),
        "bf": "0",
        "a53cc": "0",  # captions would come from undrawn frames only
        "x264-params": _X264,
    }
    if prod(look.coded_size) > _LARGE_FRAME:
        options["x264-params"] += ":rc-lookahead=0"
    if max(look.coded_size) > _MOST_PIXELS:
        raise MediaError(
            f"{name}: {' x '.join(map(str, look.shown_size))} pixels, H.264 holds "
            f"{_MOST_PIXELS} each way: "
            "scale it down"
        )
    stream = output.add_stream("libx264", rate=timing.rate, options=options)
    context = stream.codec_context
    stream.width, stream.height = look.coded_size
    stream.pix_fmt = look.pix_fmt
    stream.gop_size = max(2, min(250, round(timing.rate * _KEY_S)))
    stream.thread_count = 1
    stream.time_base = context.time_base = timing.tick
    context.color_range = 2 if look.full_range else 1
    context.colorspace, context.color_primaries, context.color_trc = look.colours
    return stream


class _Writer:
    """Encodes frames, and writes each packet once the time of the next one is known."""

    def __init__(self, output: OutputContainer, stream: VideoStream) -> None:
        self._output, self._stream = output, stream
        self._held: Packet[VideoStream] | None = None
        self._last = -1
        self.frame_count = 0

    def write(self, frame: VideoFrame, at: int) -> None:
        """Encodes a frame that is shown from a tick on."""
        # A decoder that goes back, in a damaged file, moves the frame behind the one before.
        self._last = max(at, self._last + 1)
        self.frame_count += 1
        frame.pts, frame.time_base = self._last, self._stream.codec_context.time_base
        frame.pict_type = 0  # the encoder would follow what the decoder says of the source
        for packet in self._stream.encode(frame):
            self._take(packet)

    def end(self, at: int) -> None:
        """Writes what the encoder still holds; the last frame is shown until a tick."""
        if self.frame_count:
            for packet in self._stream.encode(None):
                self._take(packet)
        if self._held is not None:
            self._mux(self._held, at)

    def _take(self, packet: Packet[VideoStream]) -> None:
        if self._held is not None and packet.pts is not None:
            self._mux(self._held, packet.pts)
        self._held = packet

    def _mux(self, packet: Packet[VideoStream], until: int) -> None:
        packet.duration = max(1, until - (packet.pts or 0))
        self._output.mux(packet)
