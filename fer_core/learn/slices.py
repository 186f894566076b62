"""Parts of the pictures that are alike: dark, blurred, turned aside or leaning, small, or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE
from fer_core.detection.face_check import FaceCheck
from fer_core.detection.place import Place
from fer_core.learn.labels import LabelledFaces
from fer_core.visibility import brightness, pose_of_points, sharpness

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


def _each(
    measure: Callable[[NDArray[np.uint8]], float], crops: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """Measures crops uint8 (n, 48, 48), float64 (n,)."""
    return np.array([measure(crop) for crop in crops], np.float64)


def head_poses(crops: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Returns by how many degrees heads are turned aside, and lean, as the face check sees them.

    Args:
        crops: uint8 (n, 48, 48), each filled by a face.

    Returns:
        float64 (2, n), from 0; NaN where the check sees no face.
    """
    check, whole = FaceCheck(), Place(CROP_SIZE / 2, CROP_SIZE / 2, CROP_SIZE)
    poses = np.full((2, len(crops)), np.nan)
    for index, crop in enumerate(crops):
        seen = check.confirm(crop, whole)
        if seen.surety > 0:
            poses[:, index] = np.abs(pose_of_points(seen.points, seen.place.tilt))[::-1]
    return poses


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
    """Cuts faces as the columns of `faces` tell how well they are seen, and by their known size."""
    yaw, roll = head_poses(faces.crops)
    return [
        *split_in_thirds("brightness", _each(brightness, faces.crops)),
        *split_in_thirds("sharpness", _each(sharpness, faces.crops)),
        *split_in_thirds("yaw", yaw),
        *split_in_thirds("roll", roll),
        *split_in_thirds("face_size", faces.known_sizes()),
    ]
