"""Sound tracks: one track of a video becomes one of its copy, packet by packet."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Protocol

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

_COPIED_CODECS = ("aac", "mp3", "opus")
_NEEDS_HEADER = ("opus",)
_LEAST_MP3_RATE = 16_000
"""MP4 holds MP3 of MPEG-1 and MPEG-2 only, not of MPEG-2.5."""

_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
_BITS_PER_CHANNEL = 80_000
_LAYOUTS = {1: "mono", 6: "5.1"}
MAX_SILENCE_S = 6 * 3600
"""Seconds of silence of one track above which no more is made: each is 47 packets of the copy, to
be encoded and kept in mind."""
_LEAST_RATE = 1000
_OFF_S = Fraction(1, 25)
"""A frame that comes later or earlier than this is moved to its time."""


class SoundTrack(Protocol):
    """One sound track on its way into the copy.

    Attributes:
        wrote: whether it gave a packet.
        too_far: whether it was given up, since too much silence would lie between its sounds.
    """

    wrote: bool
    too_far: bool

    def take(self, packet: Packet[AudioStream]) -> Iterator[Packet[Stream]]:
        """Takes the next packet of the video; yields those of the copy."""

    def end(self) -> Iterator[Packet[Stream]]:
        """Yields what is left at the end."""


def can_copy(stream: AudioStream) -> bool:
    """Tells whether MP4 can hold the packets of a track and browsers play them."""
    context = stream.codec_context
    if context is None or not context.sample_rate:
        return False
    name = context.codec.canonical_name
    if name == "mp3" and context.sample_rate < _LEAST_MP3_RATE:
        return False
    return name in _COPIED_CODECS and (name not in _NEEDS_HEADER or bool(context.extradata))


def samples_of(packet: Packet[AudioStream]) -> int:
    """Returns how many samples a packet holds; containers round its duration."""
    context = packet.stream.codec_context
    if context.codec.canonical_name != "opus" and context.frame_size:
        return context.frame_size
    return round((packet.duration or 0) * packet.time_base * context.sample_rate)


class CopiedTrack:
    """Copies packets; their times follow from their samples, which no container rounds."""

    def __init__(self, stream: AudioStream, output: OutputContainer, start: Fraction) -> None:
        self._rate = stream.codec_context.sample_rate
        self._start = start
        self._stream = output.add_stream_from_template(stream)
        self._stream.time_base = Fraction(1, self._rate)
        _copy_language(stream, self._stream)
        self._next: int | None = None
        self.wrote = self.too_far = False

    def take(self, packet: Packet[AudioStream]) -> Iterator[Packet[Stream]]:
        """Takes the next packet of the video; yields it as one of the copy."""
        if self._next is None:
            at = (packet.pts or 0) * packet.time_base - self._start
            self.too_far = abs(at) > MAX_SILENCE_S
            self._next = round(at * self._rate)
        if self.too_far:
            return
        copy: Packet[Stream] = Packet(bytes(packet))
        copy.stream = self._stream
        copy.time_base = Fraction(1, self._rate)
        copy.pts = copy.dts = self._next
        # Only that of the last packet counts: it may end before its samples do.
        own = round((packet.duration or 0) * packet.time_base * self._rate)
        copy.duration = own or samples_of(packet)
        copy.is_keyframe = True
        self._next += samples_of(packet)
        self.wrote = True
        yield copy

    def end(self) -> Iterator[Packet[Stream]]:
        """Yields nothing: no packet is held back."""
        return iter(())


class EncodedTrack:
    """Encodes a track as AAC from time 0, with silence wherever the video has no sound."""

    def __init__(self, stream: AudioStream, output: OutputContainer, start: Fraction) -> None:
        context = stream.codec_context
        # Neither is known where the first packet lies too far in the file to be found on opening.
        self._rate = context.sample_rate if context.sample_rate in _AAC_RATES else 48_000
        self._start = start
        self._source = stream
        self._layout = _LAYOUTS.get(context.layout.nb_channels, "stereo")
        self._stream = output.add_stream("aac", rate=self._rate)
        channels = {"mono": 1, "5.1": 6}.get(self._layout, 2)
        self._silent = np.zeros((channels, self._rate), np.float32)
        target = self._stream.codec_context
        target.layout, target.format = self._layout, "fltp"
        target.bit_rate = _BITS_PER_CHANNEL * channels
        target.time_base = self._stream.time_base = Fraction(1, self._rate)
        _copy_language(stream, self._stream)
        self._resampler: AudioResampler | None = None
        self._form: tuple[str, str, int] | None = None
        self._position = self._silence = 0
        self.wrote = self.too_far = False

    def take(self, packet: Packet[AudioStream]) -> Iterator[Packet[Stream]]:
        """Decodes the next packet of the video; yields what is encoded of it."""
        if self.too_far:
            return
        try:
            frames = self._source.decode(packet)
        except av.FFmpegError:
            return  # what comes next is later than expected, and silence fills the hole
        for frame in frames:
            yield from self._place(frame)

    def end(self) -> Iterator[Packet[Stream]]:
        """Yields what the decoder, the resampler and the encoder still hold."""
        try:
            frames = self._source.decode(None)
        except av.FFmpegError:
            frames = []
        for frame in frames:
            yield from self._place(frame)
        yield from self._flush()
        if self.wrote:
            yield from self._stream.encode(None)

    def _place(self, frame: AudioFrame) -> Iterator[Packet[Stream]]:
        """Encodes a frame at its time, which decides wherever it differs from the count."""
        if frame.sample_rate < _LEAST_RATE:
            return  # each of its samples would become dozens
        if frame.pts is not None and frame.time_base is not None:
            at = round((frame.pts * frame.time_base - self._start) * self._rate)
            late = at - self._position
            if late < -_OFF_S * self._rate:
                return  # this time is taken already
            if late > _OFF_S * self._rate or not self.wrote:
                self._silence += max(0, late)
                if self._silence > MAX_SILENCE_S * self._rate:
                    self.too_far = True
                    return
                yield from self._flush()
                yield from self._fill(at)
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != self._form:
            yield from self._flush()
            self._form = form
        if self._resampler is None:
            self._resampler = AudioResampler("fltp", self._layout, self._rate)
        frame.pts = None
        for resampled in self._resampler.resample(frame):
            yield from self._encode(resampled)

    def _flush(self) -> Iterator[Packet[Stream]]:
        if self._resampler is not None:
            for resampled in self._resampler.resample(None):
                yield from self._encode(resampled)
            self._resampler = None

    def _fill(self, end: int) -> Iterator[Packet[Stream]]:
        """Encodes silence up to a sample, a second at a time."""
        while self._position < end:
            silent = self._silent[:, : min(self._rate, end - self._position)]
            frame = AudioFrame.from_ndarray(
                np.ascontiguousarray(silent), format="fltp", layout=self._layout
            )
            frame.sample_rate = self._rate
            yield from self._encode(frame)

    def _encode(self, frame: AudioFrame | None) -> Iterator[Packet[Stream]]:
        if frame is None or not frame.samples:
            return
        frame.pts, frame.time_base = self._position, Fraction(1, self._rate)
        self._position += frame.samples
        self.wrote = True
        yield from self._stream.encode(frame)


def _copy_language(source: AudioStream, stream: AudioStream) -> None:
    for key in ("language", "title"):
        if key in source.metadata:
            stream.metadata[key] = source.metadata[key]
