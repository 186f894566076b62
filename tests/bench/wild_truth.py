"""Real pictures and clips whose faces are known, and how far boxes agree with them.

The folder holds

- `pictures.parquet`: `set` (text: groups, coco, noface or others), `image` (encoded picture),
  `faces` (list of x, y, width, height in pixels, from forehead to chin; `turn`, how far the nose
  is from the middle of the eyes in distances of the eyes; `roll`, degrees), and `ignore` (list of
  x, y, width, height: neither face nor background);
- `clips/`: videos, and `clips.parquet`: `clip` (file name), `frame_index`, `faces`,
  `ignore`, one row for each frame that is labelled.

A face is found by the box that overlaps it, or the square that follows from it, by half
(intersection over union); one to one, the best first. Faces from 30 pixels (the longer side) count.
A box on a smaller face, or whose middle lies in what is to be ignored, counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from tests.bench.generated.overlap import Rectangle, intersection_over_union

SAME_FACE, SMALLEST = 0.5, 30
TURNED, TILTED = 0.5, 20.0
SQUARE_PER_HEIGHT, MIDDLE_PER_HEIGHT = 0.89, 0.48
"""Of the square that ferbeam draws, from the box of a face; medians."""
SIZES = ((30, 40), (40, 80), (80, 10_000))


class Marked(NamedTuple):
    """A rectangle of the truth, in pixels; `turn` and `roll` are 0 where they are not known."""

    x: float
    y: float
    width: float
    height: float
    turn: float = 0.0
    roll: float = 0.0

    @property
    def size(self) -> float:
        """The longer side."""
        return max(self.width, self.height)

    @property
    def square(self) -> Rectangle:
        """What ferbeam would draw around it."""
        side = SQUARE_PER_HEIGHT * self.height
        x = self.x + self.width / 2 - side / 2
        return Marked(x, self.y + MIDDLE_PER_HEIGHT * self.height - side / 2, side, side)

    def holds_middle(self, box: Rectangle) -> bool:
        """Tells whether the middle of a box lies in it."""
        x, y = box.x + box.width / 2, box.y + box.height / 2
        return self.x <= x <= self.x + self.width and self.y <= y <= self.y + self.height


@dataclass(frozen=True)
class Labelled:
    """A picture or frame whose faces are known: the group it is counted in, and its truth."""

    group: str
    faces: tuple[Marked, ...]
    ignore: tuple[Marked, ...]

    @classmethod
    def of_row(cls, group: str, row: dict[str, Any]) -> Labelled:
        """Reads the columns `faces` and `ignore`."""
        return cls(
            group, *(tuple(Marked(**each) for each in row[name]) for name in ("faces", "ignore"))
        )


@dataclass
class Tally:
    """What was found in the pictures of a group.

    Attributes:
        pictures: how many.
        false_faces: boxes on nothing.
        faces: by kind of face, how many there are.
        hits: how many of them were found.
    """

    pictures: int = 0
    false_faces: int = 0
    faces: dict[str, int] = field(default_factory=dict)
    hits: dict[str, int] = field(default_factory=dict)

    def add(self, labelled: Labelled, boxes: Sequence[Rectangle]) -> None:
        """Counts a picture."""
        pairs = pair_faces(labelled.faces, boxes)
        self.pictures += 1
        self.false_faces += len(false_boxes(labelled, boxes))
        for number, face in enumerate(labelled.faces):
            for kind in kinds_of(face):
                self.faces[kind] = self.faces.get(kind, 0) + 1
                self.hits[kind] = self.hits.get(kind, 0) + (number in pairs)

    def recall(self, kind: str) -> str:
        """Returns the share of faces of a kind that were found, and of how many."""
        count = self.faces.get(kind, 0)
        return f"{self.hits[kind] / count:.3f} of {count}" if count else "-"


def kinds_of(face: Marked) -> list[str]:
    """Returns the names under which a face counts; none where it is too small."""
    if face.size < SMALLEST:
        return []
    kinds = ["all", *(f"{low}-{high} px" for low, high in SIZES if low <= face.size < high)]
    turned = ["turned"] if abs(face.turn) > TURNED else []
    return [*kinds, *turned, *(["tilted"] if abs(face.roll) > TILTED else [])]


def overlap(face: Marked, box: Rectangle) -> float:
    """Returns how far a box agrees with a face: with its own box, or the square of it."""
    return max(intersection_over_union(face, box), intersection_over_union(face.square, box))


def pair_faces(faces: Sequence[Marked], boxes: Sequence[Rectangle]) -> dict[int, int]:
    """Pairs faces and boxes one to one, those that agree best first: box by face."""
    agreement = [
        (overlap(face, box), number, found)
        for number, face in enumerate(faces)
        for found, box in enumerate(boxes)
    ]
    pairs: dict[int, int] = {}
    for share, number, found in sorted(agreement, key=lambda entry: -entry[0]):
        if share >= SAME_FACE and number not in pairs and found not in pairs.values():
            pairs[number] = found
    return pairs


def false_boxes(labelled: Labelled, boxes: Sequence[Rectangle]) -> list[Rectangle]:
    """Returns the boxes on nothing."""
    hits = set(pair_faces(labelled.faces, boxes).values())
    rest = [box for number, box in enumerate(boxes) if number not in hits]
    return [box for box in rest if not any(each.holds_middle(box) for each in labelled.ignore)]


def read_pictures(data: Path, folder: Path) -> dict[str, Labelled]:
    """Writes the pictures into a folder; returns what is in each, by file name."""
    labelled = {}
    rows = pq.read_table(data / "pictures.parquet").to_pylist()
    for number, row in enumerate(rows):
        suffix = "png" if row["image"].startswith(b"\x89PNG") else "jpg"
        name = f"{number:05d}.{suffix}"
        (folder / name).write_bytes(row["image"])
        labelled[name] = Labelled.of_row(row["set"], row)
    return labelled


def read_clips(data: Path) -> Iterator[tuple[Path, dict[int, Labelled]]]:
    """Yields each clip and what is in its labelled frames, by frame_index."""
    rows = pq.read_table(data / "clips.parquet").to_pylist()
    for path in sorted((data / "clips").iterdir()):
        frames = [row for row in rows if path.name == row["clip"]]
        several = max((len(row["faces"]) for row in frames), default=0) > 1
        group = "several people" if several else "one person"
        yield path, {row["frame_index"]: Labelled.of_row(group, row) for row in frames}
