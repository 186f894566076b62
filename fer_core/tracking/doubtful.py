"""Faces of a video of which nothing was ever sure: seen again and again, they are none.

What looks like a face from one side or for a moment, as a fist or a bun of hair, is followed like
one. But a face that is followed is soon seen so that its finder is sure of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fer_core.records import NO_FACE, OK, fill_columns
from fer_core.tracking.descriptors import Descriptors
from fer_core.tracking.sightings import Whole, read_sightings
from fer_core.tracking.tracks import number_tracks


@dataclass(frozen=True, eq=False)
class Found:
    """What was found in a video.

    Attributes:
        faces: rows of the table `faces`, in order of frame and face.
        frames: all rows of the table `frames`, in order.
        marks: what detection noted beside them.
    """

    faces: pa.Table
    frames: pa.Table
    marks: Descriptors

    @cached_property
    def track(self) -> Whole:
        """The track of each face, see `number_tracks`."""
        return number_tracks(read_sightings(self.faces, self.frames, self.marks))

    def only(self, kept: NDArray[np.bool_]) -> Found:
        """Returns the same of some of the faces, bool (n,), counted anew in each frame."""
        faces = self.faces.filter(pa.array(kept))
        index, frame = (rows["frame_index"].to_numpy() for rows in (faces, self.frames))
        first = np.searchsorted(index, frame)
        counts = np.searchsorted(index, frame, side="right") - first
        place = np.arange(len(index)) - first[np.searchsorted(frame, index)]
        empty = pc.and_(pc.equal(self.frames["status"], OK), pa.array(counts == 0))
        counted = {
            "face_count": pa.array(counts, pa.int32()),
            "status": pc.if_else(empty, NO_FACE, self.frames["status"]),
        }
        return Found(
            fill_columns(faces, {"face_index": pa.array(place, pa.int32())}),
            fill_columns(self.frames, counted),
            replace(self.marks, looks=self.marks.looks[kept], sure=self.marks.sure[kept]),
        )


def part_doubtful(found: Found) -> tuple[Found, Found | None]:
    """Parts the faces of a video that are some from those in doubt, if there are any.

    In doubt is a track of two faces or more of which not one is sure.
    """
    if len(found.frames) < 2 or found.marks.sure.all():
        return found, None
    is_sure = np.bincount(found.track) < 2
    is_sure[found.track[found.marks.sure]] = True
    sure = is_sure[found.track]
    if sure.all():
        return found, None
    return found.only(sure), found.only(~sure)
