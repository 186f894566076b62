"""What a detector is, and the one for pictures that are faces already."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import cv2

from fer_core.detection.colour import Colour
from fer_core.detection.face_check import FaceCheck
from fer_core.detection.face_detector import FaceDetector
from fer_core.detection.finder import Finder
from fer_core.detection.haar import HaarFinder, HaarSettings
from fer_core.detection.place import Grey
from fer_core.detection.yunet import YuNetFinder, YuNetSettings
from fer_core.detection.yunet_file import YUNET_SHA256, find_yunet
from fer_core.faces import Box, Face

DetectorSettings = HaarSettings | YuNetSettings
"""How faces are searched; `kind` says by which detector."""

DEFAULT = YuNetSettings(YUNET_SHA256)
"""What finds the most faces and the fewest false ones in real pictures."""


class Detector(Protocol):
    """What finds the faces of frames that come one after the other."""

    def __call__(
        self, grey: Grey, since_ms: int | None = None, colour: Colour | None = None, /
    ) -> list[Face]:
        """Returns the faces of a frame, left to right, then top to bottom.

        Args:
            grey: uint8 (height, width).
            since_ms: milliseconds since the frame before; None where a segment starts, and a
                detector that remembers earlier frames must forget them.
            colour: gives the frame in its colours, None where there are none.
        """


def detect_whole(
    grey: Grey, since_ms: int | None = None, colour: Colour | None = None
) -> list[Face]:
    """Takes the whole of a picture that is a cropped face already, uint8 (height, width)."""
    height, width = grey.shape
    whole = Box(0, 0, width, height)
    return [Face(whole, whole)]


def limit_threads() -> None:
    """Keeps OpenCV to one thread in this process: by default each worker would take every core."""
    cv2.setNumThreads(1)


def load_detector(
    settings: DetectorSettings, model_path: str | None = None, for_pictures: bool = False
) -> FaceDetector:
    """Loads a detector, for one thread.

    Args:
        settings: of the detector.
        model_path: its model file, None for the one that is installed.
        for_pictures: whether each frame is a picture of its own.

    Raises:
        FerError: the detector or its file cannot be loaded.
    """
    redetect_ms = None if for_pictures else settings.redetect_ms
    finder = _load_finder(settings, model_path)
    return FaceDetector(finder, FaceCheck(), redetect_ms)


def _load_finder(settings: DetectorSettings, model_path: str | None) -> Finder:
    if isinstance(settings, HaarSettings):
        return HaarFinder(settings)
    path = find_yunet() if model_path is None else Path(model_path)
    return YuNetFinder(settings, path)


def detector_settings(values: dict[str, Any]) -> DetectorSettings:
    """Builds settings from what `dataclasses.asdict` made of them."""
    return HaarSettings(**values) if values["kind"] == "haar" else YuNetSettings(**values)
