"""Clips of one picture of many colours, in every pixel format."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray


def draw_colours(width: int, height: int) -> NDArray[np.uint8]:
    """Draws a picture of many colours that change slowly: uint8 (height, width, 3) RGB."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / 17) * np.cos(y / 23), np.sin((x + y) / 31), np.cos((2 * x - y) / 29)]
    return np.stack([128 + 100 * wave for wave in waves], axis=-1).astype(np.uint8)


def make_still(path: Path, codec: str, pix_fmt: str, **settings: object) -> Path:
    """Writes a clip of three equal frames of colours, 160 x 120."""
    size = settings.pop("size", (160, 120))
    assert isinstance(size, tuple)
    picture = av.VideoFrame.from_ndarray(draw_colours(*size), format="rgb24")
    options = {"libx264": {"qp": "1"}, "mjpeg": {"q": "1"}}.get(codec, {})
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=25, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        for name, value in settings.items():
            setattr(stream.codec_context, name, value)
        matrix = "ITU709" if settings.get("colorspace") == 1 else "SMPTE170M"
        full = settings.get("color_range") == 2 or pix_fmt.startswith("yuvj")
        for number in range(3):
            yuv = "rgb" not in pix_fmt and "gbr" not in pix_fmt and "bgr" not in pix_fmt
            frame = picture.reformat(
                format=pix_fmt,
                dst_colorspace=matrix if yuv else None,
                dst_color_range=("JPEG" if full else "MPEG") if yuv else None,
            )
            frame.pts, frame.time_base = number, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path
