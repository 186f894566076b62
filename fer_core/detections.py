"""What detection finds in a run of frames, in columns: rows to be, and crops to be classified."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE
from fer_core.detection.detect import Detector
from fer_core.emotions import EMOTIONS, NAMES
from fer_core.faces import Face, crop_face, keep_largest
from fer_core.records import FACES, FAILURES, FRAMES, SCORE_COLUMNS, SPAN
from fer_core.tracking.looks import (
    LOOKS_SIZE,
    SCENE_SIZE,
    Marks,
    describe_face,
    describe_scene,
    join_marks,
)

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
    """

    media: str
    frame_index: int
    timestamp_ms: int
    grey: NDArray[np.uint8] | None
    error: str = ""
    starts_segment: bool = True
    decoded: int = 1


class Failure(NamedTuple):
    """Something that could not be read or done, and why: a row of the table `failures`."""

    media: str
    stage: str
    error: str
    message: str
    frame_index: int | None = None
    timestamp_ms: int | None = None


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
    marks: Marks = field(default_factory=lambda: join_marks([], []))


def detect_faces(frames: Iterable[SampledFrame], detector: Detector) -> Detections:
    """Finds the faces of every frame; no frame is kept."""
    found = Detections()
    crops: list[NDArray[np.uint8]] = []
    looks: list[NDArray[np.uint8]] = []
    scenes: list[NDArray[np.uint8]] = []
    before_ms: int | None = None
    for frame in frames:
        faces: list[Face] = []
        scenes.append(np.zeros(SCENE_SIZE, np.uint8))
        if frame.starts_segment:
            before_ms = None
        if frame.grey is None:
            status = "decode_error"
            _note_lost_frame(found.failures, found.frames, frame)
        else:
            since_ms = None if before_ms is None else frame.timestamp_ms - before_ms
            before_ms = frame.timestamp_ms
            faces = detector(frame.grey, since_ms)
            if len(faces) > MAX_FACES:
                found.failures.append(_too_many(faces, frame))
                faces = keep_largest(faces, MAX_FACES)
            scenes[-1] = describe_scene(frame.grey)
            for face in faces:
                crops.append(crop_face(frame.grey, face.box, face.tilt))
                looks.append(describe_face(frame.grey, face.box, crops[-1]))
            status = "ok" if faces else "no_face"
        place = dict(zip(SampledFrame._fields[:3], frame[:3], strict=True))
        found.faces.extend(_face_row(place, index, face) for index, face in enumerate(faces))
        found.frames.append({**place, "status": status, "face_count": len(faces)})
    if crops:
        found.crops = np.stack(crops)
    found.marks = join_marks(looks, scenes)
    return found


def _too_many(faces: list[Face], frame: SampledFrame) -> Failure:
    """Says that some faces of a frame are left out."""
    message = f"{frame.media}: {len(faces)} faces in a frame; the {MAX_FACES} largest were kept"
    place = (frame.frame_index, frame.timestamp_ms)
    return Failure(frame.media, "detect", "TooManyFaces", message, *place)


def _face_row(place: dict[str, object], index: int, face: Face) -> dict[str, object]:
    """A row of `faces` as far as detection knows it."""
    boxed = {f"box_{name}": value for name, value in face.box._asdict().items()}
    return {**place, "face_index": index, **boxed, "detector_score": face.score}


def _note_lost_frame(
    failures: list[Failure], rows: list[dict[str, object]], frame: SampledFrame
) -> None:
    """Records the first of a run of lost frames; `frames` names every one of them."""
    last = rows[-1] if rows else {}
    if (last.get("media"), last.get("status")) == (frame.media, "decode_error"):
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


def span_table(found: Detections, scores: NDArray[np.float32]) -> pa.Table:
    """Puts detections and their scores, float32 (n, 7), into one committed row.

    Raises:
        ValueError: there is not one row of scores for each face.
    """
    if scores.shape != (len(found.faces), len(EMOTIONS)):
        raise ValueError(f"scores {scores.shape} for {len(found.faces)} faces")
    best = scores.argmax(axis=1)
    faces = []
    for row, values, index in zip(found.faces, scores, best, strict=True):
        named = dict(zip(SCORE_COLUMNS, values.tolist(), strict=True))
        shown = {"emotion": NAMES[index], "confidence": float(values[index])}
        faces.append({**row, **shown, **named})
    failures = [failure._asdict() for failure in found.failures]
    rows: dict[str, list[object]] = {
        "faces": [faces],
        "frames": [found.frames],
        "failures": [failures],
        "looks": [[row.tobytes() for row in found.marks.looks]],
        "scenes": [[row.tobytes() for row in found.marks.scenes]],
    }
    return pa.table(rows, schema=SPAN)


def span_rows(tables: Iterable[pa.Table]) -> dict[str, pa.Table]:
    """Takes committed spans apart again into the rows of their three tables, in their order."""
    spans = list(tables)
    rows = {}
    for name, schema in (("faces", FACES), ("frames", FRAMES), ("failures", FAILURES)):
        parts = [chunk.flatten() for span in spans for chunk in span[name].chunks]
        arrays = [part.flatten() for part in parts]
        rows[name] = pa.Table.from_batches(
            [pa.RecordBatch.from_arrays(columns, schema=schema) for columns in arrays],
            schema=schema,
        )
    return rows


def span_marks(tables: Iterable[pa.Table]) -> Marks:
    """Takes from committed spans what was noted of their faces and frames, in their order."""
    spans = list(tables)
    return Marks(_bytes_of(spans, "looks", LOOKS_SIZE), _bytes_of(spans, "scenes", SCENE_SIZE))


def _bytes_of(spans: list[pa.Table], name: str, size: int) -> NDArray[np.uint8]:
    """Returns a column of bytes, `size` for each of its rows, as uint8 (n, size)."""
    rows = [chunk.flatten() for span in spans for chunk in span[name].chunks]
    joined = b"".join(value for part in rows for value in part.to_pylist())
    return np.frombuffer(joined, np.uint8).reshape(-1, size)
