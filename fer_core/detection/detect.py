"""What a detector is, and the one for pictures that are faces already."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.faces import Box, Face

Detector = Callable[[NDArray[np.uint8], "int | None"], list[Face]]
"""From a grey frame, uint8 (height, width), to its faces, left to right, then top to bottom.

The second argument is the milliseconds since the frame before; None where a segment starts, and a
detector that remembers earlier frames must forget them.
"""


def detect_whole(grey: NDArray[np.uint8], since_ms: int | None = None) -> list[Face]:
    """Takes the whole of a picture that is a cropped face already, uint8 (height, width)."""
    height, width = grey.shape
    return [Face(Box(0, 0, width, height))]


def limit_threads() -> None:
    """Keeps OpenCV to one thread in this process: by default each worker would take every core."""
    cv2.setNumThreads(1)
