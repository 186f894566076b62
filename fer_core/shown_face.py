"""A face as an overlay shows it at one moment: what passes from the tracks to the drawing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class ShownFace(NamedTuple):
    """A face at one moment of a medium.

    Attributes:
        track_id: the same face through the medium, from 0.
        x: left edge of its box in pixels of the frame in display orientation.
        y: upper edge.
        width: of its box in pixels, more than 0.
        height: of its box in pixels, more than 0.
        scores: float32 (7,), smoothed; the emotion that is shown is the largest.
        held_confidence: what is written beside the emotion, where that changes more seldom.
    """

    track_id: int
    x: float
    y: float
    width: float
    height: float
    scores: NDArray[np.float32]
    held_confidence: float | None = None

    @property
    def emotion(self) -> int:
        """Index of the emotion that is shown."""
        return int(self.scores.argmax())

    @property
    def confidence(self) -> float:
        """Score of the emotion that is shown, or what is held of it."""
        held = self.held_confidence
        return float(self.scores.max()) if held is None else held
