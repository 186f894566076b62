"""Tracks: the same face through a video, and what it shows once its scores are smoothed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fer_core.emotions import NAMES
from fer_core.records import SCORE_COLUMNS, fill_columns
from fer_core.tracking.descriptors import Descriptors
from fer_core.tracking.gaps import link_gaps
from fer_core.tracking.people import number_people
from fer_core.tracking.sightings import Sightings, Whole, read_sightings
from fer_core.tracking.smoothing import Scores, smooth_scores
from fer_core.tracking.tracklets import chain, link_surely

COVER_MS = 1000
"""A cover stays at least so long before the first and after the last sample of a face."""

MOST_HOLD_MS = 200
"""Beyond its first and last sample a face is shown for half a sampling interval, at most this."""

BOX_COLUMNS = ("box_x", "box_y", "box_width", "box_height")

_EACH = ("timestamp_ms", "track_id", "person_id", "boxes", "scores", "looked_ms")
"""What tracks hold of each face."""


@dataclass(frozen=True, eq=False)
class TrackScores:
    """The linked faces of a video, or of a part of it, in the order of their time.

    Attributes:
        timestamp_ms: int64 (n,), rising.
        track_id: int32 (n,), the same face through the video, from 0.
        person_id: int32 (n,), the same person through the video, from 0.
        boxes: float32 (n, 4), x, y, width and height in pixels.
        scores: float32 (n, 7), smoothed.
        looked_ms: int64 (n, 2), times of the last sampled frame before each that could be decoded,
            and of the first one after it: there it is no longer, where it is not found.
        gap_ms: for so long a face is taken to be there between two of its samples.
        interval_ms: time from one sampled frame to the next, usually; 0 for a single one.
    """

    timestamp_ms: Whole
    track_id: NDArray[np.int32]
    person_id: NDArray[np.int32]
    boxes: NDArray[np.float32]
    scores: Scores
    looked_ms: Whole
    gap_ms: float
    interval_ms: float

    def __len__(self) -> int:
        """Returns the number of faces."""
        return len(self.timestamp_ms)

    def between(self, from_ms: float, to_ms: float) -> TrackScores:
        """Returns the part from a time to another, both included."""
        first = int(np.searchsorted(self.timestamp_ms, from_ms, side="left"))
        end = max(first, int(np.searchsorted(self.timestamp_ms, to_ms, side="right")))
        return replace(self, **{name: getattr(self, name)[first:end].copy() for name in _EACH})

    def beside(self, other: TrackScores) -> TrackScores:
        """Returns them with other tracks of the same video, which are numbered after them."""
        track, person = (ids.max(initial=-1) + 1 for ids in (self.track_id, self.person_id))
        after = replace(other, track_id=other.track_id + track, person_id=other.person_id + person)
        order = np.argsort(np.append(self.timestamp_ms, after.timestamp_ms), kind="stable")
        columns: dict[str, Any] = {
            name: np.concatenate([getattr(self, name), getattr(after, name)])[order]
            for name in _EACH
        }
        return replace(self, **columns)

    @cached_property
    def cover_reach_ms(self) -> float:
        """For how long a sample tells where its face may be, before it or after it, at most."""
        linked = np.flatnonzero(self.following >= 0)
        gaps_ms = self.timestamp_ms[self.following[linked]] - self.timestamp_ms[linked]
        aside_ms = np.abs(self.covered_ms - self.timestamp_ms[:, np.newaxis])
        return float(max(COVER_MS, gaps_ms.max(initial=0), aside_ms.max(initial=0)))

    @cached_property
    def covered_ms(self) -> Whole:
        """Since when and until when a cover stays where a face was found; int64 (n, 2)."""
        since, until = self.looked_ms.T
        times = self.timestamp_ms
        return np.stack(
            [np.minimum(times - COVER_MS, since), np.maximum(times + COVER_MS, until)], axis=1
        )

    @cached_property
    def held_ms(self) -> NDArray[np.float64]:
        """Since when and until when a face is shown where it was found; float64 (n, 2)."""
        hold_ms = min(self.interval_ms / 2, MOST_HOLD_MS)
        return np.stack([self.timestamp_ms - hold_ms, self.timestamp_ms + hold_ms], axis=1)

    @cached_property
    def following(self) -> Whole:
        """Position of the next face of the same track, -1 for the last; int64 (n,)."""
        order = np.lexsort((self.timestamp_ms, self.track_id))
        following = np.full(len(self), -1, np.int64)
        same = self.track_id[order[1:]] == self.track_id[order[:-1]]
        following[order[:-1][same]] = order[1:][same]
        return following

    @cached_property
    def preceding(self) -> Whole:
        """Position of the face before in the same track, -1 for the first; int64 (n,)."""
        preceding = np.full(len(self), -1, np.int64)
        linked = np.flatnonzero(self.following >= 0)
        preceding[self.following[linked]] = linked
        return preceding


def link_tracks(
    faces: pa.Table,
    frames: pa.Table,
    marks: Descriptors | None = None,
    people: int | None = None,
    track: Whole | None = None,
) -> tuple[pa.Table, TrackScores]:
    """Links the faces of a video to tracks, joins those of one person, and smooths their scores.

    A face keeps its track while it is found again within a second, or within 1.5 sampling
    intervals where these are longer, and for up to 3 s behind another face; not across a cut.

    Args:
        faces: all rows of the table `faces` of one video, in order of frame and face.
        frames: all its rows of the table `frames`, in order.
        marks: what detection noted beside them; without, cuts are not known, and who is who only
            by place, size and motion, and every track is a person.
        people: how many people the video shows, None where that is not known.
        track: int64 (n,), as `number_tracks` gives it, None where that is not known yet.

    Returns:
        The rows of `faces` with `track_id`, `person_id`, `smoothed_emotion` and
        `smoothed_confidence`, and the tracks. Tracks and people are numbered in the order in which
        they begin.

    Raises:
        ValueError: the marks are not those of these rows, or a face is in no sampled frame.
    """
    seen = read_sightings(faces, frames, marks)
    # Of a picture every face is one, which is much quicker told than found.
    single = len(frames) == 1
    if track is None:
        track = np.arange(len(faces)) if single else number_tracks(seen)
    raw = np.stack([faces[name].to_numpy() for name in SCORE_COLUMNS], axis=1)
    times = np.asarray(faces["timestamp_ms"].to_numpy(), np.int64)
    smooth = np.asarray(raw, np.float32)
    if not single:
        smooth = smooth_scores(smooth, times, track)
    boxes = np.stack([faces[name].to_numpy() for name in BOX_COLUMNS], axis=1)
    tracks = TrackScores(
        times,
        track.astype(np.int32),
        (track if single else number_people(seen, track, people)).astype(np.int32),
        boxes.astype(np.float32),
        smooth,
        _look_around(frames, times),
        seen.gap_ms,
        seen.interval_ms,
    )
    return _fill_in(faces, tracks), tracks


def _look_around(frames: pa.Table, times: Whole) -> Whole:
    """Returns when it was looked last before these times and first after them, int64 (n, 2)."""
    every = np.asarray(frames["timestamp_ms"].to_numpy(), np.int64)
    looked = every[pc.not_equal(frames["status"], "decode_error").to_numpy(zero_copy_only=False)]
    longest = int(np.diff(every).max(initial=0))
    bounds = np.concatenate([every[:1], looked, every[-1:] + longest])
    before = np.searchsorted(looked, times, side="left")
    after = np.searchsorted(looked, times, side="right") + 1
    return np.stack([bounds[before], bounds[after]], axis=1)


def number_tracks(seen: Sightings) -> Whole:
    """Returns the track of each face, int64 (n,), from 0 in the order in which they begin."""
    sure = link_surely(seen)
    across = link_gaps(seen, chain(sure))
    return chain(np.where(across >= 0, across, sure))


def _fill_in(faces: pa.Table, tracks: TrackScores) -> pa.Table:
    """Returns the rows of `faces` with what the tracks and people tell."""
    best = pa.array(tracks.scores.argmax(axis=1).astype(np.int8))
    names = pa.DictionaryArray.from_arrays(best, pa.array(NAMES, pa.string()))
    told = {
        "track_id": pa.array(tracks.track_id, pa.int32()),
        "person_id": pa.array(tracks.person_id, pa.int32()),
        "smoothed_emotion": names.cast(pa.string()),
        "smoothed_confidence": pa.array(tracks.scores.max(axis=1, initial=0), pa.float32()),
    }
    return fill_columns(faces, told)
