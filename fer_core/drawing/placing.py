"""Placing: where a label goes beside its face, inside the frame and clear of the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fer_core.drawing.canvas import Rect

_OWN, _LABEL, _FACE = 2.0, 4.0, 2.0
"""How bad it is to hide a part of the own face, of another label, of another face; in parts of
the label that does so."""

_STEP = 0.04
"""How much a place is worse than the one before it in the order of preference."""


class Places:
    """Finds places for the labels of one frame; the same for the same faces in the same order.

    Places are moved into the frame before they are judged, so that a label glides along the edge
    as its face leaves, and only jumps to another side once it would hide much.

    Args:
        frame: width and height.
        faces: what must stay visible: all of the frame's faces.
    """

    def __init__(self, frame: tuple[int, int], faces: Sequence[Rect]) -> None:
        self._frame = frame
        self._faces = faces
        self._labels: list[Rect] = []

    def place(self, size: tuple[int, int], owner: int, sides_first: bool = False) -> Rect:
        """Finds the best place for one more label.

        Args:
            size: width and height of the label, no larger than the frame.
            owner: index of the face that it belongs to.
            sides_first: whether it goes beside the face rather than above it.
        """
        face = self._faces[owner]
        others = [*self._faces[:owner], *self._faces[owner + 1 :]]
        area = size[0] * size[1]
        best, least = Rect(0, 0, *size), float("inf")
        for rank, (x, y) in enumerate(_list_places(size, face, sides_first)):
            cost = rank * _STEP
            if cost >= least:
                break
            place = self._moved_inside(x, y, size)
            cost += _OWN * _overlap(place, (face,)) / area
            cost += _LABEL * _overlap(place, self._labels) / area
            cost += _FACE * _overlap(place, others) / area
            if cost < least:
                best, least = place, cost
        self._labels.append(best)
        return best

    def _moved_inside(self, x: int, y: int, size: tuple[int, int]) -> Rect:
        width, height = self._frame
        return Rect(max(0, min(x, width - size[0])), max(0, min(y, height - size[1])), *size)


def _list_places(size: tuple[int, int], face: Rect, sides_first: bool) -> list[tuple[int, int]]:
    """Returns upper left corners in order of preference."""
    width, height = size
    gap = max(2, min(width, height) // 8)
    above, below = face.y - height - gap, face.y + face.height + gap
    left, right = face.x - width - gap, face.x + face.width + gap
    middle = face.x + (face.width - width) // 2
    level = face.y + (face.height - height) // 2
    ends = (face.x, face.x + face.width - width)
    upright = [(middle, above), (middle, below)]
    sides = [(right, face.y), (left, face.y), (right, level), (left, level)]
    return [
        *(sides + upright if sides_first else upright + sides),
        *((x, y) for y in (above, below) for x in ends),
        *((x, y) for y in (above, below) for x in (right, left)),
        (middle, above - height - gap),
        (middle, below + height + gap),
        (middle, face.y + face.height - height),
    ]


def _overlap(place: Rect, others: Iterable[Rect]) -> int:
    """Returns the number of pixels that a rectangle shares with others, each counted alone."""
    x, y, width, height = place
    shared = 0
    for other in others:
        across = min(x + width, other.x + other.width) - max(x, other.x)
        down = min(y + height, other.y + other.height) - max(y, other.y)
        if across > 0 and down > 0:
            shared += across * down
    return shared
