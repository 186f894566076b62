"""Searching with OpenCV's Haar cascades: a whole frame for faces, and a window for a known one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.detection.place import Grey, Place, cut_window
from fer_core.errors import FerError

CASCADE_FILES = {
    "default": "haarcascade_frontalface_default.xml",
    "alt2": "haarcascade_frontalface_alt2.xml",
}
FINEST_STEP_SIDE = 48
"""OpenCV steps by one pixel, not two, from twice the 24 pixels that the cascade was made for."""

BRIGHT, MOST_GAIN = 160, 4.0
"""To what level a tenth of a dark picture is brightened, and by how much at most: OpenCV passes
over every window whose deviation is below 10 grey levels, and with them dark faces."""


class Look(NamedTuple):
    """How a window around a place is searched.

    Attributes:
        cascade: which one, of `CASCADE_FILES`.
        side: the side that the place gets in the window, in pixels.
        pad: what the window shows around the place on each side, in sides of the place.
        smallest: smallest face that is searched, in sides of the place.
        largest: largest one.
        step: factor between the sizes that are searched.
        excess: how much larger it shows faces than a search of the whole frame does, measured.
    """

    cascade: str
    side: int
    pad: float
    smallest: float
    largest: float
    step: float
    excess: float = 1.0


class Sighting(NamedTuple):
    """What a look found: the place, and how many overlapping hits stand for it; 0 for nothing."""

    place: Place
    hits: int


class CascadeSearch:
    """Face cascades (Viola and Jones 2001; Lienhart and Maydt 2002).

    One per thread: a cascade is neither thread-safe nor picklable.

    Raises:
        FerError: this OpenCV has no cascade (OpenCV 5 dropped it).
    """

    def __init__(self) -> None:
        self._looks = 0
        if not hasattr(cv2, "CascadeClassifier"):
            raise FerError("opencv: has no CascadeClassifier, install opencv-python-headless<5")
        self._cascades = {name: _load_cascade(file) for name, file in CASCADE_FILES.items()}

    def scan(self, grey: Grey, min_side: float, step: float, min_hits: int) -> list[Place]:
        """Searches a frame for upright faces; many of what it returns are none.

        Faces twice as large are searched in a copy half as large. The cascade alone would look at
        four times as many windows for them, one pixel apart instead of two.

        Args:
            grey: uint8 (height, width).
            min_side: smallest side that is searched, in pixels; at least 24.
            step: factor between the sides that are searched.
            min_hits: overlapping hits that make a place.
        """
        hits: list[NDArray[np.float64]] = []
        copy, scale, smallest = _brighten(grey), 1.0, min_side
        while min(copy.shape) >= smallest:
            last = min(copy.shape) < FINEST_STEP_SIDE
            largest = max(copy.shape) if last else FINEST_STEP_SIDE - 1
            if smallest <= largest:
                hits.append(self._hit("default", copy, step, (smallest, largest)) * scale)
            if last:
                break
            half = copy.shape[1] // 2, copy.shape[0] // 2
            copy = np.asarray(cv2.resize(copy, half, interpolation=cv2.INTER_AREA), np.uint8)
            scale, smallest = scale * 2, FINEST_STEP_SIDE / 2
        grouped = _group(np.concatenate(hits), min_hits) if hits else []
        return [place for place, _ in grouped]

    def take_looks(self) -> int:
        """Returns how many windows were searched since this was asked last."""
        looks, self._looks = self._looks, 0
        return looks

    def look(self, grey: Grey, place: Place, how: Look) -> Sighting:
        """Searches a window around a place, turned upright, for the one face in it."""
        self._looks += 1
        window = _brighten(cut_window(grey, place, how.side, how.pad))
        sizes = how.smallest * how.side, how.largest * how.side
        grouped = _group(self._hit(how.cascade, window, how.step, sizes), 1)
        if not grouped:
            return Sighting(place, 0)
        found, hits = max(grouped, key=lambda entry: entry[1])
        scale = place.side / how.side
        across, down = ((value - window.shape[0] / 2) * scale for value in (found.x, found.y))
        turn = math.radians(place.tilt)
        x = place.x + across * math.cos(turn) - down * math.sin(turn)
        y = place.y + across * math.sin(turn) + down * math.cos(turn)
        return Sighting(Place(x, y, found.side * scale / how.excess, place.tilt), hits)

    def _hit(
        self, cascade: str, grey: Grey, step: float, sizes: tuple[float, float]
    ) -> NDArray[np.float64]:
        """Returns every window that passes, as x, y, width, height in float64 (n, 4)."""
        least, most = math.floor(sizes[0]), math.ceil(sizes[1])
        found = self._cascades[cascade].detectMultiScale(
            np.ascontiguousarray(grey), step, 0, minSize=(least, least), maxSize=(most, most)
        )
        return np.asarray(found, np.float64).reshape(-1, 4)  # no face is an empty tuple


def _load_cascade(file: str) -> cv2.CascadeClassifier:
    path = Path(cv2.__file__).parent / "data" / file
    cascade = cv2.CascadeClassifier(str(path))
    if cascade.empty():
        raise FerError(f"cascade {path}: cannot be read, reinstall opencv-python-headless<5")
    return cascade


def _brighten(grey: Grey) -> Grey:
    """Makes a dark picture, uint8 (height, width), brighter until a tenth of it is bright."""
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256])
    level = int(np.searchsorted(np.cumsum(counts), 0.9 * grey.size))
    gain = min(MOST_GAIN, BRIGHT / max(1, level))
    return grey if gain <= 1 else np.asarray(cv2.convertScaleAbs(grey, alpha=gain), np.uint8)


def _group(hits: NDArray[np.float64], min_hits: int) -> list[tuple[Place, int]]:
    """Joins overlapping hits into places, each with the number of its hits."""
    if not len(hits):
        return []
    # Groups of no more than the threshold are dropped, and 0 would not group at all: so each hit
    # goes in twice.
    doubled = np.repeat(hits.round().astype(int), 2, axis=0).tolist()
    boxes, counts = cv2.groupRectangles(doubled, 2 * min_hits - 1, 0.3)
    return [
        (Place(x + width / 2, y + height / 2, width), int(count) // 2)
        for (x, y, width, height), count in zip(boxes, np.ravel(counts), strict=True)
    ]
