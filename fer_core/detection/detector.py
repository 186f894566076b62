"""What a detector is, and the one for pictures that are faces already."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import cv2

from fer_core.detection.colour import Colour
from fer_core.detection.detector_settings import DetectorSettings
from fer_core.detection.face_check import FaceCheck
from fer_core.detection.face_detector import FaceDetector
from fer_core.detection.haar import HaarFinder
from fer_core.detection.place import Grey
from fer_core.detection.yunet import YuNetFinder
from fer_core.faces import Box, Face


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
        model_path: of YuNet's ONNX file, None for the one that is installed.
        for_pictures: whether each frame is a picture of its own.

    Raises:
        FerError: the detector or its file cannot be loaded.
    """
    redetect_ms = None if for_pictures else settings.redetect_ms
    if settings.kind == "haar":
        return FaceDetector(HaarFinder(), FaceCheck(), redetect_ms)
    finder = YuNetFinder(Path(model_path) if model_path else None, settings.model_sha256)
    return FaceDetector(finder, FaceCheck(), redetect_ms)
