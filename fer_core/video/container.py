"""Video containers: opening one, and walking through its packets and frames on one thread."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, BinaryIO

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from fer_core.errors import MediaError
from fer_core.media import MAX_PIXELS, Source, open_bytes, shown_name
from fer_core.video.mp4_boxes import list_boxes
from fer_core.video.picture_series import is_read_by_pillow, open_series

_CLOSED = {"protocol_whitelist": "none"}
"""A file may be a list of others, or ask for a network port: only its own bytes are read."""
_READ_SIZE = 1 << 18
_PICTURES = Disposition.attached_pic | Disposition.timed_thumbnails
"""Of streams that are no film: covers, and pictures for a player's scroll bar."""
_MP4_SUFFIXES = (".mp4", ".m4v", ".mov", ".3gp", ".3g2")


@dataclass(frozen=True)
class Video:
    """An open video: its container and the one stream whose frames are read.

    Attributes:
        container: of all its streams.
        stream: that a player would show.
        notes: which other video streams are left out, None where there is none.
        kind: of a picture that shows several one after the other, the name of its format.
    """

    container: InputContainer
    stream: VideoStream
    notes: str | None = None
    kind: str | None = None

    @property
    def codec(self) -> str:
        """The name of what its frames are encoded with, whichever library decodes it."""
        return self.kind or str(self.stream.codec_context.codec.canonical_name)


@contextmanager
def open_video(source: Source, parse: bool = True) -> Iterator[Video]:
    """Opens a video and chooses the video stream that a player would show.

    The bytes always come through a Python file: names with any bytes work, and a disk that fails
    raises its own OSError, which is not mistaken for a fault of the medium.

    Args:
        source: the video.
        parse: whether what packets hold tells which are keyframes, or the container alone.

    Raises:
        MediaError: the bytes are no video, or hold none that can be decoded.
    """
    with _open_file(source) as (file, kind):
        container = _open_container(file, shown_name(source), parse)
        with container:
            stream, notes = _choose_stream(container, shown_name(source))
            for other in container.streams:
                if other.index != stream.index:
                    other.discard = Discard.all
            # Automatic threads lost frames of cut files, and would take every core.
            stream.thread_type = "NONE"
            stream.thread_count = 1
            # Frames may grow in mid-stream; the size that the file starts with was checked.
            # With the edges that decoders add to their frames.
            width, height = stream.codec_context.width + 128, stream.codec_context.height + 128
            pixels = max(MAX_PIXELS, width * height)
            stream.codec_context.options = {"max_pixels": str(pixels)}
            yield Video(container, stream, notes, kind)


@contextmanager
def _open_file(source: Source) -> Iterator[tuple[BinaryIO, str | None]]:
    """Opens the bytes of a video; of pictures FFmpeg does not read, as one made of them."""
    with open_bytes(source) as file:
        head = file.read(12)
        file.seek(0)
        if not is_read_by_pillow(head):
            yield file, None
            return
        with open_series(file, shown_name(source)) as (made, kind):
            yield made, kind


class VideoFile:
    """A file for FFmpeg, where a damaged video may ask for places that no file has."""

    def __init__(self, file: BinaryIO) -> None:
        self.name = getattr(file, "name", "")
        self.read, self.tell, self._seek = file.read, file.tell, file.seek
        self._size = file.seek(0, os.SEEK_END)
        file.seek(0)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves as a file does; to its end where it would be behind that, nowhere before 0."""
        starts = {os.SEEK_SET: 0, os.SEEK_END: self._size}
        place = offset + (starts[whence] if whence in starts else self.tell())
        return -errno.EINVAL if place < 0 else self._seek(min(place, self._size))


def _open_container(file: BinaryIO, name: str, parse: bool) -> InputContainer:
    how = _CLOSED if parse else {**_CLOSED, "fflags": "noparse"}
    own = VideoFile(file)
    try:
        return av.open(own, "r", options=how, metadata_errors="replace", buffer_size=_READ_SIZE)
    except av.FFmpegError as error:
        raise MediaError(f"{name}: {_why_not_opened(file, name)}") from error


def _why_not_opened(file: BinaryIO, name: str) -> str:
    if name.lower().endswith(_MP4_SUFFIXES):
        boxes = [box.kind for box in islice(list_boxes(file), 100)]
        if boxes[:1] == [b"ftyp"] and b"moov" not in boxes:
            return (
                "its index (moov) is missing: the recording or copy was not finished, copy it again"
            )
    return "is no video in a known format: convert it, or copy it again"


def _choose_stream(container: InputContainer, name: str) -> tuple[VideoStream, str | None]:
    """Returns the stream that a player would show, and which others are left out."""
    streams = [s for s in container.streams.video if not s.disposition & _PICTURES]
    if not streams:
        held = "only sound" if container.streams.audio else "no video stream"
        raise MediaError(f"{name}: holds {held}, a video was expected")
    known = [stream for stream in streams if stream.codec_context is not None]
    if not known:
        raise MediaError(f"{name}: its video codec is not known: convert it, to H.264 for example")
    chosen = max(known, key=_rank)
    others = [_describe_stream(stream) for stream in streams if stream is not chosen]
    if not others:
        return chosen, None
    return chosen, f"shown: {_describe_stream(chosen)}; left out: {', '.join(others)}"


def _rank(stream: VideoStream) -> tuple[bool, bool, int, int]:
    """Orders streams as players do: films before single pictures, default, largest, first."""
    context = stream.codec_context
    is_default = bool(stream.disposition & Disposition.default)
    return stream.frames != 1, is_default, context.width * context.height, -stream.index


def _describe_stream(stream: VideoStream) -> str:
    context: Any = stream.codec_context  # None where FFmpeg does not know the codec
    if context is None:
        return f"video track {stream.index} (unknown codec)"
    codec = context.codec.canonical_name
    return f"video track {stream.index} ({codec}, {context.width} x {context.height})"


def list_packets(video: Video) -> Iterator[Packet[VideoStream]]:
    """Yields the packets of the stream that hold bytes, up to the end or the first fault."""
    try:
        for packet in video.container.demux(video.stream):
            if packet.size:
                yield packet
    except av.FFmpegError:
        return  # a file cut short: what came before the cut still counts


def decode_frames(video: Video, wanted: Set[int] | None = None) -> Iterator[VideoFrame]:
    """Yields the frames from where the container stands to its end; packets that fail are lost.

    Args:
        video: an open video.
        wanted: pts of the frames that are needed; others are left out where no frame refers to
            them, which saves their decoding. None for every frame.
    """
    for packet in list_packets(video):
        if wanted is not None:
            # The decoder knows which frames are disposable; most containers do not say.
            unwanted = packet.pts is not None and packet.pts not in wanted
            video.stream.codec_context.skip_frame = "NONREF" if unwanted else "DEFAULT"
        yield from _decode(video, packet)
    yield from _decode(video, None)


def seek_frames(
    video: Video, pts: int, dts: int, wanted: Set[int] | None = None
) -> Iterator[VideoFrame] | None:
    """Returns the frames from the keyframe at `pts`, or None where they do not start there.

    `wanted` is as for `decode_frames`.

    Containers seek by pts, by dts, or miss; MPEG files guess times after a seek; and some streams
    flag keyframes where decoding cannot start. So a seek counts only when its first frame is a
    keyframe and leads to a keyframe at exactly `pts`.
    """
    second = round(1 / video.stream.time_base) if video.stream.time_base else 1
    for target in dict.fromkeys((pts, dts, dts - 1, dts - second, dts - 4 * second)):
        try:
            video.container.seek(target, stream=video.stream)
        except av.FFmpegError:
            continue
        frames = decode_frames(video, wanted)
        first = _arrive(frames, pts)
        if first is not None:
            return chain((first,), frames)
    return None


def _arrive(frames: Iterator[VideoFrame], pts: int) -> VideoFrame | None:
    """Decodes up to the keyframe at `pts`; None where the way there is not to be trusted."""
    for count, frame in enumerate(frames):
        if frame.pts is None or frame.pts > pts or (count == 0 and not frame.key_frame):
            return None
        if frame.pts == pts:
            return frame if frame.key_frame else None
    return None


def _decode(video: Video, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
    try:
        return video.stream.decode(packet)
    except av.FFmpegError:
        return []
