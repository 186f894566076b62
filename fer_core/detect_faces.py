"""What detection finds in a run of frames, in columns: rows to be, and crops to be classified."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE
from fer_core.detection.colour import Colour
from fer_core.detection.detector import Detector
from fer_core.faces import Face, crop_face, keep_largest
from fer_core.records import DECODE_ERROR, NO_FACE, OK, Failure
from fer_core.tracking.descriptors import (
    SCENE_SIZE,
    Descriptors,
    describe_face,
    describe_scene,
    join_descriptors,
)
from fer_core.visibility import see_face

MAX_FACES = 1000
"""Faces of one frame that are kept: a crowd has fewer, a pattern that looks like faces has not."""


class SampledFrame(NamedTuple):
    """A sampled frame of a medium as detection takes it.

    Attributes:
        media: path of the medium relative to INPUT.
        frame_index: position in presentation order, from 0.
        timestamp_ms: whole milliseconds from the start of the medium.
        grey: uint8 (height, width) in display orientation, None where it cannot be decoded.
        error: why it cannot be decoded, else empty.
        starts_segment: whether detection must forget the frames before; a picture always does.
        decoded: number of frames decoded for it: itself, and those before it that are no samples.
        colour: gives it in its colours, None where there are none.
    """

    media: str
    frame_index: int
    timestamp_ms: int
    grey: NDArray[np.uint8] | None
    error: str = ""
    starts_segment: bool = True
    decoded: int = 1
    colour: Colour | None = None


@dataclass
class Detections:
    """The frames of one span and the faces in them.

    Attributes:
        frames: rows of the table `frames`, in order.
        faces: rows of the table `faces` without their scores, in order of frame and face.
        crops: uint8 (n, 48, 48), one for each of `faces`.
        marks: what is noted of each of `faces` and `frames` to link them by.
        failures: rows of the table `failures`.
    """

    frames: list[dict[str, object]] = field(default_factory=list)
    faces: list[dict[str, object]] = field(default_factory=list)
    crops: NDArray[np.uint8] = field(
        default_factory=lambda: np.empty((0, CROP_SIZE, CROP_SIZE), np.uint8)
    )
    failures: list[Failure] = field(default_factory=list)
    marks: Descriptors = field(default_factory=lambda: join_descriptors([], [], []))


def detect_faces(frames: Iterable[SampledFrame], detector: Detector) -> Detections:
    """Finds the faces of every frame; no frame is kept."""
    found = Detections()
    crops: list[NDArray[np.uint8]] = []
    looks: list[NDArray[np.uint8]] = []
    scenes: list[NDArray[np.uint8]] = []
    sure: list[bool] = []
    before_ms: int | None = None
    for frame in frames:
        faces: list[Face] = []
        scenes.append(np.zeros(SCENE_SIZE, np.uint8))
        if frame.starts_segment:
            before_ms = None
        if frame.grey is None:
            status = DECODE_ERROR
            _note_lost_frame(found.failures, found.frames, frame)
        else:
            since_ms = None if before_ms is None else frame.timestamp_ms - before_ms
            before_ms = frame.timestamp_ms
            faces = detector(frame.grey, since_ms, frame.colour)
            if len(faces) > MAX_FACES:
                found.failures.append(_too_many(faces, frame))
                faces = keep_largest(faces, MAX_FACES)
            scenes[-1] = describe_scene(frame.grey)
            for face in faces:
                crops.append(crop_face(frame.grey, face.square, face.tilt))
                looks.append(describe_face(frame.grey, face.square, crops[-1]))
                sure.append(face.sure)
            status = OK if faces else NO_FACE
        place = dict(zip(SampledFrame._fields[:3], frame[:3], strict=True))
        own = crops[len(crops) - len(faces) :]
        found.faces.extend(
            _face_row({**place, "face_index": index}, face, crop)
            for index, (face, crop) in enumerate(zip(faces, own, strict=True))
        )
        found.frames.append({**place, "status": status, "face_count": len(faces)})
    if crops:
        found.crops = np.stack(crops)
    found.marks = join_descriptors(looks, scenes, sure)
    return found


def _too_many(faces: list[Face], frame: SampledFrame) -> Failure:
    """Says that some faces of a frame are left out."""
    message = f"{frame.media}: {len(faces)} faces in a frame; the {MAX_FACES} largest were kept"
    place = (frame.frame_index, frame.timestamp_ms)
    return Failure(frame.media, "detect", "TooManyFaces", message, *place)


def _face_row(place: dict[str, object], face: Face, crop: NDArray[np.uint8]) -> dict[str, object]:
    """A row of `faces` as far as detection knows it."""
    boxed = {f"box_{name}": value for name, value in face.box._asdict().items()}
    seen = see_face(face, crop)._asdict()
    return {**place, **boxed, "detector_score": face.score, **seen}


def _note_lost_frame(
    failures: list[Failure], rows: list[dict[str, object]], frame: SampledFrame
) -> None:
    """Records the first of a run of lost frames; `frames` names every one of them."""
    last = rows[-1] if rows else {}
    if (last.get("media"), last.get("status")) == (frame.media, DECODE_ERROR):
        return
    failures.append(
        Failure(
            frame.media,
            "decode",
            "DecodeError",
            frame.error or "the frame cannot be decoded",
            frame.frame_index,
            frame.timestamp_ms,
        )
    )
