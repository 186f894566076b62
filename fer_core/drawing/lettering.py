"""Lettering: text as a mask of coverage, with the font that Pillow brings and its missing accents.

Pillow's own scalable font (Aileron, CC0) comes with a package that is needed anyway and is the same
everywhere, but holds ASCII only. Accents are therefore drawn here over its letters; a letter of
another script becomes `?`.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from fer_core.errors import FerError

_MARKS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "\u0300": (((-0.11, 0.14), (0.04, 0.0)),),
    "\u0301": (((-0.04, 0.0), (0.11, 0.14)),),
    "\u0302": (((-0.12, 0.0), (0.0, 0.13), (0.12, 0.0)),),
    "\u0303": (((-0.13, 0.02), (-0.065, 0.09), (0.065, 0.03), (0.13, 0.1)),),
    "\u0304": (((-0.12, 0.06), (0.12, 0.06)),),
    "\u0308": (((-0.11, 0.06), (-0.1, 0.06)), ((0.1, 0.06), (0.11, 0.06))),
    "\u030a": (((-0.07, 0.07), (0.0, 0.0), (0.07, 0.07), (0.0, 0.14), (-0.07, 0.07)),),
    "\u030c": (((-0.12, 0.13), (0.0, 0.0), (0.12, 0.13)),),
    "\u0327": (((0.0, 0.0), (0.04, -0.09), (-0.06, -0.14)),),
}
"""Combining marks as strokes: points right of the letter's middle and above its top (the cedilla:
its foot), in parts of the font size."""

_PLAIN = str.maketrans(
    {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
    | {"–": "-", "—": "-", "\u00a0": " ", "\u202f": " ", "’": "'", "đ": "d", "ð": "d", "þ": "th"}
)
_GAP = 0.075
_STROKE = 0.078
_FINE = 4
_MISSING = "\uffff"


@lru_cache(maxsize=128)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise FerError("lettering: this Pillow has no FreeType; its usual wheels have it")
    # Basic layout: the same with and without the Raqm library.
    return font.font_variant(layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=512)
def _is_drawn(letter: str) -> bool:
    """Whether the font holds a letter, and not only its sign for a missing one."""
    mask, missing = (_font(24).getmask(one) for one in (letter, _MISSING))
    return mask.size != missing.size or bytes(mask) != bytes(missing)


def split_marks(text: str) -> tuple[str, list[tuple[int, str]]]:
    """Splits text into letters that the font holds and the marks drawn over them.

    Returns:
        The letters, `?` for each that can be drawn in no way, and (position, combining mark).
    """
    letters: list[str] = []
    marks: list[tuple[int, str]] = []
    for letter in unicodedata.normalize("NFD", text.translate(_PLAIN)):
        if unicodedata.combining(letter):
            if letter in _MARKS and letters:
                marks.append((len(letters) - 1, letter))
        else:
            letters.append(letter if _is_drawn(letter) else "?")
    return "".join(letters), marks


@lru_cache(maxsize=512)
def draw_text(text: str, size: int) -> NDArray[np.uint8]:
    """Draws one line of text.

    Args:
        text: any text; what the font lacks becomes `?`.
        size: of the font in pixels.

    Returns:
        uint8 (`line_height(size)`, w): how much of each pixel the letters cover; the middle of
        small letters' height lies in the middle of the rows. Not to be written to.
    """
    letters, marks = split_marks(text)
    font = _font(size)
    margin = _margin(size)
    width = math.ceil(font.getlength(letters)) + 2 * margin
    mask = Image.new("L", (width, line_height(size)))
    foot = _foot(size)
    ImageDraw.Draw(mask).text(
        (margin, foot), letters, font=font, fill=255, anchor="ls", stroke_width=size / 80
    )
    pixels = np.array(mask)
    if marks:
        pixels = np.maximum(pixels, _draw_marks(letters, marks, size, mask.size))
    pixels.setflags(write=False)
    return pixels


def measure_text(text: str, size: int) -> int:
    """Returns the columns that a line of text takes in a font of a size."""
    return math.ceil(_font(size).getlength(split_marks(text)[0])) + 2 * _margin(size)


def line_height(size: int) -> int:
    """Rows of a line of text in a font of a size, with room for accents and descenders."""
    return round(size * 1.44) + 2


def _margin(size: int) -> int:
    """Returns the columns left free at both ends; small letters are wider than their measure."""
    return 2 + size // 24


def _foot(size: int) -> int:
    """Returns the row of the base line: letters of medium height are in the middle of the line."""
    return round(size * (0.72 + 0.31)) + 1


def _draw_marks(
    letters: str, marks: list[tuple[int, str]], size: int, shape: tuple[int, int]
) -> NDArray[np.uint8]:
    fine = Image.new("L", (shape[0] * _FINE, shape[1] * _FINE))
    pen = ImageDraw.Draw(fine)
    radius = size * _STROKE * _FINE / 2
    for points in _strokes(letters, marks, size):
        line = [(x * _FINE, y * _FINE) for x, y in points]
        pen.line(line, fill=255, width=round(2 * radius))
        for x, y in line:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(fine.resize(shape, Image.Resampling.BOX))


def _strokes(
    letters: str, marks: list[tuple[int, str]], size: int
) -> Iterator[list[tuple[float, float]]]:
    font = _font(size)
    margin = _margin(size)
    for at, mark in marks:
        left, top, right, _ = font.getbbox(letters[at], anchor="ls")
        start = margin + font.getlength(letters[: at + 1]) - font.getlength(letters[at])
        middle = start + (left + right) / 2
        base = 0.0 if mark == "\u0327" else top - _GAP * size
        for stroke in _MARKS[mark]:
            yield [(middle + x * size, _foot(size) + base - y * size) for x, y in stroke]
