"""Where a picture changed: a coarse map of a frame, compared with earlier ones."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.detection.place import Grey, Place

CELLS = 40
"""Cells along the longest side of a frame."""

CHANGED = 6.0
"""A cell whose mean grey differs by more has changed; sensor noise stays below."""

PERSON_ASIDE, PERSON_UP, PERSON_DOWN = 0.9, 0.9, 3.0
"""How far a person reaches from the middle of the face, in sides of the face."""

LEAST_CELLS = 12
"""A changed patch of fewer cells, with those around it, is too small for a face."""


class Region(NamedTuple):
    """A part of a frame in whole pixels, and its share of the frame's area."""

    left: int
    top: int
    right: int
    bottom: int
    share: float


class ChangeMap:
    """Remembers what each part of a picture looked like when it was last searched for faces."""

    def __init__(self, grey: Grey) -> None:
        """Starts with a frame, uint8 (height, width), that is searched whole."""
        self._cell = max(1, min(max(grey.shape) // CELLS, min(grey.shape)))
        self._shape = grey.shape
        self._now = self._searched = self._shrink(grey)

    def advance(self, grey: Grey) -> None:
        """Takes the next frame, of the same size."""
        self._now = self._shrink(grey)

    def fits(self, grey: Grey) -> bool:
        """Tells whether a frame is as large as those so far."""
        return grey.shape == self._shape

    def note_searched(self, region: Region | None = None) -> None:
        """Takes the last frame, or a region of it, as what was last searched."""
        if region is None:
            self._searched = self._now
            return
        rows = slice(region.top // self._cell, -(-region.bottom // self._cell))
        columns = slice(region.left // self._cell, -(-region.right // self._cell))
        self._searched = self._searched.copy()
        self._searched[rows, columns] = self._now[rows, columns]

    def find_changed(self, known: list[Place]) -> list[Region]:
        """Returns the regions that have changed since they were searched, the largest first.

        Args:
            known: faces; what changes there and below, where their bodies are, does not count.
        """
        changed = (np.abs(self._now - self._searched) > CHANGED).astype(np.uint8)
        for place in known:
            self._clear_person(changed, place)
        _, _, patches, _ = cv2.connectedComponentsWithStats(
            cv2.dilate(changed, np.ones((3, 3), np.uint8))
        )
        large = [patch for patch in patches[1:].tolist() if patch[4] >= LEAST_CELLS]
        return sorted(map(self._around, large), key=lambda region: -region.share)

    def _clear_person(self, changed: NDArray[np.uint8], place: Place) -> None:
        aside = PERSON_ASIDE * place.side
        rows = self._cells(place.y - PERSON_UP * place.side, place.y + PERSON_DOWN * place.side)
        changed[rows, self._cells(place.x - aside, place.x + aside)] = 0

    def _cells(self, first: float, last: float) -> slice:
        """Returns the cells that hold the pixels from `first` to `last`."""
        return slice(max(0, int(first / self._cell)), max(0, int(last / self._cell) + 1))

    def _around(self, patch: list[int]) -> Region:
        """Returns the region around a patch (left, top, width, height, area, in cells)."""
        height, width = self._shape
        left, top = max(0, patch[0] - 1) * self._cell, max(0, patch[1] - 1) * self._cell
        right = min(width, (patch[0] + patch[2] + 1) * self._cell)
        bottom = min(height, (patch[1] + patch[3] + 1) * self._cell)
        share = (right - left) * (bottom - top) / (width * height)
        return Region(left, top, right, bottom, share)

    def _shrink(self, grey: Grey) -> NDArray[np.float32]:
        """Returns the mean of each cell, float32; every fourth row stands for its neighbours."""
        height, width = grey.shape
        step = 4 if self._cell >= 16 else 1
        part = grey[: height // self._cell * self._cell : step, : width // self._cell * self._cell]
        size = width // self._cell, height // self._cell
        return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.float32)
