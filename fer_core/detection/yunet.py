"""Finds faces in grey frames with YuNet, a small network that is fed colour."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fer_core.detection.colour import Colour, colour_of_grey
from fer_core.detection.face_check import CHECK_SHA256
from fer_core.detection.finder import Proposal, check_redetect
from fer_core.detection.place import Grey, Place
from fer_core.detection.points import place_of_face
from fer_core.detection.yunet_file import YUNET_SHA256, fill_plan
from fer_core.detection.yunet_litert import STRIDES, LiteRtYuNet
from fer_core.detection.yunet_opencv import NEEDED, OpenCvYuNet, try_file
from fer_core.errors import FerError, ModelError

NEAR, PART_STEP = 1.0, 64
"""How far around a place a face is looked for again, in its sides, and what the side of that part
of the copy is a multiple of, in pixels: few sizes, each of which has a network."""
MOST_NETWORKS = 8
"""Networks that are kept, by size; each takes a few megabytes."""
LARGEST_FILE = 2**26
"""Bytes that are read of a file; YuNet has 0.2 million, and a film is no YuNet either way."""


@dataclass(frozen=True)
class YuNetSettings:
    """How the network searches; every field changes rows.

    Attributes:
        model_sha256: sha256 of the ONNX file.
        longest_side: larger pictures, and first frames of scenes of videos, are searched in a copy
            with this longest side, in pixels. The network knows faces of about 10 to 300 pixels.
        video_side: the same for the other frames, where a face comes again.
        score_threshold: lowest score of a proposal, 0-1.
        nms_threshold: share by which two boxes overlap when only the surer one is kept, 0-1.
        redetect_ms: how often a frame of a video is searched whole, where there is any change;
            lost faces and large changes are at once.
        check_sha256: of the face check.
        revision: changes whenever the same settings find other faces.
        kind: names the finder.
    """

    model_sha256: str
    longest_side: int = 1280
    video_side: int = 640
    score_threshold: float = 0.2
    nms_threshold: float = 0.3
    redetect_ms: int = 500
    check_sha256: str = CHECK_SHA256
    revision: int = 15
    kind: Literal["yunet"] = "yunet"

    def __post_init__(self) -> None:
        least = min(self.longest_side, self.video_side)
        if least < 32:
            raise FerError(f"detection size: {least} is too small, from 32 is needed")
        if not (0 < self.score_threshold <= 1 and 0 < self.nms_threshold <= 1):
            raise FerError(
                f"score threshold {self.score_threshold}, overlap {self.nms_threshold}: "
                "above 0 and up to 1 are needed"
            )
        check_redetect(self.redetect_ms)


class YuNetFinder:
    """A finder that finds the eyes too (Wu, Peng and Yu 2023).

    One per thread. LiteRT runs the file that is installed, OpenCV any other, which is tried on a
    blank frame, so that a wrong one is known at once.

    Args:
        settings: how it searches.
        model_path: the ONNX file that `settings` name by its sha256.

    Raises:
        ModelError: the file cannot be read, is another one, or holds no YuNet.
    """

    def __init__(self, settings: YuNetSettings, model_path: Path) -> None:
        self.settings = settings
        data = _read_model(model_path)
        if _sha256(data) != settings.model_sha256:
            raise ModelError(f"{model_path}: is not the file the run began with (sha256)")
        self._run: type[LiteRtYuNet] | type[OpenCvYuNet] = LiteRtYuNet
        if settings.model_sha256 == YUNET_SHA256:
            self._data = fill_plan(data)
        else:
            try_file(data, model_path)
            self._data, self._run = data, OpenCvYuNet
        self._networks: dict[tuple[int, ...] | bool, LiteRtYuNet | OpenCvYuNet] = {}

    def __call__(
        self,
        grey: Grey,
        colour: Colour | None = None,
        near: Place | None = None,
        closely: bool = False,
    ) -> list[Proposal]:
        """Returns what may be faces in a frame, uint8 (height, width), or around a place in it."""
        height, width = grey.shape
        longest_side = self.settings.longest_side if closely else self.settings.video_side
        scale = max(1.0, max(height, width) / longest_side)
        size = (max(1, round(width / scale)), max(1, round(height / scale)))
        zoom = width / size[0], height / size[1]
        small = (colour or colour_of_grey(grey))(*size)
        left, top = 0, 0
        if near is not None:
            left, top, right, bottom = _part_around(near, zoom)
            small = np.ascontiguousarray(small[top:bottom, left:right])
        network = self._network_for(near is None if closely else small.shape[:2])
        rows = [row for row in network.detect(small) if np.isfinite(row).all()]
        for row in rows:  # from the corner of the part to that of the copy
            row[[0, *range(4, 14, 2)]] += left
            row[[1, *range(5, 14, 2)]] += top
        return [propose_row(row, np.array(zoom)) for row in rows]

    def _network_for(self, key: tuple[int, ...] | bool) -> LiteRtYuNet | OpenCvYuNet:
        """Returns a network for a size, or for what is searched closely: whether that is all.

        Another size takes one longer than to search a part of a frame, so that those of the last
        sizes are kept. Pictures are nearly all of different sizes, and need much memory.
        """
        network = self._networks.pop(key, None)
        if network is None:
            while len(self._networks) >= MOST_NETWORKS:
                self._networks.pop(next(iter(self._networks)))
            told = self.settings
            network = self._run(self._data, told.score_threshold, told.nms_threshold)
        self._networks[key] = network
        return network


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


def yunet_settings(model_path: Path) -> YuNetSettings:
    """Returns the settings for an ONNX file.

    Raises:
        ModelError: the file is missing or cannot be read.
    """
    return YuNetSettings(_sha256(_read_model(model_path)))


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


def _read_model(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {NEEDED}") from error
    if data.startswith(b"version https://git-lfs"):
        # What a clone without Git LFS, and GitHub's plain view, give in place of the file.
        raise ModelError(f"{path}: only points to the file in Git LFS; download the file itself")
    return data


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
