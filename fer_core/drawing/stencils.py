"""Stencils: the sprites that overlays are made of, drawn once for each size and then kept."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fer_core.drawing.canvas import Rect
from fer_core.drawing.emoji import back_emoji, fit_emoji
from fer_core.drawing.labels import TEXT, NameLabel, ScorePanel, colour_of, draw_bracket, ink_text
from fer_core.drawing.sprites import Sprite, SpriteCache
from fer_core.emotions import EMOTIONS

CACHE_BYTES = 96 << 20
"""Sprites kept by one overlay, in bytes."""

TILE = 1024
"""Larger covers are drawn in squares of this side, in pixels, so that memory stays bounded."""

Pixels = NDArray[np.uint8]


class Stencils:
    """Sprites by emotion and size.

    Args:
        emoji: seven RGBA pictures in the order of the emotions.
        lang: language of the names, `en` or `fr`.
    """

    def __init__(self, emoji: tuple[Image.Image, ...], lang: str) -> None:
        self._emoji = emoji
        self._lang = lang
        self._colours = [colour_of(emotion) for emotion in EMOTIONS]
        self._sprites = SpriteCache(CACHE_BYTES)
        self._labels: dict[tuple[int, int, bool], NameLabel] = {}
        self._panels: dict[int, ScorePanel] = {}

    def measure_label(self, emotion: int, size: int, with_emoji: bool) -> NameLabel:
        """Returns the measures of a label with this font size."""
        key = (emotion, size, with_emoji)
        if key not in self._labels:
            self._labels[key] = NameLabel(EMOTIONS[emotion], self._lang, size, with_emoji)
        return self._labels[key]

    def measure_panel(self, size: int) -> ScorePanel:
        """Returns the measures of a panel with this font size."""
        if size not in self._panels:
            self._panels[size] = ScorePanel(self._lang, size)
        return self._panels[size]

    def find_label(self, emotion: int, size: int, with_emoji: bool) -> Sprite:
        """Returns a label without its confidence."""
        key = ("label", emotion, size, with_emoji)
        return self._sprites.find(key, partial(self._draw_label, *key[1:]))

    def _draw_label(self, emotion: int, size: int, with_emoji: bool) -> Pixels:
        label = self.measure_label(emotion, size, with_emoji)
        return label.draw(fit_emoji(self._emoji[emotion], label.emoji) if with_emoji else None)

    def find_text(self, text: str, size: int) -> Sprite:
        """Returns a line of text."""
        return self._sprites.find(("text", text, size), partial(ink_text, (text, size), TEXT))

    def find_panel(self, emotion: int, size: int) -> Sprite:
        """Returns a panel with empty bars, in which one emotion is the strongest."""
        panel = self.measure_panel(size)
        return self._sprites.find(("panel", emotion, size), partial(panel.draw, emotion))

    def find_bracket(self, emotion: int, arm: int, thick: int, corner: int) -> Sprite:
        """Returns the corner of a box: 0 upper left, 1 upper right, 2 lower left, 3 lower right."""
        key = ("bracket", emotion, arm, thick, corner)
        return self._sprites.find(key, partial(self._draw_bracket, *key[1:]))

    def _draw_bracket(self, emotion: int, arm: int, thick: int, corner: int) -> Pixels:
        bracket = draw_bracket(arm, thick, self._colours[emotion])
        across, down = corner % 2, corner // 2
        return np.ascontiguousarray(bracket[:: 1 - 2 * down, :: 1 - 2 * across])

    def list_cover(self, emotion: int, side: int, frame: Rect) -> list[tuple[Sprite, int, int]]:
        """Returns what covers a face, in parts of at most `TILE` pixels a side.

        Args:
            emotion: index of the emotion.
            side: of the cover in pixels.
            frame: the frame as seen from the cover's upper left corner; parts outside are left out.

        Returns:
            Sprites with the place of their upper left corner in the cover.
        """
        parts = []
        last_row, last_column = frame.y + frame.height, frame.x + frame.width
        for top in range(max(0, frame.y) // TILE * TILE, min(side, last_row), TILE):
            for left in range(max(0, frame.x) // TILE * TILE, min(side, last_column), TILE):
                part = Rect(left, top, min(TILE, side - left), min(TILE, side - top))
                make = partial(self._draw_cover, emotion, side, part)
                sprite = self._sprites.find(("cover", emotion, side, part), make)
                parts.append((sprite, left, top))
        return parts

    def _draw_cover(self, emotion: int, side: int, part: Rect) -> Pixels:
        drawn = min(side, TILE)
        cover = back_emoji(fit_emoji(self._emoji[emotion], drawn), self._colours[emotion])
        if side == drawn:
            return cover
        scale = drawn / side
        x, y, width, height = part
        box = (x * scale, y * scale, (x + width) * scale, (y + height) * scale)
        whole = Image.fromarray(cover)
        return np.asarray(whole.resize((width, height), Image.Resampling.BICUBIC, box))
