"""Overlays: what is drawn on a frame for its faces, as emoji, as a cover, or as a box with bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fer_core.drawing.canvas import Canvas, Rect
from fer_core.drawing.emoji import read_emoji
from fer_core.drawing.labels import PLATE, bracket_inset, colour_of, percent_of
from fer_core.drawing.placing import Places
from fer_core.drawing.stencils import Stencils
from fer_core.emotions import EMOTIONS
from fer_core.errors import UsageError
from fer_core.shown_face import ShownFace

OverlayKind = Literal["emoji", "cover", "box"]
Lang = Literal["en", "fr"]

_COVER = 1.7
"""Diameter of a cover in sides of the box: the circle around a square has 1.42; the rest is for
hair line, chin and ears, and for what the box lags behind."""

_CORNER = 1.5
"""Of a box in a corner of the frame both sides may be cut: so much larger its face is taken for."""

_SMALLEST_TEXT, _LEAST_TEXT = 10, 6
"""Pixels of the smallest font that is used if there is room, and if there is not."""

_COLOURS = [colour_of(emotion) for emotion in EMOTIONS]


@dataclass(frozen=True)
class OverlaySettings:
    """What is drawn.

    Attributes:
        kind: `emoji`, `cover` or `box`.
        lang: language of the names, `en` or `fr`.
        avatars: folder with the user's own pictures; None for ferbeam's emoji.

    Raises:
        UsageError: the kind or the language is not known.
    """

    kind: OverlayKind = "emoji"
    lang: Lang = "en"
    avatars: Path | None = None

    def __post_init__(self) -> None:
        if self.kind not in ("emoji", "cover", "box"):
            raise UsageError(f"overlay: {self.kind!r} is not known, emoji, cover or box is")
        if self.lang not in ("en", "fr"):
            raise UsageError(f"language: {self.lang!r} is not known, en or fr is")


class Overlay:
    """Draws faces onto frames; keeps what it has drawn, so one serves a whole medium and more.

    The same faces on the same frame give the same pixels, whatever was drawn before. One per
    thread.

    Args:
        settings: what is drawn.

    Raises:
        UsageError: an avatar is missing or cannot be read.
    """

    def __init__(self, settings: OverlaySettings) -> None:
        self.settings = settings
        self._stencils = Stencils(read_emoji(settings.avatars), settings.lang)

    def draw(self, canvas: Canvas, faces: Sequence[ShownFace], about: int | None = None) -> None:
        """Draws the faces of a frame: first what lies on the faces, then the labels.

        Args:
            canvas: where; in display orientation.
            faces: all faces that are shown in the frame, in any order.
            about: track_id of the only face to be pointed out; others are covered where faces are,
                below it, and else left alone. None for all.
        """
        faces = sorted(
            faces, key=lambda face: (face.track_id == about, face.track_id, face.x, face.y)
        )
        kind = self.settings.kind
        if about is not None and kind != "cover":
            faces = [face for face in faces if face.track_id == about]
        on_face = {"emoji": self._draw_brackets, "cover": self._cover, "box": self._draw_box}
        draw_label = self._draw_panel if kind == "box" else self._draw_name
        rects = [on_face[kind](canvas, face) for face in faces]
        places = Places((canvas.width, canvas.height), rects)
        for at, face in enumerate(faces):
            if _is_seen(face, canvas) and about in (None, face.track_id):
                draw_label(canvas, face, places, at)

    def _cover(self, canvas: Canvas, face: ShownFace) -> Rect:
        longest, diagonal = _whole_side(face, canvas), math.hypot(face.width, face.height)
        side = round_up(math.ceil(max(_COVER * longest, 1.15 * diagonal)) + 2)
        # Even: what moves by whole chroma pixels costs the encoder less, and a fifth less space.
        x = 2 * round((face.x + face.width / 2 - side / 2) / 2)
        y = 2 * round((face.y + face.height / 2 - side / 2) / 2)
        frame = Rect(-x, -y, canvas.width, canvas.height)
        for sprite, left, top in self._stencils.list_cover(face.emotion, side, frame):
            canvas.draw_sprite(sprite, x + left, y + top)
        return Rect(x, y, side, side)

    def _draw_brackets(self, canvas: Canvas, face: ShownFace) -> Rect:
        rect = _rect_of(face)
        thick = _line_width(canvas)
        shorter = min(rect.width, rect.height)
        arm = min(round_up(max(round(shorter * 0.26), 3 * thick)), max(shorter // 2, 2 * thick))
        out = round(bracket_inset(thick))
        right, lower = rect.x + rect.width + out - arm, rect.y + rect.height + out - arm
        corners = [(x, y) for y in (rect.y - out, lower) for x in (rect.x - out, right)]
        for corner, (x, y) in enumerate(corners):
            sprite = self._stencils.find_bracket(face.emotion, arm, thick, corner)
            canvas.draw_sprite(sprite, x, y)
        return Rect(rect.x - out, rect.y - out, rect.width + 2 * out, rect.height + 2 * out)

    def _draw_box(self, canvas: Canvas, face: ShownFace) -> Rect:
        rect = _rect_of(face)
        thick = _line_width(canvas)
        edge = max(1, thick // 3)
        _draw_outline(canvas, _grown(rect, thick // 2 + edge), thick + 2 * edge, PLATE)
        _draw_outline(canvas, _grown(rect, thick // 2), thick, _COLOURS[face.emotion])
        return _grown(rect, thick // 2 + edge)

    def _draw_name(self, canvas: Canvas, face: ShownFace, places: Places, at: int) -> None:
        with_emoji = self.settings.kind == "emoji"
        size = _text_size(canvas, face, (32, 21, 18))
        label = self._stencils.measure_label(face.emotion, size, with_emoji)
        while label.width > canvas.width or label.height > canvas.height:
            size -= max(1, size // 8)
            if size < _LEAST_TEXT:
                return
            label = self._stencils.measure_label(face.emotion, size, with_emoji)
        place = places.place((label.width, label.height), at)
        x, y = place.x & ~1, place.y & ~1  # even, as a cover
        canvas.draw_sprite(self._stencils.find_label(face.emotion, size, with_emoji), x, y)
        percent = self._stencils.find_text(percent_of(face.confidence, self.settings.lang), size)
        canvas.draw_sprite(percent, x + label.percent_left, y + label.text_top)

    def _draw_panel(self, canvas: Canvas, face: ShownFace, places: Places, at: int) -> None:
        size = _text_size(canvas, face, (36, 33, 26))
        panel = self._stencils.measure_panel(size)
        while panel.width > canvas.width or panel.height > canvas.height:
            size -= max(1, size // 8)
            if size < _LEAST_TEXT:
                return
            panel = self._stencils.measure_panel(size)
        place = places.place((panel.width, panel.height), at, sides_first=True)
        x, y = place.x & ~1, place.y & ~1  # even, so that bars fill whole chroma pixels
        canvas.draw_sprite(self._stencils.find_panel(face.emotion, size), x, y)
        for emotion, score in enumerate(face.scores.tolist()):
            bar = panel.bar(emotion, score)
            canvas.fill_rect(bar._replace(x=bar.x + x, y=bar.y + y), _COLOURS[emotion])


def round_up(length: int) -> int:
    """Rounds a length up by at most a 32nd, so that sprites are found again while a face moves."""
    step = max(2, 1 << max(0, length.bit_length() - 6))
    return -(-length // step) * step


def _rect_of(face: ShownFace) -> Rect:
    x, y = round(face.x), round(face.y)
    return Rect(x, y, round(face.x + face.width) - x, round(face.y + face.height) - y)


def _whole_side(face: ShownFace, canvas: Canvas) -> float:
    """Returns the side of a face: of one that an edge cuts, that of the box which it does not."""
    beside = face.x <= 0 or face.x + face.width >= canvas.width
    across = face.y <= 0 or face.y + face.height >= canvas.height
    return max(face.width, face.height) * (_CORNER if beside and across else 1)


def _is_seen(face: ShownFace, canvas: Canvas) -> bool:
    across = face.x < canvas.width and face.x + face.width > 0
    return across and face.y < canvas.height and face.y + face.height > 0


def _grown(rect: Rect, by: int) -> Rect:
    return Rect(rect.x - by, rect.y - by, rect.width + 2 * by, rect.height + 2 * by)


def _line_width(canvas: Canvas) -> int:
    """Returns the width of lines: 2 pixels at 360 rows, 6 at 1080."""
    return max(2, round(min(canvas.width, canvas.height) / 180))


def _text_size(canvas: Canvas, face: ShownFace, parts: tuple[int, int, int]) -> int:
    """Returns a font size; one of three, since letters that grow with their face would flicker.

    Args:
        canvas: the frame.
        face: small, medium or large in it.
        parts: which part of the frame's shorter side the size is for each of these.
    """
    shorter = min(canvas.width, canvas.height)
    large = (face.height > 0.22 * shorter) + (face.height > 0.45 * shorter)
    return max(_SMALLEST_TEXT, round(shorter / parts[large]))


def _draw_outline(canvas: Canvas, rect: Rect, thick: int, colour: tuple[int, int, int]) -> None:
    x, y, width, height = rect
    canvas.fill_rect(Rect(x, y, width, thick), colour)
    canvas.fill_rect(Rect(x, y + height - thick, width, thick), colour)
    canvas.fill_rect(Rect(x, y + thick, thick, height - 2 * thick), colour)
    canvas.fill_rect(Rect(x + width - thick, y + thick, thick, height - 2 * thick), colour)
