"""Finds faces with OpenCV's Haar cascades: searches frames seldom, follows what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np

from fer_core.detection.cascade import CascadeSearch, Look, Sighting
from fer_core.detection.changes import ChangeMap, Region
from fer_core.detection.colour import Colour
from fer_core.detection.follow import Track, cut_patch
from fer_core.detection.place import IS_NEAR, Grey, Place
from fer_core.errors import FerError
from fer_core.faces import Face, square_box

FIRST = Look("alt2", 48, 0.25, 0.85, 1.2, 1.06)
SECOND = Look("default", 48, 0.25, 0.9, 1.25, 1.06, excess=1.05)
"""What is no face the first tells sooner, for half the time; the second tells more exactly where a
face is."""

LARGER = 48
"""The cost of a scan falls to a third where it begins at this side, in pixels."""

TILTS = (0.0, -12.0, 12.0)
"""Degrees at which a place is looked at until it is surely a face."""

SURE_EVIDENCE = 30
"""Hits of both cascades with which no other tilt is tried."""


class Care(NamedTuple):
    """How carefully new faces are searched.

    Attributes:
        step: factor between the sizes that are searched.
        evidence: hits of both cascades that make a face.
        least_hits: hits that each of the two must have.
    """

    step: float
    evidence: int
    least_hits: int


IN_VIDEOS = Care(1.15, 18, 2)
"""A face has many chances to be found, and what is none would be followed."""

IN_PICTURES = Care(1.1, 10, 1)
"""There is one chance."""

CHANGES_MS = 200
"""What changed is searched for new faces, in this time no more than the area of one frame."""


@dataclass(frozen=True)
class HaarSettings:
    """How faces are searched; every field changes rows.

    Attributes:
        longest_side: larger frames are searched in a copy with this longest side, in pixels.
        min_size: smallest face side that is searched, in pixels of that copy.
        redetect_ms: how often a frame is searched whole; what changes is searched at once.
        revision: changes whenever the same settings find other faces.
        kind: names the detector.
    """

    longest_side: int = 640
    min_size: int = 30
    redetect_ms: int = 3000
    revision: int = 6
    kind: Literal["haar"] = "haar"

    def __post_init__(self) -> None:
        if self.longest_side < 2 * self.min_size or self.min_size < 24:
            raise FerError(
                f"detection size: {self.longest_side} with faces from {self.min_size} pixels does "
                "not fit; faces from 24 pixels and at least twice that for the picture are needed"
            )
        if self.redetect_ms < 1:
            raise FerError(f"redetect: {self.redetect_ms} ms is too short, from 1 ms is needed")


class HaarDetector:
    """A frontal face detector for the frames of a segment, each given with the time since the last.

    The whole of a frame is searched where a segment starts and every `redetect_ms`, then for small
    faces every other time; what changes in between is searched as it does. Both cascades must
    agree on a face. Once found it is followed, also where it leans, blurs or turns dark, until it
    is gone.

    One per thread.

    Args:
        settings: how faces are searched.
        care: how carefully new ones are.

    Raises:
        FerError: this OpenCV has no cascade (OpenCV 5 dropped it).
    """

    def __init__(self, settings: HaarSettings, care: Care = IN_VIDEOS) -> None:
        self.settings, self._care = settings, care
        self._counts = {"scans": 0, "pixels": 0}
        self._search = CascadeSearch()
        self._tracks: list[Track] = []
        self._map = ChangeMap(np.zeros((2, 2), np.uint8))
        self._credit, self._scanned_ms, self._with_small = 0.0, 0, True

    def __call__(
        self, grey: Grey, since_ms: int | None = None, colour: Colour | None = None
    ) -> list[Face]:
        """Returns the faces of a frame, uint8 (height, width)."""
        if since_ms is None or not self._map.fits(grey):
            self._tracks = []
            self._map = ChangeMap(grey)
            self._with_small = True
            self._scan_whole(grey, self.settings.min_size)
        else:
            self._advance(grey, since_ms)
        self._drop_doubles()
        size = grey.shape[1], grey.shape[0]
        places = [track.place for track in self._tracks]
        return sorted(
            Face(square_box((place.x, place.y), place.side, size), None, place.tilt)
            for place in places
        )

    def take_counts(self) -> dict[str, int]:
        """Returns what was done since this was asked last: `scans`, their `pixels`, `looks`."""
        counts = {**self._counts, "looks": self._search.take_looks()}
        self._counts = dict.fromkeys(self._counts, 0)
        return counts

    def _advance(self, grey: Grey, since_ms: int) -> None:
        """Follows the faces of the frame before and searches for new ones."""
        self._map.advance(grey)
        self._credit = min(1.0, self._credit + since_ms / CHANGES_MS)
        self._scanned_ms += since_ms
        self._tracks = [
            track for track in self._tracks if track.follow(self._search, grey, since_ms)
        ]
        if self._scanned_ms >= self.settings.redetect_ms:
            # Small faces are most of the cost and are searched every other time.
            self._with_small = not self._with_small
            self._scan_whole(grey, self.settings.min_size if self._with_small else LARGER)
            return
        for region in self._map.find_changed([track.place for track in self._tracks]):
            if region.share <= self._credit:
                self._scan(grey, region, self.settings.min_size)
                self._map.note_searched(region)
                self._credit -= region.share

    def _scan_whole(self, grey: Grey, min_size: int) -> None:
        height, width = grey.shape
        self._scan(grey, Region(0, 0, width, height, 1.0), min_size)
        self._map.note_searched()
        self._credit, self._scanned_ms = 0.0, 0

    def _scan(self, grey: Grey, region: Region, min_size: int) -> None:
        """Searches a region for faces that are not followed yet."""
        scale = max(1.0, max(grey.shape) / self.settings.longest_side)
        part = grey[region.top : region.bottom, region.left : region.right]
        if scale > 1:
            size = max(1, round(part.shape[1] / scale)), max(1, round(part.shape[0] / scale))
            part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        self._counts["scans"] += 1
        self._counts["pixels"] += part.size
        part = self._without_known(part, region, scale)
        for found in self._search.scan(part, min_size, self._care.step, 1):
            place = Place(
                found.x * scale + region.left, found.y * scale + region.top, found.side * scale
            )
            if not any(place.is_near(track.place) for track in self._tracks):
                self._confirm(grey, place)

    def _without_known(self, part: Grey, region: Region, scale: float) -> Grey:
        """Paints over the faces that are followed: nothing costs the cascades more than a face.

        A place whose middle lies in what is painted over would be taken for the known face anyway.
        The paint has the mean level: a brighter one would keep the dark rest from being brightened.
        """
        painted, level = part.copy(), round(cv2.mean(part)[0])
        for place in (track.place for track in self._tracks):
            x, y = (place.x - region.left) / scale, (place.y - region.top) / scale
            reach = IS_NEAR * place.side / scale
            top, bottom, left, right = (
                max(0, round(edge)) for edge in (y - reach, y + reach, x - reach, x + reach)
            )
            painted[top:bottom, left:right] = level
        return painted

    def _confirm(self, grey: Grey, place: Place) -> None:
        """Begins to follow a place where both cascades see a face, upright or tilted."""
        best, seen = 0, Sighting(place, 0)
        for tilt in TILTS:
            first = self._search.look(grey, place._replace(tilt=tilt), FIRST)
            if first.hits < self._care.least_hits:
                continue
            second = self._search.look(grey, first.place, SECOND)
            evidence = first.hits + second.hits
            if evidence > best:
                best, seen = evidence, second
            if best >= SURE_EVIDENCE:
                break
        if best >= self._care.evidence and seen.hits >= self._care.least_hits:
            self._tracks.append(Track(seen.place, cut_patch(grey, seen.place), best))

    def _drop_doubles(self) -> None:
        """Keeps of tracks that came together the one that was surest when it was found."""
        kept: list[Track] = []
        for track in sorted(self._tracks, key=lambda track: -track.hits):
            if not any(track.place.is_near(other.place) for other in kept):
                kept.append(track)
        self._tracks = kept
