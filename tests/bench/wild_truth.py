"""Real pictures and clips whose faces are known, and how far boxes agree with them.

The folder holds

- `pictures.parquet`: `set` (text: groups, coco, noface or others), `image` (encoded picture),
  `faces` (list of x, y, width, height in pixels, from forehead to chin; `turn`, how far the nose
  is from the middle of the eyes in distances of the eyes; `roll`, degrees), and `ignore` (list of
  x, y, width, height: neither face nor background);
- `clips/`: videos, and `clips.parquet`: `clip` (file name), `frame_index`, `faces`,
  `ignore`, one row for each frame that is labelled.

A face is found by the box that overlaps it, or the square that follows from it, by half
(intersection over union of what lies in the frame); one to one, the best first. Faces from 30
pixels (the longer side) count. A box on a smaller face, or whose middle lies in what is to be
ignored, counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from fer_core.pictures import read_coloured
from fer_core.video.container import decode_frames, open_video
from fer_core.video.grey import grey_of, orientation_of
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
    def square(self) -> Marked:
        """The square that ferbeam would put around it."""
        side = SQUARE_PER_HEIGHT * self.height
        x = self.x + self.width / 2 - side / 2
        return Marked(x, self.y + MIDDLE_PER_HEIGHT * self.height - side / 2, side, side)

    def shown_in(self, size: tuple[int, int]) -> Marked:
        """Returns what a frame of a width and height shows of it."""
        x, y = max(self.x, 0.0), max(self.y, 0.0)
        right, lower = min(self.x + self.width, size[0]), min(self.y + self.height, size[1])
        return self._replace(x=x, y=y, width=max(right - x, 0.0), height=max(lower - y, 0.0))

    def holds_middle(self, box: Rectangle) -> bool:
        """Tells whether the middle of a box lies in it."""
        x, y = box.x + box.width / 2, box.y + box.height / 2
        return self.x <= x <= self.x + self.width and self.y <= y <= self.y + self.height


@dataclass(frozen=True)
class Labelled:
    """A picture or frame whose faces are known: the group it is counted in, size, and truth."""

    group: str
    size: tuple[int, int]
    faces: tuple[Marked, ...]
    ignore: tuple[Marked, ...]

    @classmethod
    def of_row(cls, group: str, size: tuple[int, int], row: dict[str, Any]) -> Labelled:
        """Reads the columns `faces` and `ignore`."""
        marked = (tuple(Marked(**each) for each in row[name]) for name in ("faces", "ignore"))
        return cls(group, size, *marked)

    def pair_faces(self, boxes: Sequence[Rectangle]) -> dict[int, int]:
        """Pairs faces and boxes one to one, those that agree best first: box by face."""
        agreement = [
            (overlap(face, box, self.size), number, found)
            for number, face in enumerate(self.faces)
            for found, box in enumerate(boxes)
        ]
        pairs: dict[int, int] = {}
        for share, number, found in sorted(agreement, key=lambda entry: -entry[0]):
            if share >= SAME_FACE and number not in pairs and found not in pairs.values():
                pairs[number] = found
        return pairs

    def false_boxes(self, boxes: Sequence[Rectangle]) -> list[Rectangle]:
        """Returns the boxes on nothing."""
        hits = set(self.pair_faces(boxes).values())
        rest = [box for number, box in enumerate(boxes) if number not in hits]
        return [box for box in rest if not any(each.holds_middle(box) for each in self.ignore)]


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
        pairs = labelled.pair_faces(boxes)
        self.pictures += 1
        self.false_faces += len(labelled.false_boxes(boxes))
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


def overlap(face: Marked, box: Rectangle, size: tuple[int, int]) -> float:
    """Returns how far a box agrees with what is seen of a face: its own box, or its square."""
    shown = (each.shown_in(size) for each in (face, face.square))
    return max(intersection_over_union(each, box) for each in shown)


def size_of(shape: tuple[int, ...]) -> tuple[int, int]:
    """Returns width and height of an array of pixels."""
    return shape[1], shape[0]


def read_pictures(data: Path, folder: Path) -> dict[str, Labelled]:
    """Writes the pictures into a folder; returns what is in each, by file name."""
    labelled = {}
    rows = pq.read_table(data / "pictures.parquet").to_pylist()
    for number, row in enumerate(rows):
        suffix = "png" if row["image"].startswith(b"\x89PNG") else "jpg"
        name = f"{number:05d}.{suffix}"
        (folder / name).write_bytes(row["image"])
        size = size_of(read_coloured(folder / name)[0].shape)
        labelled[name] = Labelled.of_row(row["set"], size, row)
    return labelled


def read_clips(data: Path) -> Iterator[tuple[Path, dict[int, Labelled]]]:
    """Yields each clip and what is in its labelled frames, by frame_index."""
    rows = pq.read_table(data / "clips.parquet").to_pylist()
    for path in sorted((data / "clips").iterdir()):
        frames = [row for row in rows if path.name == row["clip"]]
        several = max((len(row["faces"]) for row in frames), default=0) > 1
        group = "several people" if several else "one person"
        with open_video(path) as video:
            first = next(decode_frames(video))
            size = size_of(grey_of(first, orientation_of(first)).shape)
        yield path, {row["frame_index"]: Labelled.of_row(group, size, row) for row in frames}
