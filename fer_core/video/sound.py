"""Sound: the sound tracks of a video for its copy, as they are or else as AAC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Discard, Stream

from fer_core.media import Source
from fer_core.video.container import Video, list_packets, open_video
from fer_core.video.continued import Continued
from fer_core.video.index import start_of
from fer_core.video.sound_tracks import (
    MAX_SILENCE_S,
    CopiedTrack,
    EncodedTrack,
    SoundTrack,
    can_copy,
    samples_of,
)

_JOINED_BY_BYTES = ("mpegts", "mpeg")
"""Containers whose recordings are joined by putting one file behind the other."""
HOLE_S = Fraction(1, 25)
"""A track whose packets come later or earlier than the samples before them last, by more than this,
is not copied: players would play on without the hole, and the rest too early."""


@contextmanager
def open_sound(source: Source) -> Iterator[Sound]:
    """Opens the sound of a video.

    Raises:
        MediaError: the video no longer opens.
    """
    with open_video(source) as video:
        copied, begins_again = _list_unbroken(video)
    moves: list[Fraction] = []
    if begins_again:
        with open_video(source) as video:
            moves = _list_moves(video)
    with open_video(source) as video:  # afresh: not every container can go back to its start
        yield Sound(video, copied, moves)


def _sound_streams(video: Video) -> list[AudioStream]:
    return list(video.container.streams.audio)


def _is_known(stream: AudioStream) -> bool:
    """Tells whether a decoder is known for a track, which PyAV's types take for granted."""
    context: object = stream.codec_context
    return context is not None


def _list_moves(video: Video) -> list[Fraction]:
    """Returns by how many seconds the pictures are moved wherever their times begin again."""
    line = Continued(video.stream.time_base or Fraction(1, 1000))
    for packet in list_packets(video):
        line.move_of(packet.dts, packet.duration)
    return line.moves


def _lines_of(
    streams: Sequence[AudioStream], moves: Sequence[Fraction] = ()
) -> dict[int, Continued]:
    return {each.index: Continued(each.time_base or Fraction(1, 1000), moves) for each in streams}


def _demux(
    video: Video, streams: Sequence[AudioStream], lines: Mapping[int, Continued]
) -> Iterator[Packet[Any]]:
    """Yields the packets of some streams, up to the end or the first fault.

    Args:
        video: an open video.
        streams: some of its streams.
        lines: by their indices, what continues their times where these begin again.
    """
    for stream in video.container.streams:
        stream.discard = Discard.all
    for stream in streams:
        stream.discard = Discard.default
    try:
        for packet in video.container.demux(streams):
            if packet.size:
                move = lines[packet.stream.index].move_of(packet.dts, packet.duration)
                if move and packet.pts is not None:
                    packet.pts, packet.dts = packet.pts + move, (packet.dts or packet.pts) + move
                yield packet
    except av.FFmpegError:
        return  # a file cut short: what came before the cut still counts


@dataclass
class _Reach:
    """How far the samples of a track reach, while its packets are listed."""

    unbroken: bool
    end: Fraction | None = None


def _list_unbroken(video: Video) -> tuple[set[int], bool]:
    """Finds the tracks that can be copied: of a fitting codec, without holes.

    Returns:
        Their indices, and whether the times of any track begin again.
    """
    known = [stream for stream in _sound_streams(video) if _is_known(stream)]
    joined = video.container.format.name in _JOINED_BY_BYTES
    streams = [stream for stream in known if joined or can_copy(stream)]
    reaches = {stream.index: _Reach(can_copy(stream)) for stream in streams}
    lines = _lines_of(streams)
    for packet in _demux(video, streams, lines) if streams else ():
        reach = reaches[packet.stream.index]
        if not reach.unbroken:
            continue
        length = Fraction(samples_of(packet), packet.stream.codec_context.sample_rate)
        if packet.pts is not None:
            at = packet.pts * packet.time_base
            if reach.end is not None and abs(at - reach.end) > HOLE_S:
                reach.unbroken = False
            reach.end = at if reach.end is None else reach.end
        if reach.end is None or length <= 0:
            reach.unbroken = False
        else:
            reach.end += length
    for index, line in lines.items():
        reaches[index].unbroken &= not line.moves
    begins_again = any(line.moves for line in lines.values())
    return {index for index, reach in reaches.items() if reach.unbroken}, begins_again


class Sound:
    """The sound of an open video.

    Attributes:
        lost: a line for each track that could not be kept; complete once all packets were listed.
    """

    def __init__(self, video: Video, copied: set[int], moves: Sequence[Fraction] = ()) -> None:
        self._video, self._copied, self._moves = video, copied, moves
        self._start = start_of(video)
        self._tracks: dict[int, SoundTrack] = {}
        self.lost: list[str] = []

    @property
    def track_count(self) -> int:
        """Tracks that gave at least one packet."""
        return sum(track.wrote for track in self._tracks.values())

    def add_streams(self, output: OutputContainer) -> None:
        """Adds a stream to the copy for every track that can be kept."""
        for number, stream in enumerate(_sound_streams(self._video), 1):
            if not _is_known(stream):
                self.lost.append(f"sound track {number}: its codec is not known, it is left out")
                continue
            kind = CopiedTrack if stream.index in self._copied else EncodedTrack
            self._tracks[stream.index] = kind(stream, output, self._start)

    def list_packets(self) -> Iterator[Packet[Stream]]:
        """Yields the packets of all tracks for the copy, about in order of time."""
        streams = [s for s in _sound_streams(self._video) if s.index in self._tracks]
        if not streams:
            return
        for packet in _demux(self._video, streams, _lines_of(streams, self._moves)):
            yield from self._tracks[packet.stream.index].take(packet)
        for number, stream in enumerate(_sound_streams(self._video), 1):
            track = self._tracks.get(stream.index)
            if track is not None:
                yield from track.end()
                if track.too_far:
                    self.lost.append(
                        f"sound track {number}: more than {MAX_SILENCE_S // 3600} hours of silence "
                        "lie before or between its sounds, it ends there"
                    )
                elif not track.wrote:
                    name = stream.codec.canonical_name
                    self.lost.append(f"sound track {number}: no {name} packet could be decoded")
