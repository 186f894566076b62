"""Where the faces of tracks are at any moment, also between their samples."""

from __future__ import annotations

import math

import numpy as np

from fer_core.shown_face import ShownFace
from fer_core.tracking.tracks import MOST_HOLD_MS, TrackScores

HELD_MS = 500
"""The confidence that is written beside a face changes no more often than this."""


def faces_at(tracks: TrackScores, timestamp_ms: float, cover: bool = False) -> list[ShownFace]:
    """Returns the faces to be shown at a moment, by their track.

    Between two samples of a track that are no further apart than its gap, box and scores move
    linearly. Beyond, and before its first and after its last sample, a face stays where it was for
    half a sampling interval; in a long gap it can so be in two places at once.

    A cover is a promise: it moves over any gap of a track, and stays from the sample before a face
    is found to the one that no longer finds it, and for a second at least.

    Args:
        tracks: at least from the gap before the moment to as long after it; for a cover, from
            `cover_reach_ms`.
        timestamp_ms: the moment.
        cover: whether the faces are to be covered.
    """
    times, near = tracks.timestamp_ms, tracks.gap_ms
    stays_ms = tracks.covered_ms if cover else tracks.held_ms
    reach_ms = tracks.cover_reach_ms if cover else max(near, MOST_HOLD_MS)
    first = int(np.searchsorted(times, timestamp_ms - reach_ms, side="left"))
    now = int(np.searchsorted(times, timestamp_ms, side="right"))
    end = int(np.searchsorted(times, timestamp_ms + reach_ms, side="right"))
    shown: list[ShownFace] = []
    for one in range(first, now):
        other = int(tracks.following[one])
        gap_ms = times[other] - times[one] if other >= 0 else math.inf
        if timestamp_ms < times[one] + gap_ms < math.inf and (cover or gap_ms <= near):
            face = _show(tracks, one, other, float((timestamp_ms - times[one]) / gap_ms))
            shown.append(_hold_confidence(tracks, face, one, timestamp_ms))
        if gap_ms > near and timestamp_ms <= stays_ms[one, 1]:
            face = _show(tracks, one, one, 0.0)
            shown.append(_hold_confidence(tracks, face, one, timestamp_ms))
    for one in range(now, end):
        before = int(tracks.preceding[one])
        gap_ms = times[one] - times[before] if before >= 0 else math.inf
        if gap_ms > near and timestamp_ms >= stays_ms[one, 0]:
            shown.append(_show(tracks, one, one, 0.0))
    return sorted(shown, key=lambda face: face.track_id)


def _show(tracks: TrackScores, one: int, other: int, share: float) -> ShownFace:
    """Returns the face at a share of the way from one of its samples to another."""
    box = tracks.boxes[one] + share * (tracks.boxes[other] - tracks.boxes[one])
    scores = tracks.scores[one] + share * (tracks.scores[other] - tracks.scores[one])
    x, y, width, height = box.tolist()
    return ShownFace(
        int(tracks.track_id[one]), x, y, width, height, scores.astype(np.float32, copy=False)
    )


def _hold_confidence(
    tracks: TrackScores, face: ShownFace, one: int, timestamp_ms: float
) -> ShownFace:
    """Gives a face the confidence of its first sample in this half second with its emotion.

    A number that changes with every frame cannot be read, and is much to encode.

    Args:
        tracks: as of `faces_at`.
        face: as it is shown now.
        one: its last sample up to now.
        timestamp_ms: now.
    """
    emotion = face.emotion
    since_ms = timestamp_ms // HELD_MS * HELD_MS
    if int(tracks.scores[one].argmax()) != emotion:
        return face  # it is about to change: the next sample has the new one
    while True:
        before = int(tracks.preceding[one])
        if before < 0 or tracks.timestamp_ms[before] < since_ms:
            break
        if int(tracks.scores[before].argmax()) != emotion:
            break
        one = before
    return face._replace(held_confidence=float(tracks.scores[one, emotion]))
