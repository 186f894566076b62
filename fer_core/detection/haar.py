"""The classic finder: OpenCV's Haar cascade, proposing generously what the face check confirms."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from fer_core.detection.colour import Colour
from fer_core.detection.finder import Proposal
from fer_core.detection.place import Grey, Place
from fer_core.errors import FerError

CASCADE_FILE = "haarcascade_frontalface_default.xml"

LONGEST_SIDE, LEAST_SIDE = 640, 24
"""Of the copy that is searched of a larger frame, and of a face there, in pixels: the cascade was
made for 24. OpenCV steps by one pixel, not two, from twice that on."""

BRIGHT, MOST_GAIN = 160, 4.0
"""To what level a tenth of a dark picture is brightened, and by how much at most: OpenCV passes
over every window whose deviation is below 10 grey levels, and with them dark faces."""

BORDER = 0.2
"""What is added around a picture, in its shorter sides: a face may fill it."""

STEP = 1.15
"""Factor between the sides that are searched."""


class HaarFinder:
    """A face cascade (Viola and Jones 2001; Lienhart and Maydt 2002).

    One per thread: a cascade is neither thread-safe nor picklable.

    Raises:
        FerError: this OpenCV has no cascade (OpenCV 5 dropped it).
    """

    def __init__(self) -> None:
        if not hasattr(cv2, "CascadeClassifier"):
            raise FerError("opencv: has no CascadeClassifier, install opencv-python-headless<5")
        path = Path(cv2.__file__).parent / "data" / CASCADE_FILE
        self._cascade = cv2.CascadeClassifier(str(path))
        if self._cascade.empty():
            raise FerError(f"cascade {path}: cannot be read, reinstall opencv-python-headless<5")

    def __call__(
        self,
        grey: Grey,
        colour: Colour | None = None,
        near: Place | None = None,
        closely: bool = False,
    ) -> list[Proposal]:
        """Returns what may be upright faces in a frame, uint8 (height, width); many are none."""
        height, width = grey.shape
        scale = max(1.0, max(height, width) / LONGEST_SIDE)
        size = max(1, round(width / scale)), max(1, round(height / scale))
        small = grey if scale == 1 else cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        edge = round(BORDER * min(size)) if closely else 0
        small = cv2.copyMakeBorder(small, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
        return [
            Proposal(Place((x - edge) * scale, (y - edge) * scale, side * scale), None)
            for x, y, side in self._scan(_brighten(np.asarray(small, np.uint8)))
        ]

    def _scan(self, grey: Grey) -> list[tuple[float, float, float]]:
        """Returns middle and side of what the cascade sees.

        Faces twice as large are searched in a copy half as large. The cascade alone would look at
        four times as many windows for them, one pixel apart instead of two.
        """
        hits: list[list[int]] = []
        zoom, least = 1, (LEAST_SIDE, LEAST_SIDE)
        while min(grey.shape) >= LEAST_SIDE:
            is_last = min(grey.shape) < 2 * LEAST_SIDE
            most = (max(grey.shape) if is_last else 2 * LEAST_SIDE - 1,) * 2
            found = self._cascade.detectMultiScale(grey, STEP, 0, minSize=least, maxSize=most)
            hits += [[zoom * int(value) for value in hit] for hit in found]
            half = grey.shape[1] // 2, grey.shape[0] // 2
            grey = np.asarray(cv2.resize(grey, half, interpolation=cv2.INTER_AREA), np.uint8)
            zoom *= 2
        # Groups of no more than the threshold are dropped, and 0 would not group at all: so each
        # hit goes in twice.
        boxes, _ = cv2.groupRectangles([hit for hit in hits for _ in range(2)], 1, 0.3)
        return [(x + width / 2, y + height / 2, float(width)) for x, y, width, height in boxes]


def _brighten(grey: Grey) -> Grey:
    """Makes a dark picture, uint8 (height, width), brighter until a tenth of it is bright."""
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256])
    level = int(np.searchsorted(np.cumsum(counts), 0.9 * grey.size))
    gain = min(MOST_GAIN, BRIGHT / max(1, level))
    return grey if gain <= 1 else np.asarray(cv2.convertScaleAbs(grey, alpha=gain), np.uint8)
