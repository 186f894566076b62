"""Labels: the parts of an overlay that carry text or shape, as RGBA pixels of a given size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fer_core.drawing.canvas import Colour, Rect
from fer_core.drawing.lettering import draw_text, line_height, measure_text
from fer_core.emotions import EMOTIONS, Emotion

PLATE: Colour = (22, 24, 30)
PLATE_ALPHA = 205
TEXT: Colour = (255, 255, 255)
QUIET: Colour = (196, 200, 208)
TRACK: Colour = (66, 70, 80)
_FINE = 4

Pixels = NDArray[np.uint8]


def colour_of(emotion: Emotion) -> Colour:
    """Returns the colour of an emotion as RGB."""
    code = emotion.colour
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def name_of(emotion: Emotion, lang: str) -> str:
    """Returns the name of an emotion in `en` or `fr`."""
    return emotion.french if lang == "fr" else emotion.name


def percent_of(confidence: float, lang: str) -> str:
    """Returns a score as whole per cent, at most 99; French sets a space before the sign.

    Nothing is certain, and two digits keep a label from changing its width at every other frame.
    """
    return f"{min(round(100 * confidence), 99)}{' ' if lang == 'fr' else ''}%"


def draw_plate(width: int, height: int, radius: float) -> Image.Image:
    """Draws a dark rounded plate with smooth corners on a transparent ground."""
    fine = Image.new("L", (width * _FINE, height * _FINE))
    ImageDraw.Draw(fine).rounded_rectangle(
        (0, 0, width * _FINE - 1, height * _FINE - 1), round(radius * _FINE), fill=PLATE_ALPHA
    )
    plate = Image.new("RGBA", (width, height), PLATE)
    plate.putalpha(fine.resize((width, height), Image.Resampling.BOX))
    return plate


def write_text(image: Image.Image, at: tuple[int, int], line: tuple[str, int], ink: Colour) -> None:
    """Writes a line, given as text and font size, with its upper left corner at a point."""
    mask = draw_text(*line)
    lettered = Image.new("RGBA", (mask.shape[1], mask.shape[0]), ink)
    lettered.putalpha(Image.fromarray(mask))
    image.alpha_composite(lettered, at)


def ink_text(line: tuple[str, int], ink: Colour) -> Pixels:
    """Returns a line of text alone on a transparent ground, (line_height, w, 4)."""
    mask = draw_text(*line)
    pixels = np.empty((*mask.shape, 4), np.uint8)
    pixels[..., :3] = ink
    pixels[..., 3] = mask
    return pixels


class NameLabel:
    """The measures of a label with an emoji, a name and a confidence, in pixels.

    Args:
        emotion: whose name it shows.
        lang: `en` or `fr`.
        size: of the font.
        with_emoji: whether an emoji stands at its left end.
    """

    def __init__(self, emotion: Emotion, lang: str, size: int, with_emoji: bool) -> None:
        self.name = name_of(emotion, lang)
        self.size = size
        self.emoji = round(size * 2.5) if with_emoji else 0
        line = line_height(size)
        pad = max(2, round(size * (0.2 if with_emoji else 0.5)))
        self.plate_height = max(round(size * 1.5), line)
        self.height = max(self.plate_height, self.emoji)
        self.plate_left = self.emoji // 2
        self.text_left = self.emoji + pad
        name_width = measure_text(self.name, size)
        self.percent_left = self.text_left + name_width + round(size * 0.25)
        self.text_top = (self.height - line) // 2
        widest = measure_text(percent_of(0.88, lang), size)
        self.width = self.percent_left + widest + max(2, round(size * 0.45))

    def draw(self, emoji: Pixels | None) -> Pixels:
        """Draws all but the confidence, which changes more often.

        Args:
            emoji: RGBA (emoji, emoji, 4), where the label has one.

        Returns:
            uint8 (height, width, 4).
        """
        label = Image.new("RGBA", (self.width, self.height))
        plate = draw_plate(self.width - self.plate_left, self.plate_height, self.plate_height / 2.6)
        label.alpha_composite(plate, (self.plate_left, (self.height - self.plate_height) // 2))
        if emoji is not None:
            label.alpha_composite(Image.fromarray(emoji), (0, (self.height - self.emoji) // 2))
        write_text(label, (self.text_left, self.text_top), (self.name, self.size), TEXT)
        return np.asarray(label)


class ScorePanel:
    """The measures of a panel with the name and the bar of every emotion, in pixels.

    Args:
        lang: `en` or `fr`.
        size: of the font.
    """

    def __init__(self, lang: str, size: int) -> None:
        self.size = size
        self.names = [name_of(emotion, lang) for emotion in EMOTIONS]
        self.row = -(-round(size * 1.28) // 2) * 2
        self.pad = max(2, round(size * 0.4) // 2 * 2)
        widest = max(measure_text(name, size) for name in self.names)
        self.bar_left = (self.pad + widest + size // 3 + 1) // 2 * 2
        self.bar_width = round(size * 3.8) // 2 * 2
        self.bar_height = max(2, round(size * 0.62) // 2 * 2)
        self.width = self.bar_left + self.bar_width + 2 * self.pad
        self.height = len(self.names) * self.row + 2 * self.pad

    def bar(self, at: int, score: float = 1.0) -> Rect:
        """Returns where the bar of a score, 0-1, lies in the panel; `at` counts from 0."""
        top = self.pad + at * self.row + (self.row - self.bar_height) // 4 * 2
        length = round(self.bar_width / 2 * min(max(score, 0.0), 1.0)) * 2
        return Rect(self.bar_left, top, length, self.bar_height)

    def draw(self, strongest: int) -> Pixels:
        """Draws all but the bars' filling; the name of the strongest is bright.

        Returns:
            uint8 (height, width, 4).
        """
        panel = draw_plate(self.width, self.height, self.size * 0.5)
        pen = ImageDraw.Draw(panel)
        for at, name in enumerate(self.names):
            x, y, width, height = self.bar(at)
            pen.rectangle((x, y, x + width - 1, y + height - 1), (*TRACK, 255))
            top = max(0, y + height // 2 - line_height(self.size) // 2)
            ink = TEXT if at == strongest else QUIET
            write_text(panel, (self.pad, top), (name, self.size), ink)
        return np.asarray(panel)


def draw_bracket(arm: int, thick: int, colour: Colour) -> Pixels:
    """Draws the upper left corner of a box: a rounded angle with a dark edge.

    Args:
        arm: length of each side in pixels.
        thick: of the line in pixels.
        colour: of the line.

    Returns:
        uint8 (arm, arm, 4); the line's middle runs `bracket_inset(thick)` inside the edge.
    """
    fine, inset, thick_dark = arm * _FINE, bracket_inset(thick) * _FINE, thick + 2 * _edge(thick)
    end, radius = fine - thick_dark * _FINE / 2 - 1, min(thick * 3.0 * _FINE, fine / 2)
    layers = []
    for width in (thick_dark * _FINE, thick * _FINE):
        mask = Image.new("L", (fine, fine))
        pen = ImageDraw.Draw(mask)
        first, last = inset - width / 2, inset + 2 * radius + width / 2
        pen.arc((first, first, last, last), 180, 270, fill=255, width=round(width))
        pen.line((inset + radius, inset, end, inset), fill=255, width=round(width))
        pen.line((inset, inset + radius, inset, end), fill=255, width=round(width))
        for x, y in ((end, inset), (inset, end)):
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
        layers.append(mask.resize((arm, arm), Image.Resampling.BOX))
    bracket = Image.new("RGBA", (arm, arm), PLATE)
    bracket.putalpha(layers[0].point(lambda alpha: alpha * 3 // 5))
    line = Image.new("RGBA", (arm, arm), colour)
    line.putalpha(layers[1])
    return np.asarray(Image.alpha_composite(bracket, line))


def _edge(thick: int) -> float:
    return max(1.0, thick / 3)


def bracket_inset(thick: int) -> float:
    """Returns how far inside its pixels the middle of a bracket's line runs."""
    return thick / 2 + _edge(thick)
