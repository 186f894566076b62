"""Joining: the rendered stretches of a video become one MP4, with the sound of the video."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from fer_core.errors import MediaError
from fer_core.media import Source, shown_name
from fer_core.video.container import list_packets, open_video
from fer_core.video.mp4 import create_mp4
from fer_core.video.sound import open_sound


@dataclass(frozen=True)
class JoinedVideo:
    """What came of a join.

    Attributes:
        frame_count: frames of the copy.
        track_count: sound tracks that it holds.
        lost_sound: a line for each sound track that could not be kept, which says why.
    """

    frame_count: int
    track_count: int
    lost_sound: tuple[str, ...]


def join_spans(
    source: Source, rendered: Sequence[Source], path: str | os.PathLike[str]
) -> JoinedVideo:
    """Joins what `render_span` rendered into one MP4, without a second encode.

    Args:
        source: the video, for its sound.
        rendered: the files of all its stretches, in order.
        path: the MP4 to write; on any error none is left.

    Raises:
        MediaError: no frame was rendered, or the files do not belong together.
        OSError: the disk is full, or fails.
    """
    name = shown_name(source)
    parts = [part for part in rendered if _holds_frames(part)]
    if not parts:
        raise MediaError(f"{name}: none of its frames could be decoded")
    with open_video(parts[0]) as first, open_sound(source) as sound:
        tick = first.stream.time_base or Fraction(1, 1000)
        with create_mp4(path, tick, name) as output:
            stream = output.add_stream_from_template(first.stream)
            stream.time_base = tick
            sound.add_streams(output)
            pictures = _picture_packets(parts, stream, first.stream.codec_context.extradata)
            frame_count = 0
            for packet in heapq.merge(pictures, sound.list_packets(), key=_time_of):
                frame_count += packet.stream is stream
                output.mux(packet)
    return JoinedVideo(frame_count, sound.track_count, tuple(sound.lost))


def _holds_frames(part: Source) -> bool:
    """Tells whether a rendered file holds frames: it is empty where none could be decoded."""
    if isinstance(part, (str, os.PathLike)):
        return os.path.getsize(part) > 0
    return part.seek(0, os.SEEK_END) > 0


def _time_of(packet: Packet[Stream]) -> float:
    return float((packet.dts or 0) * packet.time_base)


def _picture_packets(
    parts: Sequence[Source], stream: VideoStream, extradata: bytes | None
) -> Iterator[Packet[Stream]]:
    """Yields the packets of all parts; an MP4 shows each until the next."""
    last = -1
    for part in parts:
        with open_video(part) as video:
            if video.stream.codec_context.extradata != extradata:
                raise MediaError(f"{shown_name(part)}: was encoded with other settings")
            for old in list_packets(video):
                packet = _copy_packet(old, stream)
                # Never backwards: damaged files may overlap where they were cut.
                last = packet.pts = packet.dts = max(packet.pts or 0, last + 1)
                yield packet


def _copy_packet(old: Packet[VideoStream], stream: Stream) -> Packet[Stream]:
    """Makes a packet of the same bytes and times that belongs to another stream."""
    packet: Packet[Stream] = Packet(bytes(old))
    packet.stream = stream
    packet.time_base = old.time_base
    packet.pts = packet.dts = old.pts
    packet.duration = old.duration
    packet.is_keyframe = old.is_keyframe
    return packet
