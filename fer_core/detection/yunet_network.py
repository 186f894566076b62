"""YuNet on a picture, run by LiteRT or by OpenCV: what `FaceDetectorYN` of OpenCV finds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.detection.colour import Colours
from fer_core.detection.yunet_file import NEEDED
from fer_core.errors import ModelError

Network = Callable[[NDArray[np.float32]], list[NDArray[np.float32]]]
"""From colours, float32 (1, h, w, 3), whose sides are multiples of 32, to maps float32 (1, h / s,
w / s, 16), s of STRIDES, of the cells' numbers: logit of a face, its middle and the logarithms of
its sides in cells, logit of any object, and the five points in cells."""

STRIDES = (8, 16, 32)
"""Sides of the cells of the three maps, in pixels."""
OVERLAP = 0.3
"""Share by which two boxes overlap when only the surer one is kept."""
TOP_K = 5000
"""Boxes that are kept before overlapping ones are dropped; OpenCV's own default."""
OUTPUTS = {"cls": 1, "bbox": 4, "obj": 1, "kps": 10}
"""Numbers per cell of an ONNX file, named as `cls_8` by stride."""


def find_rows(network: Network, picture: Colours, least_score: float) -> NDArray[np.float32]:
    """Returns the faces of a picture as rows of `FaceDetectorYN`, float32 (n, 15).

    Args:
        network: another size of pictures than the last costs it time.
        picture: of any size; it is seen with zeros up to whole cells.
        least_score: lowest score, above 0 and below 1.
    """
    height, width = picture.shape[:2]
    across, down = -width % STRIDES[-1], -height % STRIDES[-1]
    padded = np.zeros((1, height + down, width + across, 3), np.float32)
    padded[0, :height, :width] = picture
    maps = sorted(network(padded), key=lambda each: -each.shape[1])
    rows = read_maps([each[0] for each in maps], least_score)
    boxes, scores = rows[:, :4].astype(int).tolist(), rows[:, 14].tolist()
    kept = cv2.dnn.NMSBoxes(boxes, scores, least_score, OVERLAP, 1.0, TOP_K)
    return np.asarray(rows[np.asarray(kept, int)], np.float32)


def read_maps(maps: list[NDArray[np.float32]], least_score: float) -> NDArray[np.float32]:
    """Returns a row for each cell that finds a face, float32 (n, 15).

    Args:
        maps: float32 (h, w, 16), of each of STRIDES.
        least_score: lowest score, above 0 and below 1.
    """
    # A score is the root of two numbers up to 1, so that neither may be below its square.
    least = np.log(least_score**2 / (1 - least_score**2))
    places = [np.nonzero((each[..., 0] >= least) & (each[..., 5] >= least)) for each in maps]
    found = np.concatenate([each[place] for each, place in zip(maps, places, strict=True)])
    cells = np.concatenate(places, axis=1, dtype=np.float32)[::-1].T  # x and y
    stride = np.repeat(np.array(STRIDES, np.float32), [len(y) for y, _ in places])[:, np.newaxis]
    score = np.sqrt(_sigmoid(found[:, 0]) * _sigmoid(found[:, 5]))
    size = np.exp(found[:, 3:5]) * stride
    corner = (cells + found[:, 1:3]) * stride - size / 2
    points = (np.tile(cells, 5) + found[:, 6:]) * stride
    rows = np.concatenate([corner, size, points, score[:, np.newaxis]], axis=1)
    return np.asarray(rows[(score >= least_score) & np.isfinite(rows).all(axis=1)], np.float32)


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


class OpenCvNetwork:
    """The network of an ONNX file that a user names, as OpenCV runs it; see Network.

    Args:
        data: of the file.
        path: where it lies, for messages.

    Raises:
        ModelError: it is no YuNet; known at once, and when a picture cannot be searched.
    """

    def __init__(self, data: bytes, path: Path) -> None:
        self._refused = f"{path}: is no YuNet; {NEEDED}"
        level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        try:
            self._network = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
            self(np.zeros((1, 64, 96, 3), np.float32))
        except cv2.error as error:
            raise ModelError(self._refused) from error
        finally:
            cv2.utils.logging.setLogLevel(level)

    def __call__(self, colours: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Returns the three maps."""
        self._network.setInput(cv2.dnn.blobFromImage(colours[0]))
        names = [f"{name}_{stride}" for stride in STRIDES for name in OUTPUTS]
        try:
            told = dict(zip(names, self._network.forward(names), strict=True))
            return [_join_outputs(told, colours.shape, stride) for stride in STRIDES]
        except (cv2.error, ValueError) as error:
            raise ModelError(self._refused) from error


def _join_outputs(
    told: dict[str, NDArray[np.float32]], shape: tuple[int, ...], stride: int
) -> NDArray[np.float32]:
    size = 1, shape[1] // stride, shape[2] // stride
    parts = [told[f"{name}_{stride}"].reshape(*size, count) for name, count in OUTPUTS.items()]
    cells = np.concatenate(parts, axis=-1, dtype=np.float32)
    share = np.clip(cells[..., [0, 5]], 1e-7, 1 - 1e-7)
    cells[..., [0, 5]] = np.log(share / (1 - share))
    return cells
