"""The five points of a face, and the square that follows from them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fer_core.detection.place import Place

# The emotion network was trained on squares like the cascade's: on the seven composite faces of
# sample_data 2.62 times as wide as the eyes are apart, 2.34 times the way from eyes to mouth. The
# larger is taken, since the one shrinks where a head turns and the other where it nods; that makes
# 3 % too much on the average of the seven, which is taken off both.
SIDE_PER_EYES = 2.53
SIDE_PER_EYES_TO_MOUTH = 2.26
MIDDLE_BELOW_EYES = 0.30
"""From the middle of the eyes to that of the square, as a share of the way to the mouth."""


def place_of_points(points: NDArray[np.floating]) -> Place:
    """Returns the square around a face, levelled by its eyes.

    Args:
        points: float (5, 2), x and y in pixels: left eye, right eye, nose, left and right corner
            of the mouth; left as seen in the picture.
    """
    across = points[1] - points[0]
    eyes = (points[0] + points[1]) / 2
    down = (points[3] + points[4]) / 2 - eyes
    side = max(
        SIDE_PER_EYES * math.hypot(*across),
        SIDE_PER_EYES_TO_MOUTH * math.hypot(*down),
    )
    x, y = eyes + MIDDLE_BELOW_EYES * down
    return Place(float(x), float(y), side, math.degrees(math.atan2(across[1], across[0])))


ASIDE, MIDDLE_PER_HEIGHT, SIDE_PER_HEIGHT = 0.12, 0.48, 0.89
"""Of a head turned so far that the middle of its points is so far from that of its box, in sides,
the square is put around the box; shares are medians over the faces that the check has learnt."""


def place_of_box(box: NDArray[np.floating]) -> Place:
    """Returns the square in a box that reaches from forehead to chin: x, y, width, height."""
    x, y, width, height = map(float, box)
    return Place(x + width / 2, y + MIDDLE_PER_HEIGHT * height, SIDE_PER_HEIGHT * height)


def place_of_face(points: NDArray[np.floating], box: NDArray[np.floating]) -> Place:
    """Returns the square around a face of which box and points are known.

    It follows from the points, but of a profile they lie at the edge of the head, so that their
    square would reach beside it: there it follows from the box.
    """
    place, boxed = place_of_points(points), place_of_box(box)
    if abs(boxed.x - place.x) <= ASIDE * place.side:
        return place
    return boxed._replace(side=max(place.side, boxed.side), tilt=place.tilt)
