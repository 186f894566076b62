"""People: which tracks of one video are the same person, who left and came back.

All that is compared is what linking has anyway: where and when a face is seen, the mean grey of
8 x 8 cells of it and of 3 x 2 cells of the clothes below. It tells the few people of one video
apart, and nobody from one video to the next; only a number is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fer_core.tracking.descriptors import CLOTHES, looks_apart, settle_looks
from fer_core.tracking.runs import choose_alone
from fer_core.tracking.sightings import Floats, Sightings, Whole
from fer_core.tracking.tracklets import PAIRS, pair_ranges

SAME_LOOKS = 15.5
"""Tracks that are further apart, in grey levels, are of two people: fitted on generated clips."""

PLACE_WORTH, MOST_PLACE = 1.0, 4.0
"""Grey levels that being a side of the face away counts, or twice as large; and at most."""

MOST_LIGHT, LIGHT_WORTH = 1.35, 10.0
"""By how much light may have changed between two tracks of a shot, and what a factor e counts."""

LOOKED_BACK = 64
"""A stay is compared with so many that ended last before it, and so many of the longest."""

LEAST_GAP = 4
"""A face that is not found in so many sampled frames less one may stand elsewhere meanwhile."""


@dataclass(frozen=True)
class Stays:
    """The m stays of the faces of a video: stretches of a track without a gap.

    Attributes:
        track: int64 (m,), track of each, rising.
        first: int64 (m,), position of the sampled frame where each begins.
        last: int64 (m,), of the one where it ends.
        count: int64 (m,), faces of each.
        looks: float32 (m, LOOKS_SIZE), those of its track on average.
        place: float64 (2, m, 4), at its start and its end: x, y and side of the box, and the shot.
    """

    track: Whole
    first: Whole
    last: Whole
    count: Whole
    looks: NDArray[np.float32]
    place: Floats


def number_people(seen: Sightings, track: Whole, most: int | None = None) -> Whole:
    """Returns the person of each face, int64 (n,), from 0 in the order in which they are seen.

    Two tracks are the same person where they never are at the same time and look alike, the pairs
    that do most first; people who come together so are compared on average once more.

    Args:
        seen: the faces of the video.
        track: int64 (n,), the track of each, numbered in the order in which they begin.
        most: so many people are wanted: tracks that are not at the same time are joined, the most
            alike first, until no more are left. None for as many as look different.
    """
    if seen.looks is None or not track.any():  # one track is one person
        return track
    stays = _describe_stays(seen, track, seen.looks)
    one, other, apart = _compare(stays)
    groups = _Groups(stays)
    for at in np.argsort(apart, kind="stable"):
        too_many = most is not None and groups.count > most
        if apart[at] >= SAME_LOOKS and not too_many:
            break
        if too_many or groups.are_alike(one[at], other[at]):
            groups.join(one[at], other[at])
    return np.asarray(groups.numbers()[track], np.int64)


def _describe_stays(seen: Sightings, track: Whole, looks: NDArray[np.float32]) -> Stays:
    order = np.argsort(track, kind="stable")
    begins = np.diff(track[order], prepend=-1) != 0
    begins |= np.diff(seen.frame[order], prepend=0) > LEAST_GAP
    bounds = np.append(np.flatnonzero(begins), len(order))
    first, last = order[bounds[:-1]], order[bounds[1:] - 1]
    places = [
        np.stack([values[at] for values in (seen.x, seen.y, seen.side, seen.shot)], axis=1)
        for at in (first, last)
    ]
    return Stays(
        track[first],
        seen.frame[first],
        seen.frame[last],
        np.diff(bounds),
        _mean_looks(seen, track, looks)[track[first]],
        np.stack(places).astype(np.float64),
    )


def _mean_looks(seen: Sightings, track: Whole, looks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns what tracks look like on average, float32 (tracks, LOOKS_SIZE)."""
    told = np.flatnonzero(choose_alone(seen, track))
    order = told[np.argsort(track[told], kind="stable")]
    starts = np.searchsorted(track[order], np.arange(track.max() + 1))
    sums = np.add.reduceat(looks[order].astype(np.float64), starts)
    return settle_looks(sums, np.diff(starts, append=len(order)))


def _compare(stays: Stays) -> tuple[Whole, Whole, Floats]:
    """Returns tracks of which one has a stay after one of the other, and how far they are apart."""
    pairs = [(one, other, _measure(stays, one, other)) for one, other in _pair_stays(stays)]
    one, other, apart = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    return stays.track[one], stays.track[other], apart


def _pair_stays(stays: Stays) -> Iterator[tuple[Whole, Whole]]:
    """Yields pairs of stays of two tracks of which one ends before the other, many at a time."""
    by_end = np.argsort(stays.last, kind="stable")
    ended = np.searchsorted(stays.last[by_end], stays.first, side="left")
    longest = np.sort(np.argsort(-stays.count, kind="stable")[:LOOKED_BACK])
    step = max(1, PAIRS // (2 * LOOKED_BACK))
    for begin in range(0, len(ended), step):
        part = np.arange(begin, min(begin + step, len(ended)))
        other, place = pair_ranges(part, np.maximum(ended[part] - LOOKED_BACK, 0), ended[part])
        one = by_end[place]
        long, late = (axis.reshape(-1) for axis in np.meshgrid(longest, part, indexing="ij"))
        before = stays.last[long] < stays.first[late]
        both = np.concatenate([one, long[before]]), np.concatenate([other, late[before]])
        one, other = np.unique(np.stack(both), axis=1)
        parted = stays.track[one] != stays.track[other]
        yield one[parted], other[parted]


def _measure(stays: Stays, one: Whole, other: Whole) -> Floats:
    """Returns how far apart pairs of tracks are, (n,), in grey levels.

    Within a shot the light may have changed, and it counts how far away the other begins. After a
    cut the place tells nothing, and looks are compared as they are.
    """
    x, y, side, shot = stays.place[1, one].T
    to_x, to_y, to_side, to_shot = stays.place[0, other].T
    moved = np.hypot(to_x - x, to_y - y) / np.sqrt(side * to_side)
    moved += np.abs(np.log2(to_side / side))
    looks = stays.looks[one], stays.looks[other]
    within = _apart_in_light(*looks) + np.minimum(PLACE_WORTH * moved, MOST_PLACE)
    return np.where(shot == to_shot, within, looks_apart(*looks))


def _apart_in_light(one: NDArray[np.float32], other: NDArray[np.float32]) -> Floats:
    """Returns how far pairs of looks are apart, (n,), once they are lit alike."""
    seen = np.where((one[:, -1] > 0) & (other[:, -1] > 0), 0.5, 0.0)
    ratio = (_brightness(other, seen) + 1) / (_brightness(one, seen) + 1)
    ratio = np.clip(ratio, 1 / MOST_LIGHT, MOST_LIGHT)
    half = np.sqrt(ratio)[:, np.newaxis].astype(np.float32)
    return looks_apart(one * half, other / half) + LIGHT_WORTH * np.abs(np.log(ratio))


def _brightness(looks: NDArray[np.float32], clothes: Floats) -> Floats:
    """Returns the mean grey of looks, (n,), of which the clothes have these shares."""
    face, below = looks[:, : CLOTHES.start].mean(axis=1), looks[:, CLOTHES].mean(axis=1)
    return np.asarray((1 - clothes) * face + clothes * below, np.float64)


class _Groups:
    """Tracks that are joined: when each group is seen, and what it looks like on average."""

    def __init__(self, stays: Stays) -> None:
        tracks, begins = np.unique(stays.track, return_index=True)
        self.count = len(tracks)
        self._of = np.arange(self.count)
        self._members = [[at] for at in range(self.count)]
        self._times: list[list[tuple[int, int]]] = [[] for _ in range(self.count)]
        for track, first, last in zip(stays.track, stays.first, stays.last, strict=True):
            self._times[track].append((int(first), int(last)))
        self._counts = np.add.reduceat(stays.count, begins).astype(np.float64)
        self._sums = stays.looks[begins] * self._counts[:, np.newaxis]
        self._sums[:, CLOTHES] *= stays.looks[begins, -1:]

    def are_alike(self, one: int, other: int) -> bool:
        """Tells whether the groups of two tracks look alike on average."""
        both = self._of[[one, other]]
        pair = settle_looks(self._sums[both], self._counts[both])
        return bool(_apart_in_light(pair[:1], pair[1:])[0] < SAME_LOOKS)

    def join(self, one: int, other: int) -> None:
        """Joins the groups of two tracks, unless both are seen at the same time."""
        a, b = sorted((int(self._of[one]), int(self._of[other])))
        if a == b:
            return
        times = sorted(self._times[a] + self._times[b])
        if any(now[1] >= then[0] for now, then in pairwise(times)):
            return
        self._sums[a] += self._sums[b]
        self._counts[a] += self._counts[b]
        self._times[a] = times
        self._of[self._members[b]] = a
        self._members[a] += self._members[b]
        self.count -= 1

    def numbers(self) -> Whole:
        """Returns the number of each track's group, in the order of their first tracks."""
        return np.asarray(np.unique(self._of, return_inverse=True)[1], np.int64)
