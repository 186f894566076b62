"""Where the faces of tracks are at any moment, also between their samples."""

from __future__ import annotations

import numpy as np

from fer_core.shown_face import ShownFace
from fer_core.tracking.tracks import Tracks

HELD_MS = 500
"""The confidence that is written beside a face changes no more often than this."""
LEAST_HOLD_MS = 200
"""Beyond its first and last sample a face is shown for half a sampling interval, at most this."""


def faces_at(tracks: Tracks, timestamp_ms: float, hold_ms: float = 0) -> list[ShownFace]:
    """Returns the faces to be shown at a moment, by their track.

    Between two samples of a track that are no further apart than its gap, box and scores move
    linearly. Beyond, and before its first and after its last sample, a face stays where it was for
    half a sampling interval, or as long as asked; in a long gap it can so be in two places at once.

    Args:
        tracks: at least from `hold_ms` and the gap before the moment to as long after it.
        timestamp_ms: the moment.
        hold_ms: for how long a face is shown, at least, before it is found and after it is lost.
    """
    hold_ms = max(hold_ms, min(tracks.interval_ms / 2, LEAST_HOLD_MS))
    reach_ms = max(hold_ms, tracks.gap_ms)
    times = tracks.timestamp_ms
    first = int(np.searchsorted(times, timestamp_ms - reach_ms, side="left"))
    now = int(np.searchsorted(times, timestamp_ms, side="right"))
    end = int(np.searchsorted(times, timestamp_ms + hold_ms, side="right"))
    shown: list[ShownFace] = []
    for one in range(first, now):
        other = int(tracks.following[one])
        if other >= 0 and times[other] - times[one] <= tracks.gap_ms:
            if times[other] > timestamp_ms:
                share = (timestamp_ms - times[one]) / (times[other] - times[one])
                face = _show(tracks, one, other, float(share))
                shown.append(_hold_confidence(tracks, face, one, timestamp_ms))
        elif timestamp_ms - times[one] <= hold_ms:
            face = _show(tracks, one, one, 0.0)
            shown.append(_hold_confidence(tracks, face, one, timestamp_ms))
    for one in range(now, end):
        before = int(tracks.preceding[one])
        if before < 0 or times[one] - times[before] > tracks.gap_ms:
            shown.append(_show(tracks, one, one, 0.0))
    return sorted(shown, key=lambda face: face.track_id)


def _show(tracks: Tracks, one: int, other: int, share: float) -> ShownFace:
    """Returns the face at a share of the way from one of its samples to another."""
    box = tracks.boxes[one] + share * (tracks.boxes[other] - tracks.boxes[one])
    scores = tracks.scores[one] + share * (tracks.scores[other] - tracks.scores[one])
    x, y, width, height = box.tolist()
    return ShownFace(
        int(tracks.track_id[one]), x, y, width, height, scores.astype(np.float32, copy=False)
    )


def _hold_confidence(tracks: Tracks, face: ShownFace, one: int, timestamp_ms: float) -> ShownFace:
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
