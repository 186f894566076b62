"""What the timelines of a video show: smoothed scores of each person in even steps of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer_core.tracking.smoothing import WINDOW_MS, smooth_scores

MOST_STEPS = 600
STEPS_MS = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000)
MOST_TRACKS = 8
"""Tracks of a video that have a timeline: those seen most."""

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class TimedScores:
    """The faces of one video that are followed.

    Attributes:
        track: int64 (n,), the person, rising.
        ms: int64 (n,), time of each, rising in each track.
        sample: int64 (n,), which of the sampled frames it is in, from 0.
        scores: float32 (n, 7).
    """

    track: Whole
    ms: Whole
    sample: Whole
    scores: NDArray[np.float32]

    def __getitem__(self, rows: slice | NDArray[np.bool_]) -> TimedScores:
        """Returns some of them."""
        return TimedScores(self.track[rows], self.ms[rows], self.sample[rows], self.scores[rows])


def choose_step(duration_ms: int, sampled: int) -> int:
    """Returns the milliseconds of a step: about a sample or more, and at most 600 of them."""
    wanted = max(0.95 * duration_ms / max(sampled, 1), duration_ms / MOST_STEPS)
    for step in STEPS_MS:
        if step >= wanted:
            return step
    return int(-(-wanted // STEPS_MS[-1])) * STEPS_MS[-1]


def draw_timeline(faces: TimedScores, duration_ms: int, sampled: int) -> dict[str, Any]:
    """Returns the timelines of a video as plain values for its page.

    Returns:
        `seconds` (length), `step` (seconds) and `tracks`: of each its `person_id` and `runs`, the
        stretches in which it was found: `[first step, whole per cent of the seven, ...]`. Step k
        is what lies around k times its length.
    """
    step = choose_step(duration_ms, sampled)
    faces = _keep_longest(faces)
    scores = faces.scores
    if step < WINDOW_MS and len(scores):
        scores = smooth_scores(scores, faces.ms, faces.track)
    last = int(faces.ms.max(initial=0))
    tracks: dict[int, list[list[int]]] = {}
    for track, first, percent in _average_runs(faces, scores, step):
        tracks.setdefault(track, []).append([first, *percent.ravel().tolist()])
    return {
        "seconds": max(duration_ms, last) / 1000,
        "step": step / 1000,
        "tracks": [{"person_id": track, "runs": runs} for track, runs in tracks.items()],
    }


def _keep_longest(faces: TimedScores) -> TimedScores:
    """Leaves out the tracks that are seen least."""
    tracks, counts = np.unique(faces.track, return_counts=True)
    return faces[np.isin(faces.track, tracks[np.argsort(-counts, kind="stable")[:MOST_TRACKS]])]


def _average_runs(
    faces: TimedScores, scores: NDArray[np.float32], step: int
) -> list[tuple[int, int, NDArray[np.int64]]]:
    """Averages scores in steps; returns track, first step and per cent (k, 7) of each run.

    A step in which no frame was sampled, as happens where rates vary, repeats the one before it.
    """
    place = (faces.ms + step // 2) // step
    starts = np.flatnonzero(_differs(faces.track, 0) | _differs(place, 0))
    if not len(starts):
        return []
    ends = np.append(starts[1:], len(place))
    means = np.add.reduceat(scores, starts, axis=0) / (ends - starts)[:, np.newaxis]
    percent = np.rint(100 * means).astype(np.int64)
    missed = np.append(np.diff(faces.sample)[starts[1:] - 1] != 1, True)
    track, place = faces.track[starts], place[starts]
    other = np.roll(_differs(track, 0), -1)
    times = np.where(missed | other, 1, np.append(np.diff(place), 1))
    repeated = np.repeat(np.arange(len(place)), times)
    again = np.arange(len(repeated)) - np.repeat(np.cumsum(times) - times, times)
    track, place, percent = track[repeated], place[repeated] + again, percent[repeated]
    firsts = np.flatnonzero(_differs(track, 0) | _differs(place, 1))
    return [
        (int(track[first]), int(place[first]), percent[first:end])
        for first, end in zip(firsts, [*firsts[1:], len(place)], strict=True)
    ]


def _differs(values: Whole, usual: int) -> NDArray[np.bool_]:
    """Tells where a value is not the one before it plus `usual`; the first never is."""
    differs = np.ones(len(values), np.bool_)
    differs[1:] = np.diff(values) != usual
    return differs
