"""YuNet from an ONNX file that a user names, run by OpenCV."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.detection.colour import Colours
from fer_core.detection.yunet_litert import STRIDES, TOP_K
from fer_core.errors import FerError, ModelError

NEEDED = "face_detection_yunet_2023mar.onnx of OpenCV Zoo is needed"
OUTPUTS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
"""Numbers per cell; OpenCV asks for each of them at each stride, as `cls_8`."""
BLANK_SIZE = (96, 64)
"""Height and width of the frame that a file is tried on."""


class OpenCvYuNet:
    """The network, for one thread; another size than the last costs time.

    Args:
        data: of the ONNX file.
        score_threshold: lowest score, 0-1.
        nms_threshold: share by which two boxes overlap when only the surer one is kept, 0-1.
    """

    def __init__(self, data: bytes, score_threshold: float, nms_threshold: float) -> None:
        self._size = BLANK_SIZE[1], BLANK_SIZE[0]
        self._network = cv2.FaceDetectorYN.create(
            "onnx",
            np.frombuffer(data, np.uint8),
            np.empty(0, np.uint8),
            self._size,
            score_threshold,
            nms_threshold,
            TOP_K,
        )

    def detect(self, picture: Colours) -> NDArray[np.float32]:
        """Returns the faces of a picture as rows of `FaceDetectorYN`, float32 (n, 15)."""
        size = picture.shape[1], picture.shape[0]
        try:
            if size != self._size:
                self._network.setInputSize(size)
                self._size = size
            _, found = self._network.detect(picture)
        except cv2.error as error:
            raise FerError(
                f"yunet: cannot search a frame of {size[0]}x{size[1]} ({error.err})"
            ) from error
        # No face is None, not an empty array.
        return np.empty((0, 15), np.float32) if found is None else np.asarray(found, np.float32)


def try_file(data: bytes, path: Path) -> None:
    """Runs the network of a file once: OpenCV would read beyond outputs of another shape.

    Raises:
        ModelError: it is no YuNet.
    """
    blank = np.zeros((*BLANK_SIZE, 3), np.uint8)
    with _quiet_opencv():
        try:
            _try_network(data, blank, path)
            network = OpenCvYuNet(data, 0.5, 0.5)
        except cv2.error as error:
            raise ModelError(f"{path}: is no YuNet; {NEEDED}") from error
        network.detect(blank)


def _try_network(data: bytes, blank: Colours, path: Path) -> None:
    network = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
    network.setInput(cv2.dnn.blobFromImage(blank))
    height, width = BLANK_SIZE
    wanted = {
        f"{name}_{stride}": count * (height // stride) * (width // stride)
        for name, count in OUTPUTS.items()
        for stride in STRIDES
    }
    for (name, count), output in zip(wanted.items(), network.forward(list(wanted)), strict=True):
        if output.size != count or output.dtype != np.float32:
            raise ModelError(f"{path}: is no YuNet, {name} is {output.shape}; {NEEDED}")


@contextmanager
def _quiet_opencv() -> Iterator[None]:
    """Keeps OpenCV from writing its own lines about a wrong file."""
    before = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(before)
