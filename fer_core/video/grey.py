"""Grey: a decoded frame as uint8 grey in display orientation, and its colours where asked for."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from av.error import FFmpegError
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from fer_core.detection.colour import Colour, Colours, colour_of_grey

_FULL_RANGE = 2
_UNSPECIFIED = 0
_LUMA_FIRST = re.compile(r"(?:yuv[aj]?4\d\dp|gray)(?:(\d\d?)le)?|nv(?:12|16|21|24)|p[024]1[0246]le")
"""Pixel formats whose plane 0 is luma, one sample per pixel; never gbrp, whose plane 0 is green."""


@dataclass(frozen=True)
class Orientation:
    """How stored pixels become displayed ones: first transposed, then mirrored.

    Attributes:
        transposed: rows become columns.
        mirrored: left and right change places.
        flipped: top and bottom change places.
    """

    transposed: bool = False
    mirrored: bool = False
    flipped: bool = False

    @property
    def rotation(self) -> int:
        """Degrees clockwise, 0, 90, 180 or 270; of a mirrored picture, its rotation before."""
        if self.transposed:
            return 90 if self.mirrored else 270
        return 180 if self.flipped else 0


UPRIGHT = Orientation()
_TURNED = {
    90: Orientation(transposed=True, mirrored=True),
    180: Orientation(mirrored=True, flipped=True),
    270: Orientation(transposed=True, flipped=True),
}
"""By degrees clockwise."""


def orientation_of(frame: VideoFrame) -> Orientation:
    """Reads the display matrix of a frame (exact for flips too, where `frame.rotation` is not)."""
    try:
        matrix = cast("SideData | None", frame.side_data.get("DISPLAYMATRIX"))
    except ValueError:  # PyAV knows not all kinds of side data, such as the EXIF of MJPEG
        return _TURNED.get(round(-frame.rotation) % 360, UPRIGHT)
    if matrix is None:
        return UPRIGHT
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist()
    # A pixel at (x, y) is displayed at (a x + c y, b x + d y), up to the picture's own size.
    if math.hypot(a, d) >= math.hypot(b, c):
        return Orientation(False, a < 0, d < 0)
    return Orientation(True, c < 0, b < 0)


def grey_of(frame: VideoFrame, orientation: Orientation = UPRIGHT) -> NDArray[np.uint8]:
    """Turns a frame into grey.

    Luma is taken as decoded: limited range is widened to 0-255, more than 8 bits are scaled down.
    Formats without a luma plane (RGB, palettes) are converted as pictures are (ITU-R BT.601).

    Returns:
        uint8 (h, w) in display orientation, contiguous, independent of the frame.
    """
    match = _LUMA_FIRST.fullmatch(frame.format.name)
    if match is None or frame.planes[0].line_size <= 0:
        colour = frame.reformat(format="rgb24", threads=1).to_ndarray()
        return _oriented(
            np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), np.uint8), orientation
        )
    bits = int(match[1]) if match[1] else 8 if frame.format.components[0].bits == 8 else 16
    luma = _luma_plane(frame, bits)
    return _oriented(_widen(luma, bits, is_full_range(frame)), orientation)


def colour_of(frame: VideoFrame, orientation: Orientation = UPRIGHT) -> Colour:
    """Returns what gives a frame in its colours, at the size that is asked for.

    It keeps the frame, and converts no more of it than is asked for. What cannot be converted is
    shown in grey.
    """

    def convert(width: int, height: int) -> Colours:
        size = (height, width) if orientation.transposed else (width, height)
        try:
            shown = frame.reformat(*size, format="bgr24", interpolation="AREA", threads=1)
        except FFmpegError:
            return colour_of_grey(grey_of(frame, orientation))(width, height)
        return _oriented(np.asarray(shown.to_ndarray(), np.uint8), orientation)

    return convert


def fit_grey(grey: NDArray[np.uint8], size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """Brings grey, uint8 (h, w), to a width and height, as its annotated copy will have them."""
    if size is None or grey.shape == size[::-1]:
        return grey
    smaller = grey.shape[1] > size[0]
    fitted = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return np.asarray(fitted, np.uint8)


def _luma_plane(frame: VideoFrame, bits: int) -> NDArray[np.generic]:
    """Returns plane 0 as a view of the frame's own memory: uint8 or uint16 (h, w)."""
    plane = frame.planes[0]
    kind = np.dtype(np.uint8 if bits == 8 else "<u2")
    row = plane.line_size // kind.itemsize
    rows = np.frombuffer(memoryview(plane), kind, count=row * frame.height).reshape(
        frame.height, row
    )
    view: NDArray[np.generic] = rows[:, : frame.width]
    return view


def is_full_range(frame: VideoFrame) -> bool:
    """Tells whether the luma of a frame is 0-255, not 16-235."""
    name = frame.format.name
    if frame.color_range == _UNSPECIFIED:
        return name.startswith(("yuvj", "gray"))
    return frame.color_range == _FULL_RANGE or name.startswith("yuvj")


def _widen(luma: NDArray[np.generic], bits: int, full_range: bool) -> NDArray[np.uint8]:
    """Scales luma of 8-16 bits to uint8 0-255; limited range is 16-235 times 2 ** (bits - 8)."""
    unit = 1 << (bits - 8)
    if full_range:
        if bits == 8:
            return np.array(luma, np.uint8)
        return np.asarray(cv2.convertScaleAbs(luma, alpha=255 / ((1 << bits) - 1)), np.uint8)
    scale = 255 / (219 * unit)
    black = -16 * unit * scale
    if bits == 8:  # the same, in half the time
        return np.asarray(cv2.transform(luma, np.array([[scale, black]])), np.uint8)
    return np.asarray(cv2.addWeighted(luma, scale, luma, 0, black, dtype=cv2.CV_8U), np.uint8)


def _oriented(grey: NDArray[np.uint8], orientation: Orientation) -> NDArray[np.uint8]:
    if orientation.transposed:
        grey = grey.swapaxes(0, 1)
    if orientation.mirrored:
        grey = grey[:, ::-1]
    if orientation.flipped:
        grey = grey[::-1]
    return np.ascontiguousarray(grey)
