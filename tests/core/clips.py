"""Small clips made with PyAV: a moving pattern that carries its frame number in its pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

BITS = 12
"""Bits of the frame number, drawn as a row of squares, lowest first."""

_SQUARE = 8
SOUND_RATE = 16_000


@dataclass(frozen=True)
class Clip:
    """How a clip is made.

    Attributes:
        codec: name of FFmpeg's encoder.
        frames: how many.
        rate: frames per second; the time of frame i is `start_s` + `ticks[i]` / rate.
        ticks: whole numbers, rising; empty for 0, 1, 2 and so on.
        start_s: time of the first frame in seconds.
        size: stored width and height in pixels, at least 96 x 16.
        pix_fmt: pixel format given to the encoder.
        options: of the encoder.
        container: of the muxer.
        gop: frames from one keyframe to the next, at most.
        rotation: degrees clockwise that a player has to turn the frames.
        hflip: whether a player has to mirror them too.
        sound_s: seconds of sound from time 0; 0 for none.
    """

    codec: str = "libx264"
    frames: int = 150
    rate: int = 12
    ticks: tuple[int, ...] = ()
    start_s: Fraction = Fraction(0)
    size: tuple[int, int] = (96, 64)
    pix_fmt: str = "yuv420p"
    options: dict[str, str] = field(default_factory=dict)
    container: dict[str, str] = field(default_factory=dict)
    gop: int = 12
    rotation: int = 0
    hflip: bool = False
    sound_s: int = 0

    def time_of(self, number: int) -> Fraction:
        """Returns when frame `number` is shown, in seconds."""
        tick = self.ticks[number] if self.ticks else number
        return self.start_s + Fraction(tick, self.rate)


def draw_pattern(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """Draws frame `number`: a gradient that moves, and the number in squares along the top.

    Returns:
        uint8 (height, width) grey.
    """
    y, x = np.mgrid[0:height, 0:width]
    grey: NDArray[np.uint8] = (64 + (x + 2 * y + 3 * number) % 128).astype(np.uint8)
    for bit in range(BITS):
        grey[:_SQUARE, bit * _SQUARE : (bit + 1) * _SQUARE] = 255 if number >> bit & 1 else 0
    return grey


def read_number(grey: NDArray[np.uint8]) -> int:
    """Reads the number of a frame from its squares; the frame has to be upright."""
    squares = grey[2 : _SQUARE - 2, : BITS * _SQUARE].reshape(-1, BITS, _SQUARE)
    bright = squares[:, :, 2:-2].mean(axis=(0, 2)) > 128
    return int(sum(1 << bit for bit in range(BITS) if bright[bit]))


def make_clip(path: Path, clip: Clip) -> Path:
    """Writes a clip and returns its path; the suffix chooses the container."""
    with av.open(str(path), "w", options=clip.container) as output:
        stream = output.add_stream(clip.codec, rate=clip.rate, options=clip.options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = clip.size
        stream.pix_fmt = clip.pix_fmt
        stream.gop_size = clip.gop
        stream.thread_count = 1
        time_base = Fraction(1, clip.rate * clip.start_s.denominator)
        stream.codec_context.time_base = time_base
        if clip.rotation or clip.hflip:
            stream.set_display_rotation(-clip.rotation, hflip=clip.hflip)
        sound = _add_sound(output) if clip.sound_s else None
        for number in range(clip.frames):
            frame = av.VideoFrame.from_ndarray(draw_pattern(number, *clip.size), format="gray")
            frame = frame.reformat(format=clip.pix_fmt)
            frame.time_base = time_base
            frame.pts = int(clip.time_of(number) / time_base)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if sound is not None:
            _write_sound(output, sound, clip.sound_s)
    return path


def make_sound(path: Path, seconds: int = 1) -> Path:
    """Writes a file that holds only sound."""
    with av.open(str(path), "w") as output:
        _write_sound(output, _add_sound(output), seconds)
    return path


def _add_sound(output: OutputContainer) -> AudioStream:
    stream = output.add_stream("aac", rate=SOUND_RATE)
    assert isinstance(stream, AudioStream)
    return stream


def _write_sound(output: OutputContainer, stream: AudioStream, seconds: int) -> None:
    for block in range(seconds * SOUND_RATE // 1000):
        at = np.arange(block * 1000, block * 1000 + 1000)
        tone = (8000 * np.sin(at * (2 * np.pi * 440 / SOUND_RATE))).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(tone[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = SOUND_RATE
        frame.pts = block * 1000
        frame.time_base = Fraction(1, SOUND_RATE)
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))
