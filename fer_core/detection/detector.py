"""What a detector is, and the one for pictures that are faces already."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.detection.haar import IN_PICTURES, IN_VIDEOS, HaarDetector, HaarSettings
from fer_core.detection.yunet import YuNetDetector, YuNetSettings
from fer_core.errors import FerError
from fer_core.faces import Box, Face

DetectorSettings = HaarSettings | YuNetSettings
"""How faces are searched; `kind` says by which detector."""


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


def load_detector(
    settings: DetectorSettings, model_path: str | None = None, for_pictures: bool = False
) -> Detector:
    """Loads a detector, for one thread.

    Args:
        settings: of the detector.
        model_path: its model file, for the detectors that have one.
        for_pictures: whether each frame is a picture of its own.

    Raises:
        FerError: the detector or its file cannot be loaded.
    """
    if isinstance(settings, HaarSettings):
        return HaarDetector(settings, IN_PICTURES if for_pictures else IN_VIDEOS)
    if model_path is None:
        raise FerError("detector yunet: has no model file")
    return YuNetDetector(settings, Path(model_path))


def detector_settings(values: dict[str, Any]) -> DetectorSettings:
    """Builds settings from what `dataclasses.asdict` made of them."""
    return HaarSettings(**values) if values["kind"] == "haar" else YuNetSettings(**values)
