"""Many small media for the cluster: pictures of a face, and short clips of one that moves."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from tests.pipelines.jobs import SAMPLES

SIZE = (192, 144)
SIDE = 96
RATE = 10
FACES = sorted((SAMPLES / "composites").glob("*.png"))


def make_media(folder: Path, count: int) -> Path:
    """Writes so many media, every third a clip of 1-3 s, and returns their folder.

    The same number always gives the same media; a larger one adds to them.
    """
    folder.mkdir()
    for number in range(count):
        if number % 3:
            cv2.imwrite(str(folder / f"picture{number:03d}.png"), draw_face(number, 0))
        else:
            _make_clip(folder / f"clip{number:03d}.mp4", number)
    return folder


def draw_face(number: int, tick: int) -> NDArray[np.uint8]:
    """Draws one of the composite faces on a plain picture, at a place that moves with the tick."""
    width, height = SIZE
    picture = np.full((height, width), 90 + number * 7 % 60, np.uint8)
    face = cv2.imread(str(FACES[number % len(FACES)]), cv2.IMREAD_GRAYSCALE)
    face = cv2.resize(face, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    x = (number * 5 + tick) % (width - SIDE)
    y = (number * 3) % (height - SIDE)
    picture[y : y + SIDE, x : x + SIDE] = face
    return picture


def _make_clip(path: Path, number: int) -> None:
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=RATE)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.gop_size = RATE
        stream.thread_count = 1
        stream.codec_context.time_base = Fraction(1, RATE)
        for tick in range(RATE * (1 + number // 3 % 3)):
            frame = av.VideoFrame.from_ndarray(draw_face(number, tick), format="gray")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = tick, Fraction(1, RATE)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
