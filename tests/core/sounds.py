"""Clips with sound of many kinds: short beeps at known times, beside the frames of a clip."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from numpy.typing import NDArray

from tests.core.clips import Clip, make_clip

BEEPS = (0.5, 1.5, 2.5)
"""When beeps start, in seconds from the start of the sound; each lasts 50 ms."""


@dataclass(frozen=True)
class Beeps:
    """A sound track of beeps.

    Attributes:
        codec: name of FFmpeg's encoder.
        rate: samples per second.
        start_s: when it starts.
        length_s: seconds of it.
        layout: of its channels.
        hole: packets that start between these seconds of the sound are missing.
        language: as ISO 639-2 names it; empty for none.
    """

    codec: str = "aac"
    rate: int = 48_000
    start_s: Fraction = Fraction(0)
    length_s: int = 3
    layout: str = "mono"
    hole: tuple[float, float] = (0, 0)
    language: str = ""


def draw_beeps(beeps: Beeps) -> NDArray[np.float32]:
    """Returns the samples of one channel, float32 within -1 and 1."""
    seconds = np.arange(beeps.length_s * beeps.rate) / beeps.rate
    heard = np.zeros(len(seconds), bool)
    for beep in BEEPS:
        heard |= (seconds >= beep) & (seconds < beep + 0.05)
    return np.asarray(0.6 * np.sin(seconds * (2 * np.pi * 1000)) * heard, np.float32)


def make_sounding(path: Path, clip: Clip, *tracks: Beeps) -> Path:
    """Writes a clip with sound tracks; the suffix chooses the container."""
    silent = make_clip(path.with_suffix(".silent.mkv"), clip)
    with av.open(str(silent)) as source, av.open(str(path), "w") as output:
        old = source.streams.video[0]
        stream = output.add_stream_from_template(old)
        sounds = [_add_track(output, beeps) for beeps in tracks]
        packets: list[Packet[Any]] = [packet for packet in source.demux(old) if packet.size]
        for packet in packets:
            packet.stream = stream
        for sound, beeps in zip(sounds, tracks, strict=True):
            packets += _encode(sound, beeps)
        for packet in sorted(packets, key=_time_of):
            output.mux(packet)
    silent.unlink()
    return path


def _time_of(packet: Packet[Any]) -> float:
    return float((packet.dts or 0) * packet.time_base)


def _add_track(output: OutputContainer, beeps: Beeps) -> AudioStream:
    stream = output.add_stream(beeps.codec, rate=beeps.rate)
    assert isinstance(stream, AudioStream)
    stream.codec_context.layout = beeps.layout
    stream.codec_context.time_base = Fraction(1, beeps.rate)
    if beeps.language:
        stream.metadata["language"] = beeps.language
    return stream


def _encode(stream: AudioStream, beeps: Beeps) -> list[Packet[AudioStream]]:
    samples = draw_beeps(beeps)
    first = round(beeps.start_s * beeps.rate)
    packets: list[Packet[AudioStream]] = []
    channels = stream.codec_context.layout.nb_channels
    for at in range(0, len(samples), 1000):
        block = np.repeat(samples[np.newaxis, at : at + 1000], channels, axis=0)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(block), format="fltp", layout=beeps.layout
        )
        frame.sample_rate, frame.pts = beeps.rate, first + at
        frame.time_base = Fraction(1, beeps.rate)
        packets += stream.encode(frame)
    packets += stream.encode(None)
    from_s, to_s = (float(beeps.start_s) + second for second in beeps.hole)
    return [p for p in packets if not from_s <= float((p.pts or 0) * p.time_base) < to_s]
