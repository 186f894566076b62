"""Parts of the pictures that are alike: dark or bright, blurred or sharp, small or large."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.learn.labels import LabelledFaces

THIRDS = ("low", "middle", "high")


@dataclass(frozen=True)
class Slice:
    """Pictures with a property between two values.

    Attributes:
        name: the property and which third, such as `brightness_low`.
        least: smallest value among its pictures.
        most: largest value among its pictures.
        rows: positions of its pictures, int64 (m,).
    """

    name: str
    least: float
    most: float
    rows: NDArray[np.intp]


def brightness(crops: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Returns the mean grey of crops uint8 (n, 48, 48), 0 to 255, float64 (n,)."""
    return np.asarray(crops.mean(axis=(1, 2)), np.float64)


def sharpness(crops: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Returns the variance of the Laplacian over that of the greys, float64 (n,).

    Dividing keeps a picture of little contrast from counting as blurred.
    """
    values = np.zeros(len(crops))
    for index, crop in enumerate(crops):
        edges = cv2.Laplacian(crop, cv2.CV_64F)
        values[index] = edges.var() / max(float(crop.var()), 1.0)
    return values


def split_in_thirds(name: str, values: NDArray[np.float64]) -> list[Slice]:
    """Cuts pictures into thirds of about equal count; equal values stay together.

    Args:
        name: the property.
        values: float64 (n,); NaN where it is not known.

    Returns:
        The thirds that hold pictures; none where all pictures have the same value.
    """
    known = np.flatnonzero(~np.isnan(values))
    if len(np.unique(values[known])) < 2:
        return []
    cuts = np.quantile(values[known], [1 / 3, 2 / 3])
    third = np.searchsorted(cuts, values[known], side="left")
    slices = []
    for index, part in enumerate(THIRDS):
        rows = known[third == index]
        if len(rows):
            least, most = float(values[rows].min()), float(values[rows].max())
            slices.append(Slice(f"{name}_{part}", least, most, rows))
    return slices


def slice_faces(faces: LabelledFaces) -> list[Slice]:
    """Cuts faces by brightness, sharpness, and face size where it is known."""
    return [
        *split_in_thirds("brightness", brightness(faces.crops)),
        *split_in_thirds("sharpness", sharpness(faces.crops)),
        *split_in_thirds("face_size", faces.known_sizes()),
    ]
