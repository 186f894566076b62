"""The analysis of frames as they come: the batch job's own functions, tracked causally."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE, Classifier
from fer_core.detection.colour import Colour
from fer_core.detection.detector import Detector, limit_threads, load_detector
from fer_core.detection.detector_settings import DEFAULT
from fer_core.errors import MediaError
from fer_core.faces import Box, crop_face, keep_largest
from fer_core.model import find_model_dir, load_classifier
from fer_core.pictures import read_coloured
from fer_core.prior import DEFAULT_PRIOR
from fer_core.tracking.causal import KEEP_MS, CausalTracks
from fer_core.tracking.descriptors import SCENE_SIZE, describe_scene, find_cuts
from fer_core.visibility import Visibility, see_face
from ferbeam.output.costs import Costs, timed

MAX_PIXELS = 1920 * 1080
"""Pixels of a camera's frame above which it is refused before it is decoded."""

MAX_FACES = 100
"""The largest faces of a frame, that are analysed: the answer has to come soon."""


class SeenFace(NamedTuple):
    """A face in a frame.

    Attributes:
        track_id: the same face through a session, from 0.
        box: in pixels of the frame.
        detector_score: how sure the detector is, None where it does not tell.
        seen: how well it can be seen.
        scores: float32 (7,).
        smoothed: float32 (7,), as the page shows them.
    """

    track_id: int
    box: Box
    detector_score: float | None
    seen: Visibility
    scores: NDArray[np.float32]
    smoothed: NDArray[np.float32]


class Analysed(NamedTuple):
    """What was found in a frame.

    Attributes:
        width: of the frame in pixels.
        height: of the frame in pixels.
        faces: left to right.
        analysis_ms: how long it took, in milliseconds.
    """

    width: int
    height: int
    faces: list[SeenFace]
    analysis_ms: float


class Session:
    """Analyses frames one after the other, for one thread.

    Args:
        detector: finds the faces.
        classifier: gives their scores.
    """

    def __init__(self, detector: Detector, classifier: Classifier) -> None:
        self._detector, self._classifier = detector, classifier
        self._tracks = CausalTracks()
        self._before_ms: int | None = None
        self._scenes = np.zeros((2, SCENE_SIZE), np.uint8)
        self._costs: Costs = {}

    def restart(self) -> None:
        """Forgets the frames before; the numbers of their tracks are not used again."""
        self._tracks.forget()
        self._before_ms = None

    def take_costs(self) -> Costs:
        """Returns what the frames since this was asked last have cost."""
        taken, self._costs = self._costs, {}
        return taken

    def analyse(
        self, grey: NDArray[np.uint8], timestamp_ms: int, colour: Colour | None = None
    ) -> Analysed:
        """Finds the faces of the next frame.

        Args:
            grey: uint8 (height, width) in display orientation.
            timestamp_ms: whole milliseconds, never less than of the frame before.
            colour: gives it in its colours, None where there are none.
        """
        start = time.perf_counter()
        since_ms = self._since(timestamp_ms)
        self._forget_at_cut(grey)
        with timed(self._costs, "detect") as counts:
            found = self._detector(grey, since_ms, colour)
            faces = keep_largest([face for face in found if face.sure], MAX_FACES)
            counts["frames"] = 1
            crops = np.empty((len(faces), CROP_SIZE, CROP_SIZE), np.uint8)
            for crop, face in zip(crops, faces, strict=True):
                crop[:] = crop_face(grey, face.square, face.tilt)
        with timed(self._costs, "classify") as counts:
            scores = self._classifier(crops)
            counts["faces"] = len(faces)
        boxes = [face.box for face in faces]
        tracks, smooth = self._tracks.advance(boxes, scores, timestamp_ms)
        seen = [
            SeenFace(track, face.box, face.score, see_face(face, crop), row, smoothed)
            for track, face, crop, row, smoothed in zip(
                tracks, faces, crops, scores, smooth, strict=True
            )
        ]
        height, width = grey.shape
        return Analysed(width, height, seen, 1000 * (time.perf_counter() - start))

    def _forget_at_cut(self, grey: NDArray[np.uint8]) -> None:
        """Ends all tracks where another scene begins: no face goes on there."""
        self._scenes = np.stack([self._scenes[1], describe_scene(grey)])
        if find_cuts(self._scenes)[1]:
            self._tracks.forget()

    def _since(self, timestamp_ms: int) -> int | None:
        """Returns the time since the frame before, None where nothing is where it was then."""
        before_ms, self._before_ms = self._before_ms, timestamp_ms
        if before_ms is None or timestamp_ms - before_ms > KEEP_MS:
            return None
        return timestamp_ms - before_ms


def load_session(model_dir: Path | None = None, prior: str = DEFAULT_PRIOR) -> Session:
    """Loads the detector and the classifier as the batch job does for videos.

    Args:
        model_dir: model folder, None for the one that ferbeam ships.
        prior: how often expressions are expected, one of PRIORS.

    Raises:
        FerError: one of them cannot be loaded.
    """
    limit_threads()
    classifier = load_classifier(find_model_dir(model_dir), prior=prior)
    classifier(np.zeros((1, CROP_SIZE, CROP_SIZE), np.uint8))  # the first run takes longer
    return Session(load_detector(DEFAULT), classifier)


def read_frame(data: bytes) -> tuple[NDArray[np.uint8], Colour]:
    """Decodes a JPEG as the batch job does pictures: grey, uint8 (height, width), and its colours.

    Raises:
        MediaError: it is none, is cut short, or holds more than `MAX_PIXELS` pixels.
    """
    if not data.startswith(b"\xff\xd8"):
        raise MediaError("frame: is no JPEG")
    return read_coloured(io.BytesIO(data), MAX_PIXELS)
