"""Videos in every container and codec that PyAV writes here, and with odd times and sizes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from random import Random

import av
import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream

from tests.corpus.scenes import draw_scene

CONTAINERS = {
    ".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".3gp": "3gp", ".3g2": "3g2", ".mkv": "matroska",
    ".webm": "webm", ".avi": "avi", ".asf": "asf", ".wmv": "asf", ".flv": "flv", ".ts": "mpegts",
    ".mts": "mpegts", ".m2ts": "mpegts", ".mpg": "mpeg", ".mpeg": "mpeg", ".vob": "vob",
    ".mxf": "mxf", ".ogv": "ogg", ".y4m": "yuv4mpegpipe", ".gif": "gif",
}  # fmt: skip
"""The container that belongs to a suffix."""
MORE_FORMATS = ("nut", "ivf", "rm", "wtv", "dv", "gxf", "swf", "apng", "h264", "hevc", "mjpeg")
"""Containers without a suffix of their own among those that ferbeam lists."""
USUAL = ("libx264", "mpeg4", "mjpeg", "libvpx", "libvpx-vp9", "mpeg2video", "mpeg1video", "libx265")
_HARDWARE = ("_nvenc", "_qsv", "_amf", "_v4l2m2m", "_vaapi", "_vulkan", "_d3d12va", "_mf")
_REALTIME = {"deadline": "realtime", "cpu-used": "8"}
_X265 = {"preset": "ultrafast", "x265-params": "log-level=none"}
_QUICK = {
    "libx264": {"preset": "ultrafast"},
    "h264": {"preset": "ultrafast"},
    "libx265": _X265,
    "hevc": _X265,
    "libvpx": _REALTIME,
    "libvpx-vp9": _REALTIME,
    "libsvtav1": {"preset": "12"},
}
"""Options of encoders that take their time."""
_SLOW = ("libaom-av1", "snow", "wrapped_avframe", "vnull")


def list_encoders() -> list[str]:
    """Lists the encoders of FFmpeg that need no hardware."""
    names: list[str] = []
    for name in sorted(av.codecs_available):
        try:
            codec = av.Codec(name, "w")
        except ValueError:  # it only decodes
            continue
        if codec.type == "video" and not name.endswith(_HARDWARE) and name not in _SLOW:
            names.append(name)
    return names


@dataclass(frozen=True)
class Recipe:
    """How a video is made.

    Attributes:
        container: FFmpeg's name of the format.
        codec: FFmpeg's name of the encoder.
        pix_fmt: of the encoder; None for the first it takes.
        size: pixels.
        frames: how many.
        rate: frames per second.
        times: what is done to the times of its packets: "", "negative", "jump" or "late".
        second_size: size from the middle on, None for no change.
        sound: whether it has sound.
        gop: frames from keyframe to keyframe.
        rotation: degrees that a player turns it.
    """

    container: str
    codec: str
    pix_fmt: str | None = None
    size: tuple[int, int] = (160, 120)
    frames: int = 20
    rate: int = 10
    times: str = ""
    second_size: tuple[int, int] | None = None
    sound: bool = False
    gop: int = 8
    rotation: int = 0


def pick_recipe(random: Random, suffix: str, encoders: list[str]) -> Recipe:
    """Picks how the video of a case is made; not every container takes every codec."""
    container = CONTAINERS[suffix] if random.random() < 0.85 else random.choice(MORE_FORMATS)
    codec = random.choice(USUAL if random.random() < 0.6 else encoders)
    changed = random.choice([(96, 160), (320, 240), (64, 64)]) if random.random() < 0.1 else None
    return Recipe(
        container,
        {"gif": "gif", "yuv4mpegpipe": "rawvideo"}.get(container, codec),
        random.choice((None, None, None, "yuv420p10le", "yuv444p", "yuva420p", "rgb24", "gray")),
        random.choice(((160, 120), (160, 120), (176, 144), (161, 121), (720, 576))),
        random.choice((0, 1, 2, 5, 20, 20, 20, 60)),
        random.choice((5, 10, 25, 30)),
        random.choice(("", "", "", "", "negative", "jump", "late")),
        changed,
        random.random() < 0.2,
        random.choice((1, 8, 100)),
        random.choice((0, 0, 0, 90, 180, 270)),
    )


def make_video(recipe: Recipe) -> bytes:
    """Returns the bytes of a video.

    Raises:
        av.FFmpegError: as ValueError and the others, PyAV cannot make such a video.
    """
    file = io.BytesIO()
    with av.open(file, "w", format=recipe.container) as output:
        stream = _add_stream(output, recipe, recipe.size)
        sound = output.add_stream("aac", rate=16_000) if recipe.sound else None
        if recipe.rotation:
            stream.set_display_rotation(-recipe.rotation)
        for packet in _time_packets(_list_packets(recipe, stream), recipe):
            output.mux(packet)
        if sound is not None:
            for block in range(recipe.frames * 2):
                output.mux(sound.encode(_tone(block)))
            output.mux(sound.encode(None))
    return file.getvalue()


def _add_stream(
    output: av.container.OutputContainer, recipe: Recipe, size: tuple[int, int]
) -> VideoStream:
    options = _QUICK.get(recipe.codec, {})
    stream = output.add_stream(recipe.codec, rate=recipe.rate, options=options)
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = size
    known = av.Codec(recipe.codec, "w").video_formats or []
    names = [known.name for known in known]
    if recipe.pix_fmt in names or not names:
        stream.pix_fmt = recipe.pix_fmt or "yuv420p"
    else:
        stream.pix_fmt = names[0]
    stream.gop_size = recipe.gop
    stream.thread_count = 1
    stream.codec_context.time_base = Fraction(1, recipe.rate)
    return stream


def _list_packets(recipe: Recipe, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """Encodes the frames; from the middle on with an encoder of another size, if asked for."""
    half = recipe.frames // 2 if recipe.second_size else recipe.frames
    yield from _encode(stream, recipe, range(half))
    if recipe.second_size:
        with av.open(io.BytesIO(), "w", format=recipe.container) as other:
            second = _add_stream(other, recipe, recipe.second_size)
            for packet in _encode(second, recipe, range(half, recipe.frames)):
                packet.stream = stream
                yield packet


def _encode(stream: VideoStream, recipe: Recipe, numbers: range) -> Iterator[Packet[VideoStream]]:
    for number in numbers:
        scene = draw_scene(number, stream.width, stream.height)
        frame = av.VideoFrame.from_ndarray(scene, format="rgb24").reformat(format=stream.pix_fmt)
        frame.pts, frame.time_base = number, Fraction(1, recipe.rate)
        yield from stream.encode(frame)
    if numbers:
        yield from stream.encode(None)


def _time_packets(
    packets: Iterable[Packet[VideoStream]], recipe: Recipe
) -> Iterator[Packet[VideoStream]]:
    """Moves the times of packets."""
    for number, packet in enumerate(packets):
        second = round(1 / packet.time_base) if packet.time_base else 1
        shift = {"negative": -5 * second, "late": 100_000 * second}.get(recipe.times, 0)
        if recipe.times == "jump" and number >= recipe.frames // 2:
            shift = 7200 * second
        if packet.pts is not None and packet.dts is not None:
            packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
        yield packet


def _tone(block: int) -> av.AudioFrame:
    at = np.arange(block * 1024, block * 1024 + 1024)
    wave = (8000 * np.sin(at * (2 * np.pi * 440 / 16_000))).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(wave[np.newaxis], format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 16_000, block * 1024, Fraction(1, 16_000)
    return frame
