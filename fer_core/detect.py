"""Finds faces in grey frames with OpenCV's Haar cascade."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.errors import FerError
from fer_core.faces import Box, Face

Detector = Callable[[NDArray[np.uint8], "int | None"], list[Face]]
"""From a grey frame, uint8 (height, width), to its faces, left to right, then top to bottom.

The second argument is the milliseconds since the frame before; None where a segment starts, and a
detector that remembers earlier frames must forget them.
"""

CASCADE = "haarcascade_frontalface_default.xml"


@dataclass(frozen=True)
class HaarSettings:
    """How the cascade searches; every field changes rows.

    Attributes:
        longest_side: larger frames are searched in a copy with this longest side, in pixels.
        scale_factor: step between the face sizes that are searched; above 1.
        min_size: smallest face side that is searched, in pixels of that copy.
        min_neighbors: overlapping hits that make a face; more means fewer false faces.
        kind: names the detector.
    """

    longest_side: int = 640
    scale_factor: float = 1.1
    min_size: int = 30
    min_neighbors: int = 4
    kind: Literal["haar"] = "haar"

    def __post_init__(self) -> None:
        if self.longest_side < 2 * self.min_size or self.min_size < 20:
            raise FerError(
                f"detection size: {self.longest_side} with faces from {self.min_size} pixels does "
                "not fit; faces from 20 pixels and at least twice that for the picture are needed"
            )
        if not self.scale_factor > 1 or self.min_neighbors < 0:
            raise FerError(
                f"scale factor {self.scale_factor}, neighbours {self.min_neighbors}: "
                "above 1 and from 0 are needed"
            )


class HaarDetector:
    """A frontal face detector (Viola and Jones 2001; Lienhart and Maydt 2002).

    One per thread: a cascade is neither thread-safe nor picklable.

    Raises:
        FerError: this OpenCV has no cascade (OpenCV 5 dropped it).
    """

    def __init__(self, settings: HaarSettings) -> None:
        self.settings = settings
        if not hasattr(cv2, "CascadeClassifier"):
            raise FerError("opencv: has no CascadeClassifier, install opencv-python-headless<5")
        path = Path(cv2.__file__).parent / "data" / CASCADE
        self._cascade = cv2.CascadeClassifier(str(path))
        if self._cascade.empty():
            raise FerError(f"cascade {path}: cannot be read, reinstall opencv-python-headless<5")

    def __call__(self, grey: NDArray[np.uint8], since_ms: int | None = None) -> list[Face]:
        """Returns the faces of a frame; every frame is searched whole."""
        height, width = grey.shape
        scale = max(1.0, max(height, width) / self.settings.longest_side)
        size = (max(1, round(width / scale)), max(1, round(height / scale)))
        small = grey if scale == 1.0 else cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        side = self.settings.min_size
        found = self._cascade.detectMultiScale(
            np.ascontiguousarray(small),
            scaleFactor=self.settings.scale_factor,
            minNeighbors=self.settings.min_neighbors,
            minSize=(side, side),
        )
        # No face is an empty tuple, not an empty array.
        return sorted(Face(_enlarge(hit, scale, (width, height))) for hit in found)


def _enlarge(hit: NDArray[np.int32], scale: float, size: tuple[int, int]) -> Box:
    """Maps a hit in the searched copy to whole pixels of the frame, kept inside it."""
    x, y, side_x, side_y = (float(value) * scale for value in hit)
    left, top = round(x), round(y)
    return Box(left, top, min(round(side_x), size[0] - left), min(round(side_y), size[1] - top))


def detect_whole(grey: NDArray[np.uint8], since_ms: int | None = None) -> list[Face]:
    """Takes the whole of a picture that is a cropped face already, uint8 (height, width)."""
    height, width = grey.shape
    return [Face(Box(0, 0, width, height))]


def limit_threads() -> None:
    """Keeps OpenCV to one thread in this process: by default each worker would take every core."""
    cv2.setNumThreads(1)
