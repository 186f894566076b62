"""YuNet run by LiteRT: what `FaceDetectorYN` of OpenCV finds, thrice as quickly."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.detection.colour import Colours
from fer_core.litert import LiteRtNetwork

STRIDES = (8, 16, 32)
"""Sides of the cells of its three maps, in pixels."""
CELL_NUMBERS = 16
"""Of a cell: logit of a face, its middle and the logarithms of its sides in cells, logit of any
object, and the five points in cells."""
TOP_K = 5000
"""Boxes that are kept before overlapping ones are dropped; OpenCV's own default."""


class LiteRtYuNet:
    """The network, for one thread; another size than the last costs time.

    Args:
        data: of the network, as `fill_plan` returns it.
        score_threshold: lowest score, 0-1.
        nms_threshold: share by which two boxes overlap when only the surer one is kept, 0-1.
    """

    def __init__(self, data: bytes, score_threshold: float, nms_threshold: float) -> None:
        self._least_score, self._overlap = score_threshold, nms_threshold
        self._network = LiteRtNetwork(data)
        self._padded = np.empty((1, 0, 0, 3), np.float32)

    def detect(self, picture: Colours) -> NDArray[np.float32]:
        """Returns the faces of a picture as rows of `FaceDetectorYN`, float32 (n, 15)."""
        self._fit(picture.shape)
        self._padded[0, : picture.shape[0], : picture.shape[1]] = picture
        maps = sorted(self._network(self._padded), key=lambda each: -each.shape[1])
        rows = read_maps([each[0] for each in maps], self._least_score)
        boxes, scores = rows[:, :4].astype(int).tolist(), rows[:, 14].tolist()
        kept = cv2.dnn.NMSBoxes(boxes, scores, self._least_score, self._overlap, 1.0, TOP_K)
        return np.asarray(rows[np.asarray(kept, int)], np.float32)

    def _fit(self, shape: tuple[int, ...]) -> None:
        """Makes the input fit pictures of a height and width, with zeros up to whole cells."""
        height, width = (-(-side // STRIDES[-1]) * STRIDES[-1] for side in shape[:2])
        if self._padded.shape[1:3] != (height, width):
            self._padded = np.zeros((1, height, width, 3), np.float32)
        self._padded[0, shape[0] :], self._padded[0, :, shape[1] :] = 0, 0


def read_maps(maps: list[NDArray[np.float32]], least_score: float) -> NDArray[np.float32]:
    """Returns a row for each cell that finds a face, float32 (n, 15).

    Args:
        maps: float32 (h, w, CELL_NUMBERS), of each of STRIDES.
        least_score: lowest score, 0-1.
    """
    # A score is the root of two numbers up to 1, so that neither may be below its square.
    least = np.log(least_score**2 / (1 - least_score**2)) if least_score < 1 else np.inf
    places = [np.nonzero((each[..., 0] >= least) & (each[..., 5] >= least)) for each in maps]
    found = np.concatenate([each[place] for each, place in zip(maps, places, strict=True)])
    cells = np.concatenate(places, axis=1, dtype=np.float32)[::-1].T  # x and y
    stride = np.repeat(np.array(STRIDES, np.float32), [len(y) for y, _ in places])[:, np.newaxis]
    score = np.sqrt(_sigmoid(found[:, 0]) * _sigmoid(found[:, 5]))
    size = np.exp(found[:, 3:5]) * stride
    corner = (cells + found[:, 1:3]) * stride - size / 2
    points = (np.tile(cells, 5) + found[:, 6:]) * stride
    rows = np.concatenate([corner, size, points, score[:, np.newaxis]], axis=1)
    return np.asarray(rows[score >= least_score], np.float32)


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)
