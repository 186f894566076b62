"""Contact sheets: one picture that shows who is in a video, and when."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fer_core.drawing.canvas import Rect, RgbCanvas
from fer_core.drawing.labels import QUIET, TEXT, colour_of, name_of, percent_of, write_text
from fer_core.drawing.lettering import line_height, measure_text
from fer_core.drawing.overlay import Overlay
from fer_core.emotions import EMOTIONS
from fer_core.errors import MediaError
from fer_core.media import Source, open_bytes
from fer_core.shown_face import ShownFace

MAX_TILES = 60
"""Tiles of one sheet; more could no longer be looked at."""

TILE_SIZE = (340, 256)
"""Width and height of a tile's picture in pixels."""

_COLUMNS = 3
_GAP = 15
_TITLE, _LINE = 34, 26
_GROUND = (18, 19, 23)
_CARD = (36, 38, 45)
_QUALITY = 88

_NOT_OURS = (
    *(MediaError, OSError, Image.DecompressionBombError, RecursionError),
    *(KeyError, TypeError, ValueError, OverflowError),
)
"""What reading a sheet raises that is none, or says something else of itself."""

_WORDS = {
    "en": ("person", "people", "not shown here: {} more", "no face was found"),
    "fr": ("personne", "personnes", "non montrées ici : {}", "aucun visage trouvé"),
}


class Tile(NamedTuple):
    """One moment of a video.

    Attributes:
        pixels: uint8 (h, w, 3), drawn already; `cut_tile` makes them.
        timestamp_ms: when it is.
        person_id: whose moment it is.
        emotion: index of what is shown.
        confidence: its score.
    """

    pixels: NDArray[np.uint8]
    timestamp_ms: int
    person_id: int
    emotion: int
    confidence: float


class Places(NamedTuple):
    """Where on a contact sheet people are shown.

    Attributes:
        width: of the sheet, in pixels.
        height: likewise.
        people: the picture of each person.
    """

    width: int
    height: int
    people: dict[int, Rect]


def cut_tile(
    frame: NDArray[np.uint8], faces: Sequence[ShownFace], at: int, overlay: Overlay
) -> NDArray[np.uint8]:
    """Cuts the surroundings of a face out of a frame and draws what is shown of it.

    Args:
        frame: uint8 (h, w, 3), not drawn on yet: labels are placed and sized for the tile.
        faces: all that are shown in the frame; a cover hides the others too.
        at: index of the one that the tile is about.
        overlay: draws them.

    Returns:
        uint8 (`TILE_SIZE` high and wide, 3).
    """
    face = faces[at]
    cut = _surroundings(face, frame.shape[1], frame.shape[0])
    scale = min(TILE_SIZE[0] / cut.width, TILE_SIZE[1] / cut.height)
    size = (max(1, round(cut.width * scale)), max(1, round(cut.height * scale)))
    picture = frame[cut.y : cut.y + cut.height, cut.x : cut.x + cut.width]
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = np.ascontiguousarray(cv2.resize(picture, size, interpolation=smooth), np.uint8)
    across, down = size[0] / cut.width, size[1] / cut.height
    moved = [
        one._replace(
            x=(one.x - cut.x) * across,
            y=(one.y - cut.y) * down,
            width=one.width * across,
            height=one.height * down,
            held_confidence=None,  # the tile is of this moment, as what is written below it
        )
        for one in faces
    ]
    overlay.draw(RgbCanvas(small), moved, about=face.track_id)
    tile = np.empty((TILE_SIZE[1], TILE_SIZE[0], 3), np.uint8)
    tile[:] = _CARD
    left, top = (TILE_SIZE[0] - size[0]) // 2, (TILE_SIZE[1] - size[1]) // 2
    tile[top : top + size[1], left : left + size[0]] = small
    return tile


def _surroundings(face: ShownFace, width: int, height: int) -> Rect:
    """Returns the part of a frame to show: some two faces high, in the tile's proportions.

    Where those would cut the face, as in a narrow frame, they are given up.
    """
    proportion = TILE_SIZE[0] / TILE_SIZE[1]
    wanted = max(2.2 * face.height, 1.8 * face.width / proportion, 1.0)
    rows = min(height, round(max(min(wanted, width / proportion), 1.3 * face.height)))
    columns = min(width, round(max(rows * proportion, 1.3 * face.width)))
    x = round(face.x + face.width / 2 - columns / 2)
    y = round(face.y + face.height * 0.45 - rows / 2)
    x, y = max(0, min(x, width - columns)), max(0, min(y, height - rows))
    return Rect(x, y, max(1, columns), max(1, rows))


def compose_sheet(name: str, tiles: Sequence[Tile], lang: str, left_out: int = 0) -> bytes:
    """Composes the contact sheet of one video.

    Args:
        name: of the medium; what the font lacks appears as `?`.
        tiles: in the order in which they are shown; of more than `MAX_TILES`, the first ones are.
        lang: `en` or `fr`.
        left_out: number of moments that are not among the tiles.

    Returns:
        A JPEG, 3 tiles wide: letters are legible on a phone that shows its whole width.
    """
    shown = tiles[:MAX_TILES]
    left_out += len(tiles) - len(shown)
    columns = max(2, min(_COLUMNS, len(shown)))
    card = TILE_SIZE[1] + 2 * line_height(_LINE) + 12
    head = line_height(_TITLE) + line_height(_LINE) + 2 * _GAP
    rows = -(-len(shown) // columns)
    size = (columns * (TILE_SIZE[0] + _GAP) + _GAP, head + rows * (card + _GAP))
    sheet, places = Image.new("RGBA", size, _GROUND), list[tuple[int, ...]]()
    write_text(sheet, (_GAP, _GAP), (_fitted(name, size[0] - 2 * _GAP), _TITLE), TEXT)
    line = (_count_line(len(shown), left_out, lang), _LINE)
    write_text(sheet, (_GAP, _GAP + line_height(_TITLE)), line, QUIET)
    for at, tile in enumerate(shown):
        x = _GAP + at % columns * (TILE_SIZE[0] + _GAP)
        y = head + at // columns * (card + _GAP)
        sheet.paste(_CARD, (x, y, x + TILE_SIZE[0], y + card))
        _draw_tile(sheet, (x, y), tile, lang)
        places.append((int(tile.person_id), x, y, *TILE_SIZE))
    file, told = io.BytesIO(), json.dumps(places).encode()
    sheet.convert("RGB").save(file, "JPEG", quality=_QUALITY, optimize=True, comment=told)
    return file.getvalue()


def read_places(source: Source) -> Places | None:
    """Reads what a contact sheet says of itself; None where it is none, or says nothing."""
    try:
        with open_bytes(source) as file, Image.open(file, formats=["JPEG"]) as sheet:
            rows = json.loads(sheet.info["comment"])
            people = {int(person): Rect(*map(int, place)) for person, *place in rows}
            return Places(*sheet.size, people)
    except _NOT_OURS:
        return None


def _draw_tile(sheet: Image.Image, at: tuple[int, int], tile: Tile, lang: str) -> None:
    x, y = at
    picture = Image.fromarray(tile.pixels)
    if picture.size != TILE_SIZE:
        picture = picture.resize(TILE_SIZE, Image.Resampling.LANCZOS)
    sheet.paste(picture, (x, y))
    emotion = EMOTIONS[tile.emotion]
    stripe = y + TILE_SIZE[1]
    sheet.paste(colour_of(emotion), (x, stripe, x + TILE_SIZE[0], stripe + 4))
    shown = f"{name_of(emotion, lang)}  {percent_of(tile.confidence, lang)}"
    write_text(sheet, (x + 8, stripe + 7), (shown, _LINE), TEXT)
    number = tile.person_id + 1  # people count from 1
    when = f"{show_time(tile.timestamp_ms)}  {_WORDS[lang][0]} {number}"
    write_text(sheet, (x + 8, stripe + 7 + line_height(_LINE)), (when, _LINE), QUIET)


def _count_line(shown: int, left_out: int, lang: str) -> str:
    one, many, more, none = _WORDS[lang]
    if not shown:
        return none
    text = f"{shown} {one if shown == 1 else many}"
    return f"{text} ({more.format(left_out)})" if left_out else text


def _fitted(name: str, width: int) -> str:
    """Shortens a title from its start, since the end of a path says most."""
    for kept in range(min(len(name), 150), 0, -1):
        part = name if kept == len(name) else f"…{name[-kept:]}"
        if measure_text(part, _TITLE) <= width:
            return part
    return ""


def show_time(timestamp_ms: int) -> str:
    """Returns a time as h:mm:ss.d, cut to tenths of a second so that it is never after."""
    tenths = timestamp_ms // 100
    return f"{tenths // 36000}:{tenths // 600 % 60:02}:{tenths // 10 % 60:02}.{tenths % 10}"
