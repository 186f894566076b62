"""Sprites: small pictures with transparency, made ready to be blended onto RGB or YUV pixels."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

OPAQUE = 256
"""Weights are integers from 0 to this, so that a blend is a multiplication, a sum and a shift."""


class ColourSpace(NamedTuple):
    """How the colours of a video are stored.

    Attributes:
        full_range: luma is 0-255, not 16-235.
        bt709: ITU-R BT.709, not BT.601.
    """

    full_range: bool
    bt709: bool

    def convert(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turns RGB into Y, U, V (ITU-R BT.601, BT.709).

        Args:
            rgb: uint8 (..., 3).

        Returns:
            uint8 (..., 3).
        """
        red, blue = (0.2126, 0.0722) if self.bt709 else (0.299, 0.114)
        luma_row = np.array([red, 1 - red - blue, blue])
        rows = [
            luma_row,
            (np.array([0, 0, 1]) - luma_row) / (2 * (1 - blue)),
            (np.array([1, 0, 0]) - luma_row) / (2 * (1 - red)),
        ]
        scale = (1.0, 1.0, 1.0) if self.full_range else (219 / 255, 224 / 255, 224 / 255)
        matrix = np.array([row * factor for row, factor in zip(rows, scale, strict=True)])
        zero = np.array((0 if self.full_range else 16, 128, 128), np.float32)
        colours = np.rint(rgb.astype(np.float32) @ matrix.T.astype(np.float32) + zero)
        return np.asarray(colours.clip(0, 255), np.uint8)


class Layer(NamedTuple):
    """What blends a sprite onto one plane: new = (old * keep + add) >> 8.

    Attributes:
        keep: uint16 (h, w) or (h, w, 1), 0-256: how much of the old value stays.
        add: uint16 of the plane's shape: the sprite's values times their weight, and a half.
    """

    keep: NDArray[np.uint16]
    add: NDArray[np.uint16]


class Sprite:
    """A small picture with transparency.

    Args:
        rgba: uint8 (h, w, 4), colour not multiplied by alpha.
    """

    def __init__(self, rgba: NDArray[np.uint8]) -> None:
        self.rgba = rgba
        self.height, self.width = rgba.shape[:2]
        self._luma: dict[ColourSpace, Layer] = {}
        self._chroma: dict[tuple[ColourSpace, int, int], tuple[Layer, Layer]] = {}
        self._colour: Layer | None = None

    @property
    def weight(self) -> NDArray[np.uint16]:
        """uint16 (h, w), 0-256."""
        alpha = self.rgba[..., 3].astype(np.uint16)
        return np.asarray(alpha + (alpha >> 7), np.uint16)

    def colour_layer(self) -> Layer:
        """What blends it onto RGB: keep (h, w, 1), add (h, w, 3)."""
        if self._colour is None:
            weight = self.weight[..., None]
            self._colour = Layer(OPAQUE - weight, self.rgba[..., :3] * weight + np.uint16(128))
        return self._colour

    def luma_layer(self, space: ColourSpace) -> Layer:
        """What blends it onto luma, (h, w)."""
        if space not in self._luma:
            weight = self.weight
            luma = space.convert(self.rgba[..., :3])[..., 0]
            self._luma[space] = Layer(OPAQUE - weight, luma * weight + np.uint16(128))
        return self._luma[space]

    def chroma_layers(self, space: ColourSpace, right: int, down: int) -> tuple[Layer, Layer]:
        """What blends it onto U and V of half the size.

        Args:
            space: how the colours are stored.
            right: 1 where its left edge lies at an odd pixel of the frame, else 0.
            down: the same of its upper edge.
        """
        key = (space, right, down)
        if key not in self._chroma:
            pad = ((down, (self.height + down) % 2), (right, (self.width + right) % 2))
            weight = self.weight.astype(np.uint32)
            colours = space.convert(self.rgba[..., :3])[..., 1:] * weight[..., None]
            keep = (OPAQUE - _halve(np.pad(weight, pad))).astype(np.uint16)
            u, v = (_halve(np.pad(colours[..., at], pad)) + 128 for at in (0, 1))
            self._chroma[key] = Layer(keep, u.astype(np.uint16)), Layer(keep, v.astype(np.uint16))
        return self._chroma[key]


def _halve(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Returns the mean of each two by two values, rounded down at a half and below."""
    height, width = values.shape
    sums = values.reshape(height // 2, 2, width // 2, 2).sum(axis=(1, 3), dtype=np.uint32)
    return np.asarray((sums + 1) >> 2, np.uint32)


class SpriteCache:
    """Keeps the sprites used last, as many as fit into a number of bytes.

    Args:
        max_bytes: above this, the sprite not used for longest goes.
    """

    BYTES_PER_PIXEL = 12
    """RGBA, luma, and chroma at two or three of the four positions that an edge can have."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._sprites: OrderedDict[Hashable, Sprite] = OrderedDict()

    def find(self, key: Hashable, make: Callable[[], NDArray[np.uint8]]) -> Sprite:
        """Returns the sprite of this key, made from RGBA pixels (h, w, 4) where it is not kept."""
        sprite = self._sprites.get(key)
        if sprite is not None:
            self._sprites.move_to_end(key)
            return sprite
        sprite = self._sprites[key] = Sprite(make())
        self._bytes += self._cost(sprite)
        while self._bytes > self._max_bytes and len(self._sprites) > 1:
            self._bytes -= self._cost(self._sprites.popitem(last=False)[1])
        return sprite

    def _cost(self, sprite: Sprite) -> int:
        return int(sprite.width * sprite.height * self.BYTES_PER_PIXEL)

    def __len__(self) -> int:
        return len(self._sprites)
