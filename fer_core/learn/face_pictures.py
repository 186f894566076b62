"""Pictures in which every face is marked, for teaching a network what a face is."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fer_core.detection.place import Grey, Place
from fer_core.detection.points import place_of_box, place_of_face
from fer_core.errors import DataError
from fer_core.learn.reading import read_table, require_columns

POINTS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
"""Left and right as seen in the picture."""


class MarkedFace(NamedTuple):
    """A face in a picture.

    Attributes:
        place: its square, levelled by its eyes.
        points: float32 (5, 2), x and y of POINTS in pixels; None where unknown.
        counts: False for what is neither a face nor background.
    """

    place: Place
    points: NDArray[np.float32] | None
    counts: bool


class MarkedPicture(NamedTuple):
    """A grey picture, uint8 (height, width), and all its faces."""

    grey: Grey
    faces: tuple[MarkedFace, ...]


def read_pictures(path: Path) -> list[MarkedPicture]:
    """Reads a Parquet file with `image` (encoded pictures) and `faces`.

    A face is a structure of x, y, width, height (forehead to chin), ignore, and x and y of each of
    POINTS or null (`left_eye_x` and so on).

    Raises:
        DataError: it is no such file.
    """
    table = read_table(pq.read_table, path)
    require_columns(table.column_names, ("image", "faces"), path)
    pictures = []
    for image, faces in zip(*(table[name].to_pylist() for name in ("image", "faces")), strict=True):
        grey = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_GRAYSCALE)
        if grey is None:
            raise DataError(f"{path.name}: a picture cannot be read")
        pictures.append(MarkedPicture(np.asarray(grey, np.uint8), tuple(map(_mark_face, faces))))
    return pictures


def _mark_face(face: dict[str, Any]) -> MarkedFace:
    counts = not face["ignore"]
    box = np.array([face[name] for name in ("x", "y", "width", "height")], np.float32)
    if face[f"{POINTS[0]}_x"] is None:
        return MarkedFace(place_of_box(box), None, counts)
    points = [[face[f"{name}_x"], face[f"{name}_y"]] for name in POINTS]
    marked = np.array(points, np.float32)
    return MarkedFace(place_of_face(marked, box), marked, counts)
