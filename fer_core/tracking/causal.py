"""Tracks of faces as they come: each frame is answered before the next one is there.

The batch job links a whole video at once and smooths looking both ways (`tracks`, `smoothing`): it
can wait for what comes after. Here a face goes on with the track whose last box it overlaps most,
if that was seen within the last second, and its scores are smoothed by those before them alone. So
a track ends where two people cross or a face is hidden for longer, and what is shown follows a
change a little later, where the batch job shows it when it happens.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer_core.faces import Box

KEEP_MS = 1000
"""A face keeps its track when it is found again within this time."""

SMOOTH_MS = 150
"""Time constant: after it, a lasting change is shown to 63 %, after 104 ms to half."""

LEAST_OVERLAP = 0.2
"""Intersection by union below which two boxes are not taken for the same face."""


@dataclass
class _Track:
    """A face that was seen lately: its number, where and when, and its smoothed scores."""

    track_id: int
    box: Box
    seen_ms: int
    scores: NDArray[np.float32]


class CausalTracks:
    """Links the faces of frames that come one by one, and smooths their scores.

    Args:
        smooth_ms: time constant of the exponential smoothing, in milliseconds, more than 0.
    """

    def __init__(self, smooth_ms: float = SMOOTH_MS) -> None:
        self._smooth_ms = smooth_ms
        self._next_id = 0
        self._tracks: list[_Track] = []

    def forget(self) -> None:
        """Ends all tracks; their numbers are not used again."""
        self._tracks = []

    def advance(
        self, boxes: Sequence[Box], scores: NDArray[np.float32], timestamp_ms: int
    ) -> tuple[list[int], NDArray[np.float32]]:
        """Takes the faces of the next frame.

        Args:
            boxes: of the n faces.
            scores: float32 (n, 7), each row sums to 1.
            timestamp_ms: of the frame, never less than that of the frame before.

        Returns:
            The track of each face, from 0, and their smoothed scores, float32 (n, 7).
        """
        alive = [track for track in self._tracks if timestamp_ms - track.seen_ms <= KEEP_MS]
        found = [
            self._begin(box, row, timestamp_ms)
            if track is None
            else self._continue(track, box, row, timestamp_ms)
            for box, row, track in zip(boxes, scores, _match(alive, boxes), strict=True)
        ]
        taken = {track.track_id for track in found}
        self._tracks = found + [track for track in alive if track.track_id not in taken]
        smooth = np.stack([track.scores for track in found]) if found else np.empty_like(scores)
        return [track.track_id for track in found], smooth

    def _begin(self, box: Box, scores: NDArray[np.float32], timestamp_ms: int) -> _Track:
        track = _Track(self._next_id, box, timestamp_ms, scores)
        self._next_id += 1
        return track

    def _continue(
        self, track: _Track, box: Box, scores: NDArray[np.float32], timestamp_ms: int
    ) -> _Track:
        share = -math.expm1((track.seen_ms - timestamp_ms) / self._smooth_ms)
        mixed = (1 - share) * track.scores + share * scores
        smooth = np.asarray(mixed / mixed.sum(), np.float32)
        return _Track(track.track_id, box, timestamp_ms, smooth)


def _match(tracks: Sequence[_Track], boxes: Sequence[Box]) -> list[_Track | None]:
    """Returns the track of each box, the pairs that overlap most first; None for a new face."""
    pairs = sorted(
        (
            (overlap, -track.track_id, at, track)
            for at, box in enumerate(boxes)
            for track in tracks
            if (overlap := overlap_of(track.box, box)) >= LEAST_OVERLAP
        ),
        key=lambda pair: pair[:3],
        reverse=True,
    )
    matched: list[_Track | None] = [None] * len(boxes)
    taken: set[int] = set()
    for _, _, at, track in pairs:
        if matched[at] is None and track.track_id not in taken:
            matched[at] = track
            taken.add(track.track_id)
    return matched


def overlap_of(one: Box, other: Box) -> float:
    """Returns the intersection of two boxes by their union, 0-1."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (one.width * one.height + other.width * other.height - shared)
