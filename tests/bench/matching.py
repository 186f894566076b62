"""Which picture each found face belongs to, and what that says about the whole product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer_core.faces import Box
from fer_core.learn.intervals import percentile_intervals, resample
from tests.bench.mosaic import Place, cell_at


@dataclass(frozen=True)
class FoundFace:
    """A face in the product's tables.

    Attributes:
        frame: number of the frame over all videos, from 0.
        box: where it is.
        emotion: index of the emotion it was given.
    """

    frame: int
    box: Box
    emotion: int

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the box, x and y in pixels."""
        return self.box.x + self.box.width / 2, self.box.y + self.box.height / 2


@dataclass(frozen=True)
class Matches:
    """What became of n pictures.

    Attributes:
        emotions: int64 (n,), the emotion that the largest face in a picture was given; -1: no face.
        widths: float64 (n,), width of that face's box in pixels of the 48-pixel picture, else NaN.
        second_faces: smaller faces in a picture that has a larger one.
        false_faces: faces whose centre is in no picture.
    """

    emotions: NDArray[np.int64]
    widths: NDArray[np.float64]
    second_faces: int
    false_faces: int

    @property
    def found(self) -> NDArray[np.bool_]:
        """Whether a face was found in each picture, bool (n,)."""
        return np.asarray(self.emotions >= 0, np.bool_)


def match_faces(places: Sequence[Place], faces: Iterable[FoundFace]) -> Matches:
    """Gives each face to the picture in whose square its centre lies; every face is counted once.

    Args:
        places: of each picture, in the order of the pictures.
        faces: in any order.
    """
    place_in = {(place.frame, place.cell): place for place in places}
    inside: dict[int, list[FoundFace]] = defaultdict(list)
    false_faces = 0
    for face in faces:
        place = place_in.get((face.frame, cell_at(*face.centre)))
        if place is None or not place.holds(*face.centre):
            false_faces += 1
        else:
            inside[place.picture].append(face)
    emotions = np.full(len(places), -1, np.int64)
    widths = np.full(len(places), np.nan)
    for place in places:
        if place.picture in inside:
            largest = max(inside[place.picture], key=lambda face: face.box.width)
            emotions[place.picture] = largest.emotion
            widths[place.picture] = largest.box.width / place.enlarged
    second = sum(len(found) - 1 for found in inside.values())
    return Matches(emotions, widths, second, false_faces)


def mean(values: NDArray[np.bool_]) -> float:
    """Returns the share of true values, NaN where there are none at all."""
    return float(values.mean()) if len(values) else float("nan")


def lost_accuracy(
    crops_right: NDArray[np.bool_], whole_right: NDArray[np.bool_], found: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compares the whole product on the pictures found with the crops.

    Args:
        crops_right: bool (n,), whether the crop itself is classified rightly.
        whole_right: bool (n,), whether the product is right; counts only where found.
        found: bool (n,), at least one of them true.

    Returns:
        End-to-end accuracy minus that of the crops of the same pictures, and minus that of all
        crops, float64 (2,); and their 95 % intervals over the choice of pictures, float64 (2, 2).
    """

    def differences(chosen: NDArray[np.intp]) -> NDArray[np.float64]:
        here = chosen[found[chosen]]
        whole = mean(whole_right[here])
        return np.array([whole - mean(crops_right[here]), whole - mean(crops_right[chosen])])

    everything = np.arange(len(found))
    draws = resample(differences, len(found))
    known = draws[~np.isnan(draws).any(axis=1)]
    return differences(everything), percentile_intervals(known)
