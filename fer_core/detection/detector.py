"""What a detector is, and the one for pictures that are faces already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import cv2

from fer_core.detection.colour import Colour
from fer_core.detection.face_check import CHECK_SHA256, FaceCheck
from fer_core.detection.face_detector import FaceDetector
from fer_core.detection.haar import HaarFinder
from fer_core.detection.place import Grey
from fer_core.detection.yunet import YuNetFinder
from fer_core.detection.yunet_file import YUNET_SHA256
from fer_core.errors import FerError
from fer_core.faces import Box, Face


@dataclass(frozen=True)
class DetectorSettings:
    """How faces are searched; every field changes rows.

    Attributes:
        kind: names the finder.
        redetect_ms: how often a frame of a video is searched whole, where there is any change;
            lost faces and large changes are at once.
        model_sha256: of YuNet's ONNX file.
        revision: changes whenever the same settings find other faces.
        check_sha256: of the face check.
    """

    kind: Literal["yunet", "haar"] = "yunet"
    redetect_ms: int = 500
    model_sha256: str = YUNET_SHA256
    revision: int = 15
    check_sha256: str = CHECK_SHA256

    def __post_init__(self) -> None:
        if self.redetect_ms < 1:
            raise FerError(f"redetect: {self.redetect_ms} ms is too short, from 1 ms is needed")


DEFAULT = DetectorSettings()
"""What finds the most faces and the fewest false ones in real pictures."""
HAAR = DetectorSettings("haar", redetect_ms=1000, model_sha256="", revision=14)


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
