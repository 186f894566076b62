"""The faces of one picture and their expressions, found as an analysis finds them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.classify import Classifier
from fer_core.detect_faces import SampledFrame, detect_faces
from fer_core.detection.colour import fit_size
from fer_core.detection.detector import Detector
from fer_core.errors import MediaError, UsageError
from fer_core.faces import Box
from fer_core.media import MAX_PIXELS, Source, shown_name
from fer_core.pictures import read_coloured
from fer_core.visibility import Visibility

Order = Literal["rgb", "bgr"]
_TO_GREY = {"rgb": cv2.COLOR_RGB2GRAY, "bgr": cv2.COLOR_BGR2GRAY}


class ScoredFace(NamedTuple):
    """A face with its scores.

    Attributes:
        box: where it is.
        detector_score: how sure the detector is, None where it does not tell.
        seen: how well it can be seen.
        scores: float32 (7,), in the order of EMOTIONS.
    """

    box: Box
    detector_score: float | None
    seen: Visibility
    scores: NDArray[np.float32]


class PictureAnalyst:
    """Finds and classifies the faces of pictures; any thread may ask it, one at a time is served.

    Args:
        detector: for pictures.
        classifier: gives their scores.
    """

    def __init__(self, detector: Detector, classifier: Classifier) -> None:
        self._detector, self._classifier = detector, classifier
        self._lock = threading.Lock()

    def find_faces(self, frame: SampledFrame) -> list[ScoredFace]:
        """Returns the faces of a picture, as many and in the order of the table `faces`.

        Raises:
            MediaError: the picture cannot be decoded.
        """
        if frame.grey is None:
            raise MediaError(frame.error)
        with self._lock, _one_thread():
            found = detect_faces([frame], self._detector)
            scores = self._classifier(found.crops)
        return [_scored(row, own) for row, own in zip(found.faces, scores, strict=True)]


def _scored(row: dict[str, Any], scores: NDArray[np.float32]) -> ScoredFace:
    box = Box(**{name: row[f"box_{name}"] for name in Box._fields})
    seen = Visibility(**{name: row[name] for name in Visibility._fields})
    return ScoredFace(box, row["detector_score"], seen, scores)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keeps OpenCV to one thread, as the workers of an analysis do, and gives it back its own."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def frame_of_source(source: Source, max_pixels: int = MAX_PIXELS) -> SampledFrame:
    """Reads a picture as the one frame it is.

    Raises:
        MediaError: it cannot be read.
    """
    grey, colour = read_coloured(source, max_pixels)
    return SampledFrame(shown_name(source), 0, 0, grey, colour=colour)


def frame_of_array(pixels: NDArray[np.uint8], order: Order) -> SampledFrame:
    """Takes pixels in display orientation as a frame.

    Args:
        pixels: uint8 (height, width) grey, or (height, width, 3).
        order: of the three colours.

    Raises:
        UsageError: they are none of these.
    """
    if order not in _TO_GREY:
        raise UsageError(f"order {order!r}: is unknown, use one of {', '.join(_TO_GREY)}")
    shape = pixels.shape
    if pixels.dtype != np.uint8 or shape[2:] not in ((), (3,)) or len(shape) < 2 or 0 in shape:
        raise UsageError(
            f"picture: {pixels.dtype} {shape}, needs uint8 (height, width) or (height, width, 3)"
        )
    whole = np.ascontiguousarray(pixels)
    if whole.ndim == 2:
        return SampledFrame("picture", 0, 0, whole)
    grey = np.asarray(cv2.cvtColor(whole, _TO_GREY[order]), np.uint8)
    colours = whole if order == "bgr" else np.ascontiguousarray(whole[..., ::-1])
    return SampledFrame("picture", 0, 0, grey, colour=partial(fit_size, colours))
