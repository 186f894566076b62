"""The finder that finds the eyes, too: YuNet, a small network that is fed colour."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer_core.detection.colour import Colour, colour_of_grey
from fer_core.detection.detector_settings import YUNET_SHA256
from fer_core.detection.finder import Proposal
from fer_core.detection.place import Grey, Place
from fer_core.detection.points import place_of_face
from fer_core.detection.yunet_file import fill_plan, find_yunet, read_yunet
from fer_core.detection.yunet_network import STRIDES, Network, OpenCvNetwork, find_rows
from fer_core.errors import ModelError
from fer_core.litert import LiteRtNetwork

LONGEST_SIDE, VIDEO_SIDE = 1280, 640
"""Of the copy that is searched closely, and of others, where a face comes again, in pixels; what is
smaller is searched as it is. The network knows faces of about 10 to 300 pixels."""
LEAST_SCORE = 0.2
"""Lowest score of a proposal."""
NEAR, PART_STEP = 1.0, 64
"""How far around a place a face is looked for again, in its sides, and what the side of that part
of the copy is a multiple of, in pixels: few sizes, each of which has a network."""
MOST_NETWORKS = 8
"""Networks that are kept, by size; each takes a few megabytes."""


class YuNetFinder:
    """Proposes what YuNet finds (Wu, Peng and Yu 2023); one per thread.

    LiteRT runs the file that is installed, OpenCV any other, which is tried at once.

    Args:
        path: the ONNX file, None for the one that is installed.
        sha256: of the file that the run began with, None for any.
        least_score: lowest score of a proposal, above 0 and below 1.

    Raises:
        ModelError: the file cannot be read, is another one, or holds no YuNet.
    """

    def __init__(
        self, path: Path | None = None, sha256: str | None = None, least_score: float = LEAST_SCORE
    ) -> None:
        path = path or find_yunet()
        data, found = read_yunet(path)
        if sha256 and found != sha256:
            raise ModelError(f"{path}: is not the file the run began with (sha256)")
        make: Callable[[], Network] = partial(OpenCvNetwork, data, path)
        if found == YUNET_SHA256:
            make = partial(LiteRtNetwork, fill_plan(data))
        make()
        self._least_score = least_score
        # Another size takes a network longer than to search a part of a frame, so that those of the
        # last sizes are kept.
        self._network_for = lru_cache(MOST_NETWORKS)(lambda key: make())

    def __call__(
        self,
        grey: Grey,
        colour: Colour | None = None,
        near: Place | None = None,
        closely: bool = False,
    ) -> list[Proposal]:
        """Returns what may be faces in a frame, uint8 (height, width), or around a place in it."""
        height, width = grey.shape
        scale = max(1.0, max(height, width) / (LONGEST_SIDE if closely else VIDEO_SIDE))
        size = (max(1, round(width / scale)), max(1, round(height / scale)))
        zoom = width / size[0], height / size[1]
        small = (colour or colour_of_grey(grey))(*size)
        left, top = 0, 0
        if near is not None:
            left, top, right, bottom = _part_around(near, zoom)
            small = np.ascontiguousarray(small[top:bottom, left:right])
        # Pictures, searched closely, are nearly all of different sizes, and need much memory.
        network = self._network_for(near is None if closely else small.shape)
        rows = find_rows(network, small, self._least_score)
        corner = np.array([left, top, 0, 0, *[left, top] * 5, 0], np.float32)
        return [propose_row(row + corner, np.array(zoom)) for row in rows]


def _part_around(place: Place, zoom: tuple[float, float]) -> tuple[int, int, int, int]:
    """Returns left, top, right and bottom of what is searched of a copy around a place.

    It ends where cells of the network end, so that it scores a face as it does in the whole copy.
    """
    coarsest = STRIDES[-1]
    middle = place.x / zoom[0], place.y / zoom[1]
    reach = NEAR * place.side / zoom[0]
    left, top = (max(0, math.floor((at - reach) / coarsest)) * coarsest for at in middle)
    side = PART_STEP * math.ceil((2 * reach + coarsest) / PART_STEP)
    return left, top, left + side, top + side


def propose_row(row: NDArray[np.float32], zoom: NDArray[np.float64]) -> Proposal:
    """Makes a proposal of a row of FaceDetectorYN.

    Args:
        row: float32 (15,): box, right eye, left eye, nose, right and left corner of the mouth, as
            x and y in pixels of the searched copy; score. Right is the person's right.
        zoom: pixels of the frame per pixel of the copy, x and y.
    """
    points = row[4:14].reshape(5, 2) * zoom
    place = place_of_face(points, row[:4] * np.tile(zoom, 2))
    return Proposal(place, float(row[14]), points)
