"""Where the faces of a clip are, and how far a detector agrees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fer_core.faces import Box
from tests.bench.generated.overlap import Rectangle, intersection_over_union

SAME_FACE = 0.4
"""Least intersection over union of a face and the box that found it."""


class TrueFace(NamedTuple):
    """A face in a frame; it begins like a `Box`, in pixels of the frame, but is not rounded.

    Attributes:
        x: left edge of the upright square that the cascade would draw around the level face.
        y: its top edge.
        width: its width.
        height: its height.
        tilt: degrees by which the head leans clockwise, as seen, around the square's middle.
        person: number of the person, from 0.
    """

    x: float
    y: float
    width: float
    height: float
    tilt: float
    person: int


@dataclass(frozen=True)
class Truth:
    """What a clip shows.

    Attributes:
        size: width and height of its frames in pixels.
        rate: frames per second.
        faces: of each frame, those of which at least 60 % is seen: they are to be found.
        partial: of each frame, those of which less is seen: finding them is neither right nor
            wrong.
    """

    size: tuple[int, int]
    rate: int
    faces: tuple[tuple[TrueFace, ...], ...]
    partial: tuple[tuple[TrueFace, ...], ...]


@dataclass(frozen=True)
class Score:
    """How far a detector agrees with the truth; scores of several clips can be added.

    Attributes:
        frames: how many were looked at.
        faces: true faces in them.
        hits: those that were found.
        false_faces: boxes that are around no face.
    """

    frames: int = 0
    faces: int = 0
    hits: int = 0
    false_faces: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.frames + other.frames,
            self.faces + other.faces,
            self.hits + other.hits,
            self.false_faces + other.false_faces,
        )

    @property
    def recall(self) -> float:
        """Share of the true faces that were found, NaN where there are none."""
        return self.hits / self.faces if self.faces else float("nan")

    @property
    def false_per_frame(self) -> float:
        """False faces in a frame, on average, NaN where no frame was looked at."""
        return self.false_faces / self.frames if self.frames else float("nan")


def pair_boxes(
    faces: Sequence[Rectangle], boxes: Sequence[Rectangle], least: float = SAME_FACE
) -> dict[int, int]:
    """Pairs faces and boxes one to one, those that agree best first.

    Returns:
        The position of the box of each face that was found, by the position of the face.
    """
    agreement = [
        (intersection_over_union(face, box), number, found)
        for number, face in enumerate(faces)
        for found, box in enumerate(boxes)
    ]
    pairs: dict[int, int] = {}
    for share, number, found in sorted(agreement, key=lambda entry: -entry[0]):
        if share >= least and number not in pairs and found not in pairs.values():
            pairs[number] = found
    return pairs


def score_boxes(truth: Truth, boxes: Iterable[Sequence[Box]]) -> Score:
    """Compares the boxes of each frame with the truth.

    Args:
        truth: of the clip.
        boxes: of each frame from the first; frames beyond the last are not looked at.

    Returns:
        The score, in which a box around a partly seen face counts as nothing.
    """
    score = Score()
    for faces, partial, found in zip(truth.faces, truth.partial, boxes, strict=False):
        hits = set(pair_boxes(faces, found).values())
        rest = [box for number, box in enumerate(found) if number not in hits]
        false_faces = len(rest) - len(pair_boxes(partial, rest))
        score += Score(1, len(faces), len(hits), false_faces)
    return score
