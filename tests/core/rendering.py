"""What the tests of rendering share: rendering a clip in stretches, and reading copies back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from fer_core.drawing.canvas import YuvCanvas
from fer_core.shown_face import ShownFace
from fer_core.video.index import VideoIndex, index_video
from fer_core.video.join import JoinedVideo, join_spans
from fer_core.video.render import Drawing, render_span
from fer_core.video.spans import plan_spans
from fer_core.video.stretches import Stretch, plan_stretches

LOSSLESS = 0
"""The quality at which every pixel is kept, so that no comparison needs a tolerance."""


def draw_nothing(_canvas: YuvCanvas, _faces: Sequence[ShownFace]) -> None:
    raise AssertionError("there is nothing to draw")


NOTHING = Drawing(lambda _: (), draw_nothing)


def plan(path: Path, span_s: float) -> tuple[VideoIndex, list[Stretch]]:
    index = index_video(path)
    return index, plan_stretches(index, plan_spans(index, Fraction(10), span_s))


def render(
    path: Path, span_s: float = 1000, drawing: Drawing = NOTHING, quality: int = LOSSLESS
) -> tuple[Path, JoinedVideo]:
    """Renders a clip beside itself; returns the joined file and what came of the join."""
    parts: list[str | Path] = []
    for number, stretch in enumerate(plan(path, span_s)[1]):
        parts.append(path.with_name(f"{path.name}.{span_s}-{number}.mp4"))
        render_span(path, stretch, parts[-1], drawing, quality)
    copy = path.with_name(f"{path.name}.{span_s}.mp4")
    return copy, join_spans(path, parts, copy)


class Shown(NamedTuple):
    """A frame of a copy: when it is shown in seconds, and its planes, one below the other."""

    time: Fraction
    pixels: NDArray[np.uint8]


def read_copy(path: Path) -> list[Shown]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        return [
            Shown((frame.pts or 0) * stream.time_base, frame.to_ndarray().astype(np.uint8))
            for frame in container.decode(stream)
        ]


def read_sound(
    path: Path, track: int = 0, start: Fraction = Fraction(0)
) -> tuple[NDArray[np.float32], int]:
    """Decodes a sound track: float32 from time 0 of the file on, one channel, and its rate.

    What no packet covers is 0; samples before time 0 are left out.
    """
    with av.open(str(path)) as container:
        stream = container.streams.audio[track]
        rate = end = 0
        sound = np.zeros(0, np.float32)
        for packet in container.demux(stream):
            for frame in packet.decode():
                samples = _mono(frame)
                rate = frame.sample_rate
                sound = sound if len(sound) else np.zeros(60 * rate, np.float32)
                at = round((Fraction(frame.time_base or 1) * (frame.pts or 0) - start) * rate)
                samples = samples[max(0, -at) :]
                at = max(0, at)
                sound[at : at + len(samples)] = samples
                end = max(end, at + len(samples))
    return sound[:end], rate


def _mono(frame: av.AudioFrame) -> NDArray[np.float32]:
    resampler = av.AudioResampler("fltp", frame.layout, frame.sample_rate)
    return np.asarray(resampler.resample(frame)[0].to_ndarray()[0], np.float32)


def find_beeps(sound: NDArray[np.float32], rate: int) -> list[float]:
    """Returns when each beep begins, in seconds: the first loud sample after 0.2 s of quiet."""
    loud = np.flatnonzero(np.abs(sound) > 0.1)
    if not len(loud):
        return []
    firsts = loud[np.concatenate([[True], np.diff(loud) > rate // 5])]
    return [float(first / rate) for first in firsts]


FindFaces = Callable[[int], Sequence[ShownFace]]


def face_at(x: float, y: float, side: float) -> ShownFace:
    return ShownFace(0, x, y, side, side, np.full(7, 1 / 7, np.float32))
