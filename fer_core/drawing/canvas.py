"""Canvases: pixels of a frame that sprites and rectangles are drawn onto, in place."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fer_core.drawing.sprites import ColourSpace, Layer, Sprite
from fer_core.errors import FerError

Colour = tuple[int, int, int]
"""RGB, each 0-255."""


class Rect(NamedTuple):
    """A rectangle in whole pixels of a frame; it may lie partly or wholly outside."""

    x: int
    y: int
    width: int
    height: int


class Canvas(Protocol):
    """What can be drawn on."""

    width: int
    height: int

    def draw_sprite(self, sprite: Sprite, x: int, y: int) -> None:
        """Blends a sprite whose upper left pixel is (x, y); what lies outside is left out."""

    def fill_rect(self, rect: Rect, colour: Colour) -> None:
        """Paints a rectangle opaque; what lies outside is left out."""


class YuvCanvas:
    """The planes of a frame in yuv420p, drawn on without conversion.

    Args:
        y: luma, uint8 (h, w), writable; any strides.
        u: uint8 (ceil(h / 2), ceil(w / 2)).
        v: of the same shape.
        full_range: luma is 0-255, not 16-235.
        bt709: the colours are those of ITU-R BT.709, not BT.601.

    Raises:
        FerError: the shapes do not fit each other.
    """

    def __init__(
        self,
        y: NDArray[np.uint8],
        u: NDArray[np.uint8],
        v: NDArray[np.uint8],
        full_range: bool,
        bt709: bool,
    ) -> None:
        self.height, self.width = y.shape
        half = ((self.height + 1) // 2, (self.width + 1) // 2)
        if u.shape != half or v.shape != half:
            raise FerError(f"canvas: chroma is {u.shape} and {v.shape}, for {y.shape} it is {half}")
        self._y, self._u, self._v = y, u, v
        self._space = ColourSpace(full_range, bt709)

    def draw_sprite(self, sprite: Sprite, x: int, y: int) -> None:
        """Blends a sprite whose upper left pixel is (x, y); what lies outside is left out."""
        _blend(self._y, sprite.luma_layer(self._space), x, y)
        u, v = sprite.chroma_layers(self._space, x & 1, y & 1)
        _blend(self._u, u, x >> 1, y >> 1)
        _blend(self._v, v, x >> 1, y >> 1)

    def fill_rect(self, rect: Rect, colour: Colour) -> None:
        """Paints a rectangle opaque; chroma to the nearest whole pixel of half the size."""
        rows = _range(rect.y, rect.height, self.height)
        columns = _range(rect.x, rect.width, self.width)
        luma, u, v = _converted(self._space, colour)
        self._y[rows, columns] = luma
        half = (
            slice((rows.start + 1) >> 1, (rows.stop + 1) >> 1),
            slice((columns.start + 1) >> 1, (columns.stop + 1) >> 1),
        )
        self._u[half] = u
        self._v[half] = v


class RgbCanvas:
    """The pixels of a picture in RGB, with or without transparency.

    Args:
        pixels: uint8 (h, w, 3), or (h, w, 4) with alpha that the colours are not multiplied by;
            writable.

    Raises:
        FerError: the pixels have another shape.
    """

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        if pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
            raise FerError(f"canvas: pixels are {pixels.shape}, (h, w, 3) or (h, w, 4) is needed")
        self.height, self.width = pixels.shape[:2]
        self._pixels = pixels

    def draw_sprite(self, sprite: Sprite, x: int, y: int) -> None:
        """Blends a sprite whose upper left pixel is (x, y); what lies outside is left out."""
        if self._pixels.shape[2] == 3:
            _blend(self._pixels, sprite.colour_layer(), x, y)
        else:
            _compose(self._pixels, sprite, x, y)

    def fill_rect(self, rect: Rect, colour: Colour) -> None:
        """Paints a rectangle opaque; what lies outside is left out."""
        rows = _range(rect.y, rect.height, self.height)
        columns = _range(rect.x, rect.width, self.width)
        self._pixels[rows, columns, :3] = colour
        self._pixels[rows, columns, 3:] = 255


class PictureCanvas:
    """A picture of Pillow, RGB or RGBA, of which only what is drawn on is ever copied.

    Args:
        image: the picture; it is changed.
    """

    def __init__(self, image: Image.Image) -> None:
        self.width, self.height = image.size
        self._image = image

    def draw_sprite(self, sprite: Sprite, x: int, y: int) -> None:
        """Blends a sprite whose upper left pixel is (x, y); what lies outside is left out."""
        left, top, right, bottom = box = self._clip(x, y, sprite.width, sprite.height)
        if right > left and bottom > top:
            region = np.array(self._image.crop(box))
            RgbCanvas(region).draw_sprite(sprite, x - left, y - top)
            self._image.paste(Image.fromarray(region), box)

    def fill_rect(self, rect: Rect, colour: Colour) -> None:
        """Paints a rectangle opaque; what lies outside is left out."""
        opaque = (*colour, 255)[: len(self._image.getbands())]
        self._image.paste(opaque, self._clip(*rect))

    def _clip(self, x: int, y: int, width: int, height: int) -> tuple[int, int, int, int]:
        columns, rows = _range(x, width, self.width), _range(y, height, self.height)
        return columns.start, rows.start, columns.stop, rows.stop


def _range(start: int, length: int, limit: int) -> slice:
    """Returns the part of a stretch of pixels that lies in a frame; start and stop are set."""
    first = min(max(start, 0), limit)
    return slice(first, min(max(start + length, first), limit))


@lru_cache(maxsize=64)
def _converted(space: ColourSpace, colour: Colour) -> tuple[int, int, int]:
    luma, u, v = space.convert(np.array(colour, np.uint8)).tolist()
    return luma, u, v


def _blend(plane: NDArray[np.uint8], layer: Layer, x: int, y: int) -> None:
    """Blends a layer whose upper left value lies at (x, y) of a plane, as far as it lies inside."""
    keep, add = layer
    height, width = keep.shape[:2]
    if x >= 0 and y >= 0 and x + width <= plane.shape[1] and y + height <= plane.shape[0]:
        _blend_all(plane[y : y + height, x : x + width], keep, add)
        return
    rows, columns = _range(y, height, plane.shape[0]), _range(x, width, plane.shape[1])
    if rows.stop > rows.start and columns.stop > columns.start:
        inside = (
            slice(rows.start - y, rows.stop - y),
            slice(columns.start - x, columns.stop - x),
        )
        _blend_all(plane[rows, columns], keep[inside], add[inside])


def _blend_all(
    region: NDArray[np.uint8], keep: NDArray[np.uint16], add: NDArray[np.uint16]
) -> None:
    mixed = region * keep
    mixed += add
    mixed >>= 8
    region[...] = mixed


def _compose(pixels: NDArray[np.uint8], sprite: Sprite, x: int, y: int) -> None:
    """Blends a sprite onto pixels with alpha: `over` of Porter and Duff (1984)."""
    rows, columns = (
        _range(y, sprite.height, pixels.shape[0]),
        _range(x, sprite.width, pixels.shape[1]),
    )
    region = pixels[rows, columns]
    if not region.size:
        return
    above = sprite.rgba[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]
    high = above[..., 3:].astype(np.uint32) * 255
    low = region[..., 3:] * (255 - above[..., 3:].astype(np.uint32))
    alpha = np.maximum(high + low, 1)
    colours = (above[..., :3] * high + region[..., :3] * low + alpha // 2) // alpha
    region[..., 3:] = (high + low + 127) // 255
    region[..., :3] = np.where(above[..., 3:] > 0, colours, region[..., :3])
