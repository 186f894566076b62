"""Appearance: the size, orientation and colours that every frame of a video's copy has."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from av.video.frame import VideoFrame

from fer_core.video.grey import UPRIGHT, Orientation, is_full_range
from fer_core.video.standard_range import is_high_range

_RGB, _BT709, _UNSPECIFIED, _SMPTE170M = 0, 1, 2, 6
_HD_HEIGHT = 720
_MOST_ASPECT = Fraction(8)
"""Beyond, a header is damaged: pixels are then taken to be square."""
_COLOURLESS = ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal", "mono", "gray", "ya")


@dataclass(frozen=True)
class Appearance:
    """How the frames of a video look, as its first frame says for all of them.

    Attributes:
        width: stored pixels, before they are turned.
        height: stored pixels.
        orientation: how stored frames become displayed ones.
        pix_fmt: FFmpeg's name of the encoded pixel format: `yuv420p`, or `yuvj420p` where the
            decoder gives that.
        full_range: luma is 0-255, not 16-235.
        colours: matrix, primaries and transfer as the numbers of ITU-T H.273; 2 is unspecified.
        aspect: width of a stored pixel by its height.
        interlaced: whether frames are of two moments each.
    """

    width: int
    height: int
    orientation: Orientation = UPRIGHT
    pix_fmt: str = "yuv420p"
    full_range: bool = False
    colours: tuple[int, int, int] = (_UNSPECIFIED, _UNSPECIFIED, _UNSPECIFIED)
    aspect: Fraction = Fraction(1)
    interlaced: bool = False

    @property
    def square_size(self) -> tuple[int, int]:
        """Width and height before they are turned, in square pixels: no pixel is lost."""
        if self.aspect >= 1:
            return round(self.width * self.aspect), self.height
        return self.width, round(self.height / self.aspect)

    @property
    def shown_size(self) -> tuple[int, int]:
        """Width and height in display orientation, in square pixels."""
        width, height = self.square_size
        return (height, width) if self.orientation.transposed else (width, height)

    @property
    def coded_size(self) -> tuple[int, int]:
        """Width and height that are encoded: H.264 in 4:2:0 holds only even ones."""
        width, height = self.shown_size
        return width + width % 2, height + height % 2

    @property
    def bt709(self) -> bool:
        """Whether the matrix is nearer to BT.709 than to BT.601; players guess by the height."""
        if self.colours[0] == _UNSPECIFIED:
            return min(self.width, self.height) >= _HD_HEIGHT
        return self.colours[0] in (_BT709, 9, 10)


def is_yuv(pix_fmt: str) -> bool:
    """Tells whether a pixel format holds luma and chroma: not RGB, a palette or grey."""
    return not pix_fmt.startswith(_COLOURLESS) and not pix_fmt.startswith(("x2rgb", "x2bgr", "xyz"))


def appearance_of(
    frame: VideoFrame, orientation: Orientation, aspect: Fraction | None
) -> Appearance:
    """Takes the look of a video from its first frame; that of a copy, of high dynamic range.

    What is no YUV becomes that, in limited range and with the matrix usual for its height.
    """
    name = frame.format.name
    matrix, full_range = int(frame.colorspace), is_full_range(frame)
    if not is_yuv(name):
        full_range = False
        matrix = _BT709 if frame.height >= _HD_HEIGHT else _SMPTE170M
    elif matrix == _RGB:
        matrix = _UNSPECIFIED
    colours = (matrix, int(frame.color_primaries), int(frame.color_trc))
    if is_high_range(frame):  # it is converted
        full_range, colours = False, (_BT709, _BT709, _BT709)
    return Appearance(
        width=frame.width,
        height=frame.height,
        orientation=orientation,
        pix_fmt=name if name in ("yuv420p", "yuvj420p") else "yuv420p",
        full_range=full_range,
        colours=colours,
        aspect=aspect if aspect and 1 / _MOST_ASPECT <= aspect <= _MOST_ASPECT else Fraction(1),
    )
