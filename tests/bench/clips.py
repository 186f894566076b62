"""Clips for the benches: a composite face that moves over a textured background."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent.parent
RATE = 25
LOOP_S = 10


def _background(width: int, height: int) -> NDArray[np.uint8]:
    """Soft random texture, the same each time."""
    rng = np.random.default_rng(7)
    small = rng.integers(60, 190, (height // 24, width // 24), dtype=np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _draw(background: NDArray[np.uint8], face: NDArray[np.uint8], second: float) -> None:
    """Draws the face at its place at a time, onto the background, in place."""
    height, width = background.shape
    side = face.shape[0]
    turn = 2 * math.pi * second / LOOP_S
    x = int((width - side) * (0.5 + 0.3 * math.sin(turn)))
    y = int((height - side) * (0.5 + 0.2 * math.cos(turn)))
    mask = np.zeros((side, side), np.float32)
    middle = side // 2
    cv2.ellipse(mask, (middle, middle), (side * 4 // 10, middle), 0, 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), side / 24)
    patch = background[y : y + side, x : x + side]
    patch[:] = np.clip(mask * face + (1 - mask) * patch, 0, 255).astype(np.uint8)


def make_face_clip(path: Path, size: tuple[int, int], seconds: int) -> Path:
    """Writes an H.264 clip of a face; the packets of its first 10 s are repeated.

    Args:
        path: the MP4 to write.
        size: width and height in pixels.
        seconds: length; a multiple of 10.
    """
    loop = path.with_name(f"loop-{path.name}")
    _encode_loop(loop, size)
    _repeat_packets(loop, path, seconds // LOOP_S)
    loop.unlink()
    return path


def _encode_loop(path: Path, size: tuple[int, int]) -> None:
    width, height = size
    background = _background(width, height)
    composite = cv2.imread(str(ROOT / "sample_data/composites/happy.png"), cv2.IMREAD_GRAYSCALE)
    side = height // 3
    face = np.asarray(cv2.resize(composite, (side, side)), np.uint8)
    with av.open(str(path), "w") as output:
        options = {"preset": "veryfast", "bf": "0", "g": "50"}
        stream = output.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(LOOP_S * RATE):
            grey = background.copy()
            _draw(grey, face, index / RATE)
            frame = av.VideoFrame.from_ndarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), "bgr24")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _repeat_packets(loop: Path, path: Path, times: int) -> None:
    with av.open(str(path), "w") as output:
        target = None
        for turn in range(times):
            with av.open(str(loop)) as source:
                stream = source.streams.video[0]
                target = target or output.add_stream_from_template(stream)
                base = stream.time_base or Fraction(1, RATE)
                shift = int(turn * LOOP_S / base)
                for packet in source.demux(stream):
                    if packet.dts is None or packet.pts is None:
                        continue
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = target
                    output.mux(packet)
