"""What proposes faces in a whole frame."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from fer_core.detection.colour import Colour, colour_of_grey
from fer_core.detection.place import Grey, Place


class Proposal(NamedTuple):
    """What may be a face.

    Attributes:
        place: where.
        score: how sure the finder is, 0-1; None if it does not tell.
        points: float (5, 2), see `place_of_points`, as it sees them; None if it does not tell.
    """

    place: Place
    score: float | None
    points: NDArray[np.floating] | None = None


class Finder(Protocol):
    """Proposes faces; it remembers nothing."""

    def __call__(
        self,
        grey: Grey,
        colour: Colour | None,
        near: Place | None = None,
        closely: bool = False,
    ) -> list[Proposal]:
        """Returns what may be faces in a frame, uint8 (height, width), in no order.

        Args:
            grey: the frame.
            colour: gives it in its colours, None where there are none.
            near: around this place alone, None for everywhere.
            closely: as into a frame of which nothing is known yet.
        """


AROUND = 1.5
"""So many times as large a place is looked at in a mirror: heads are known by what is around."""


def score_mirrored(
    find: Finder, grey: Grey, colour: Colour | None, closely: bool, place: Place
) -> float:
    """Returns how sure a finder is of a place once left and right are exchanged, 0-1."""
    colours = colour or colour_of_grey(grey)
    width = grey.shape[1]
    there = place._replace(x=width - place.x, tilt=-place.tilt)
    around = there._replace(side=AROUND * there.side)
    found = find(grey[:, ::-1], lambda *size: colours(*size)[:, ::-1], around, closely)
    return max((each.score or 0.0 for each in found if each.place.is_near(there)), default=0.0)
