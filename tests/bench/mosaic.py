"""Frames for the benches that hold labelled pictures, enlarged, each in a cell of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE

FRAME_SIZE = (1280, 720)
COLUMNS, ROWS = 3, 2
CELL_SIZE = (FRAME_SIZE[0] // COLUMNS, FRAME_SIZE[1] // ROWS)
SMALLEST, LARGEST = 2.0, 6.0
"""How many times a picture is enlarged."""
ROOM = 24
"""Least distance of a picture from the edge of its cell, in pixels."""
GREY = 128
"""What borders fade to, and what lies between the cells and in empty ones."""
RATE = 2
"""Frames per second, each of other pictures: a slide show."""


@dataclass(frozen=True)
class Place:
    """Where a picture is shown.

    Attributes:
        picture: its position among the pictures.
        frame: number of the frame, from 0.
        cell: number of the cell in the frame, from 0, row by row.
        x: left edge of the picture in the frame, in pixels.
        y: its top edge.
        side: its side.
    """

    picture: int
    frame: int
    cell: int
    x: int
    y: int
    side: int

    @property
    def enlarged(self) -> float:
        """How many times the picture is enlarged."""
        return self.side / CROP_SIZE

    def holds(self, x: float, y: float) -> bool:
        """Tells whether a point of the frame lies in the picture itself, not in its border."""
        return self.x <= x < self.x + self.side and self.y <= y < self.y + self.side


def cell_at(x: float, y: float) -> int:
    """Returns the number of the cell that a point of the frame lies in."""
    column = min(int(x) // CELL_SIZE[0], COLUMNS - 1)
    return min(int(y) // CELL_SIZE[1], ROWS - 1) * COLUMNS + column


def choose_places(count: int, seed: int) -> list[Place]:
    """Gives each picture its frame and cell, a random size and a random position in the cell."""
    rng = np.random.default_rng(seed)
    places = []
    for picture in range(count):
        frame, cell = divmod(picture, COLUMNS * ROWS)
        row, column = divmod(cell, COLUMNS)
        side = round(CROP_SIZE * rng.uniform(SMALLEST, LARGEST))
        x, y = (int(rng.integers(ROOM, size - side - ROOM + 1)) for size in CELL_SIZE)
        places.append(
            Place(picture, frame, cell, column * CELL_SIZE[0] + x, row * CELL_SIZE[1] + y, side)
        )
    return places


def draw_frame(crops: NDArray[np.uint8], places: Iterable[Place]) -> NDArray[np.uint8]:
    """Draws the pictures of one frame.

    Args:
        crops: uint8 (n, 48, 48), the pictures.
        places: those of the frame.

    Returns:
        uint8 (720, 1280), grey.
    """
    frame = np.full(FRAME_SIZE[::-1], GREY, np.uint8)
    for place in places:
        row, column = divmod(place.cell, COLUMNS)
        left, top = column * CELL_SIZE[0], row * CELL_SIZE[1]
        cell = frame[top : top + CELL_SIZE[1], left : left + CELL_SIZE[0]]
        cell[:] = _draw_cell(crops[place.picture], place.x - left, place.y - top, place.side)
    return frame


def _draw_cell(crop: NDArray[np.uint8], x: int, y: int, side: int) -> NDArray[np.uint8]:
    """Draws a picture whose border goes on outwards, then fades: no edge is drawn around it."""
    width, height = CELL_SIZE
    picture = cv2.resize(crop, (side, side), interpolation=cv2.INTER_CUBIC)
    around = (y, height - side - y, x, width - side - x)
    drawn = cv2.copyMakeBorder(picture, *around, cv2.BORDER_REPLICATE).astype(np.float32)
    share = np.minimum.outer(_shares(height, y, side), _shares(width, x, side))
    return np.asarray(np.rint(GREY + share * (drawn - GREY)), np.uint8)


def _shares(length: int, start: int, side: int) -> NDArray[np.float32]:
    """Returns how much of the picture shows along one axis of its cell, float32 (length,).

    1 in the picture and in the nearer half of its border, then a soft fall to 0 at the cell's edge.
    """
    at = np.arange(length, dtype=np.float32)
    before, after = start, length - start - side
    out = np.maximum((start - at) / before, (at - (start + side - 1)) / after)
    falling = np.clip(2 * out - 1, 0, 1)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * falling), np.float32)


def write_video(path: Path, frames: Iterable[NDArray[np.uint8]]) -> None:
    """Writes grey frames, uint8 (720, 1280), as H.264 of the quality that users have."""
    with av.open(str(path), "w") as output:
        options = {"crf": "23", "g": str(RATE), "threads": "1"}
        stream = output.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height = FRAME_SIZE
        stream.pix_fmt = "yuv420p"
        for grey in frames:
            bgr = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(bgr, "bgr24")))
        output.mux(stream.encode(None))


def write_videos(
    folder: Path, crops: NDArray[np.uint8], places: Sequence[Place], frames_each: int
) -> list[str]:
    """Writes all pictures into videos in a folder; returns the videos' names in order.

    Args:
        folder: where to write.
        crops: uint8 (n, 48, 48), the pictures.
        places: of each picture, by frame.
        frames_each: how many frames a video holds; the last may hold fewer.
    """
    by_frame: dict[int, list[Place]] = {}
    for place in places:
        by_frame.setdefault(place.frame, []).append(place)
    names = []
    for start in range(0, len(by_frame), frames_each):
        names.append(f"{start // frames_each:03d}.mp4")
        numbers = range(start, min(start + frames_each, len(by_frame)))
        write_video(folder / names[-1], (draw_frame(crops, by_frame[n]) for n in numbers))
    return names
