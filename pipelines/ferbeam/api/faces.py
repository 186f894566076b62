"""`ferbeam.faces`: the faces of one picture, found as an analysis finds them."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fer_core.detect_faces import SampledFrame
    from fer_core.faces import Box
    from fer_core.picture_faces import PictureAnalyst, ScoredFace

    Picture = str | os.PathLike[str] | bytes | NDArray[np.uint8]


@dataclass(frozen=True)
class Face:
    """A face in a picture; the values are those of the columns of `faces` that have these names.

    Attributes:
        box: what the picture shows of it: `x`, `y`, `width` and `height` in whole pixels of the
            picture as it is shown, from 0.
        emotion: name of the emotion with the highest score.
        confidence: that score.
        scores: of each emotion by its name, in the order of EMOTIONS; they sum to 1.
        detector_score: how sure the detector is, None where it does not tell.
        roll: degrees by which the head leans clockwise, None where its eyes are not known.
        yaw: degrees by which it is turned aside, to the right above 0; None likewise.
        sharpness: of its crop, from 0.
        brightness: mean grey of its crop, 0 to 255.
    """

    box: Box
    emotion: str
    confidence: float
    scores: dict[str, float]
    detector_score: float | None
    roll: float | None
    yaw: float | None
    sharpness: float
    brightness: float


def faces(
    picture: Picture,
    *,
    order: Literal["rgb", "bgr"] = "rgb",
    detector: str = "yunet",
    detector_model: str | os.PathLike[str] | None = None,
    model: str | os.PathLike[str] | None = None,
    engine: str = "litert",
    prior: Literal["learnt", "web", "even"] = "web",
    max_pixels: int = 100_000_000,
) -> list[Face]:
    """Finds the faces of one picture, and their expressions; left to right.

    What it needs is loaded once and kept. May be called from any thread; one is served at a time.

    Args:
        picture: path or URI of a picture, the bytes of its file, or its pixels in display
            orientation: uint8 (height, width) grey or uint8 (height, width, 3).
        order: of the colours of pixels: `rgb` as Pillow and imageio have them, `bgr` as OpenCV.
        detector: as of `analyze`, as are those that follow.
        detector_model: another ONNX file for `yunet`.
        model: model folder, None for the one that ferbeam ships.
        engine: what runs the model.
        prior: how often expressions are expected.
        max_pixels: a larger file is refused before it is decoded.

    Raises:
        MediaError: the file or the bytes are no picture that can be read.
        FileNotFoundError: a store holds nothing there.
        UsageError: pixels of another type or shape, or options that do not fit each other.
        ModelError: the model folder cannot be used.
    """
    files = [None if path is None else os.path.abspath(path) for path in (detector_model, model)]
    analyst = _load(detector, *files, engine, prior)
    return [_face(found) for found in analyst.find_faces(_frame(picture, order, max_pixels))]


def _frame(picture: Picture, order: Literal["rgb", "bgr"], max_pixels: int) -> SampledFrame:
    import numpy as np

    from fer_core.errors import UsageError
    from fer_core.picture_faces import frame_of_array, frame_of_source
    from ferbeam.stores import is_uri
    from ferbeam.stores.sources import read_object

    if isinstance(picture, str) and is_uri(picture):
        picture = read_object(picture)
    if isinstance(picture, (str, os.PathLike)):
        return frame_of_source(picture, max_pixels)
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return frame_of_source(io.BytesIO(picture), max_pixels)
    if not isinstance(picture, np.ndarray):
        raise UsageError(
            f"picture: {type(picture).__name__}, needs a path, the bytes of a file, or pixels as a "
            "NumPy array; of Pillow's image np.asarray(image.convert('RGB'))"
        )
    return frame_of_array(picture, order)


@lru_cache(maxsize=4)
def _load(
    detector: str, detector_model: str | None, model: str | None, engine: str, prior: str
) -> PictureAnalyst:
    from fer_core.detection.detector import load_detector
    from fer_core.model import find_model_dir, load_classifier
    from fer_core.picture_faces import PictureAnalyst
    from ferbeam.control.ask import choose_detector

    settings, file = choose_detector(detector, detector_model)
    classifier = load_classifier(find_model_dir(model), engine, prior)
    return PictureAnalyst(load_detector(settings, file, for_pictures=True), classifier)


def _face(found: ScoredFace) -> Face:
    from fer_core.emotions import NAMES

    scores = dict(zip(NAMES, found.scores.tolist(), strict=True))
    emotion = NAMES[int(found.scores.argmax())]
    return Face(found.box, emotion, scores[emotion], scores, found.detector_score, *found.seen)
