"""Pictures in folders named after emotions, as the labelled faces that training reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fer_core.detect_faces import Detections, SampledFrame, detect_faces
from fer_core.detection.detector import Detector
from fer_core.emotions import NAMES
from fer_core.faces import Box
from fer_core.records import SCHEMA_VERSION

PARTS = ("train", "valid", "test")
LEFT_OUT = ("no_face", "unreadable", "no_picture", "no_emotion")
"""Why something is left out; the last two: its suffix is no picture's, its folder no emotion's."""
NO_EMOTION = "-"
"""Stands for the emotion where a folder names none."""

Counts: TypeAlias = "dict[str, dict[str, int]]"
"""Per part, and per reason for leaving out, the number of pictures of each emotion."""

LABELLED: pa.Schema = pa.schema(
    [
        pa.field("image", pa.binary(), nullable=False),
        pa.field("emotion", pa.int32(), nullable=False),
        pa.field("media", pa.string(), nullable=False),
        *(
            pa.field(f"box_{side}", pa.int32(), nullable=False)
            for side in ("x", "y", "width", "height")
        ),
    ],
    metadata={"ferbeam.schema_version": SCHEMA_VERSION},
)
"""One row per labelled face: PNG of its crop (48x48, 8-bit grey), emotion 0-6, and where it was."""


class Label(NamedTuple):
    """What the folder of a picture says: its part, and its emotion from 0."""

    part: str
    emotion: int


class LabelledFace(NamedTuple):
    """The one face of a labelled picture.

    Attributes:
        media: path of the picture relative to INPUT.
        part: `train`, `valid` or `test`.
        emotion: index of the emotion, from 0.
        image: PNG of the crop, 48x48, 8-bit grey.
        box: where the face is, in pixels of the picture as seen.
    """

    media: str
    part: str
    emotion: int
    image: bytes
    box: Box


class Skipped(NamedTuple):
    """Something in INPUT that is not used: which, one of `LEFT_OUT`, and a line for people."""

    media: str
    reason: str
    message: str


def label_of(media: str) -> Label | None:
    """Reads `<part>/<emotion>/...` or `<emotion>/...`, which is `train`; None for other paths."""
    first, _, below = media.partition("/")
    part, path = (first, below) if first in PARTS else ("train", media)
    name, slash, _ = path.partition("/")
    return Label(part, NAMES.index(name)) if slash and name in NAMES else None


def part_of_crop(crop: NDArray[np.uint8], valid_share: float) -> str:
    """Says which part a crop, uint8 (48, 48), falls in: `valid` for about that share of them.

    Its pixels alone decide, so that no face of `valid` is also in `train`.
    """
    drawn = int.from_bytes(hashlib.sha256(crop.tobytes()).digest()[:8], "big") / 2**64
    return "valid" if drawn < valid_share else "train"


def prepare_faces(
    frames: Iterable[SampledFrame], detector: Detector, valid_share: float
) -> Iterator[LabelledFace | Skipped]:
    """Finds the largest face of every picture and labels it by the folder of the picture.

    Args:
        frames: pictures in a folder of an emotion.
        detector: finds their faces.
        valid_share: share of the part `train` that goes to `valid`.
    """
    for frame in frames:
        found = detect_faces([frame], detector)
        label = label_of(frame.media)
        if label is None:
            raise ValueError(f"{frame.media}: lies in no folder of an emotion")
        if found.failures:
            yield Skipped(frame.media, "unreadable", found.failures[0].message)
        elif not found.faces:
            yield Skipped(frame.media, "no_face", "no face was found in it")
        else:
            box, crop = _largest_face(found)
            part = part_of_crop(crop, valid_share) if label.part == "train" else label.part
            yield LabelledFace(frame.media, part, label.emotion, _encode_crop(crop), box)


def _largest_face(found: Detections) -> tuple[Box, NDArray[np.uint8]]:
    """Returns the box of the largest area and its crop; of equal ones the leftmost."""
    boxes = [Box(*(int(str(row[f"box_{side}"])) for side in Box._fields)) for row in found.faces]
    index = max(range(len(boxes)), key=lambda i: boxes[i].width * boxes[i].height)
    return boxes[index], found.crops[index]


def _encode_crop(crop: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".png", crop)[1])


def labelled_table(faces: Iterable[LabelledFace]) -> pa.Table:
    """Puts labelled faces into the rows that `read_parquet` takes, in order of their pictures."""
    rows = []
    for face in sorted(faces, key=lambda face: face.media):
        box = {f"box_{side}": value for side, value in face.box._asdict().items()}
        rows.append({"image": face.image, "emotion": face.emotion, "media": face.media, **box})
    return pa.Table.from_pylist(rows, schema=LABELLED)


def count_outcomes(faces: Iterable[LabelledFace], skipped: Iterable[Skipped]) -> Counts:
    """Counts what became of every picture, by part or reason and emotion."""
    names = (*NAMES, NO_EMOTION)
    counts = {outcome: dict.fromkeys(names, 0) for outcome in (*PARTS, *LEFT_OUT)}
    for face in faces:
        counts[face.part][NAMES[face.emotion]] += 1
    for left in skipped:
        label = label_of(left.media)
        counts[left.reason][NO_EMOTION if label is None else NAMES[label.emotion]] += 1
    return counts


def missing_emotions(counts: Counts) -> list[str]:
    """Names the emotions of which the part `train` has no face, in order."""
    return [name for name in NAMES if not counts["train"][name]]


def is_trainable(counts: Counts) -> bool:
    """Tells whether every emotion has a face in `train`, and `valid` has any face."""
    return not missing_emotions(counts) and any(counts["valid"].values())
