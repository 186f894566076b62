"""The face check: a small network of our own that tells whether there is a face, and where."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.classify import standardise_crops
from fer_core.detection.detector_settings import CHECK_SHA256
from fer_core.detection.place import Grey, Place, cut_window
from fer_core.errors import ModelError
from fer_core.litert import LiteRtNetwork
from fer_core.model import CHECK_NAME, file_sha256, find_model_dir

CHECK_FILE = "model.tflite"

OUTPUTS = 14
"""A logit that there is a face; its middle, x and y from the place's, and the logarithm of its
side, in sides of the place; the five points likewise, see `place_of_points`."""

OFF, LEANING = 0.12, 15.0
"""What lies farther from the middle of its window, in sides, or leans by more degrees, is looked at
once more: the network sees best what it sees straight."""

FLAT, NO_FACE = 2.0, -99.0
"""Deviation in grey levels below which a window holds nothing, and what is then said of it."""


class Verdict(NamedTuple):
    """What the check says of a place.

    Attributes:
        place: of the face, levelled by its eyes, if there is one.
        points: float32 (5, 2), as `place_of_points` has them.
        surety: the logit that there is one: above 0 for more likely than not.
    """

    place: Place
    points: NDArray[np.float32]
    surety: float


class FaceCheck:
    """Looks at places, for one thread.

    Raises:
        ModelError: the network is not there, or another one.
    """

    def __init__(self) -> None:
        path = find_model_dir(name=CHECK_NAME) / CHECK_FILE
        if file_sha256(path) != CHECK_SHA256:
            raise ModelError(f"{path}: is another face check than this version's; install it again")
        self._network = LiteRtNetwork(path.read_bytes())
        self._looks = 0

    def take_looks(self) -> int:
        """Returns how many windows were looked at since this was asked last."""
        looks, self._looks = self._looks, 0
        return looks

    def judge(self, window: Grey) -> NDArray[np.float32]:
        """Runs the network on a window, uint8 (48, 48): float32 (OUTPUTS,).

        A window without anything in it is no face: standardised, its noise would look like one.
        """
        self._looks += 1
        if cv2.meanStdDev(window)[1][0, 0] < FLAT:
            return np.array([NO_FACE, *[0] * (OUTPUTS - 1)], np.float32)
        (outputs,) = self._network(standardise_crops(window[np.newaxis]))
        return np.asarray(outputs[0], np.float32)

    def look(self, grey: Grey, place: Place) -> Verdict:
        """Looks at a place of a frame, uint8 (height, width), once."""
        return _read_outputs(self.judge(cut_window(grey, place)), place)

    def confirm(self, grey: Grey, place: Place) -> Verdict:
        """Looks at a place, and again where the face lies aside or leans otherwise."""
        first = self.look(grey, place)
        aside = max(abs(first.place.x - place.x), abs(first.place.y - place.y)) / place.side
        if aside < OFF and abs(first.place.tilt - place.tilt) < LEANING:
            return first
        return max(first, self.look(grey, first.place), key=lambda seen: seen.surety)


def _read_outputs(outputs: NDArray[np.float32], place: Place) -> Verdict:
    places = place.out_of_window(outputs[[1, 2, *range(4, OUTPUTS)]].reshape(6, 2))
    (x, y), points = places[0], places[1:]
    across = points[1] - points[0]
    tilt = math.degrees(math.atan2(across[1], across[0]))
    found = Place(float(x), float(y), place.side * math.exp(outputs[3]), tilt)
    return Verdict(found, points, float(outputs[0]))
