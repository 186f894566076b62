"""How far tracks agree with who is known to be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

from fer_core.faces import Box
from tests.bench.generated.truth import Truth, pair_boxes

SURELY = 0.5
"""Least intersection over union by which a box tells who it is."""

SOON_MS = 1000
"""A face that is found again within this keeps its track."""


class Tracked(NamedTuple):
    """A sampled frame: its position in the clip, its time, its boxes and the track of each."""

    frame_index: int
    timestamp_ms: int
    boxes: Sequence[Box]
    tracks: Sequence[int]


@dataclass(frozen=True)
class Identities:
    """What became of the people of clips; those of several can be added.

    Attributes:
        people: how many were found at all.
        tracks: how many tracks there were, also of what is no face.
        switches: how often a track went over from one person to another.
        fragments: how often a person who was found again within a second had another track.
        later: likewise, after more than a second.
    """

    people: int = 0
    tracks: int = 0
    switches: int = 0
    fragments: int = 0
    later: int = 0

    def __add__(self, other: Identities) -> Identities:
        names = [field.name for field in fields(self)]
        return Identities(*(getattr(self, name) + getattr(other, name) for name in names))


def score_tracks(truth: Truth, sampled: Sequence[Tracked]) -> Identities:
    """Follows every person through the tracks of a clip.

    A box is the person's whose face it overlaps most. It says nothing where that face is hidden,
    as a box around it is neither right nor wrong.
    """
    owners: dict[int, int] = {}
    found: dict[int, tuple[int, int]] = {}
    switches = fragments = later = 0
    for frame in sampled:
        seen = truth.faces[frame.frame_index]
        faces = seen + truth.partial[frame.frame_index]
        for number, place in pair_boxes(faces, frame.boxes, SURELY).items():
            if number >= len(seen):
                continue
            person, track = faces[number].person, frame.tracks[place]
            switches += owners.get(track, person) != person
            before, before_ms = found.get(person, (track, 0))
            soon = frame.timestamp_ms - before_ms <= SOON_MS
            fragments += before != track and soon
            later += before != track and not soon
            owners[track], found[person] = person, (track, frame.timestamp_ms)
    tracks = len({track for frame in sampled for track in frame.tracks})
    return Identities(len(found), tracks, switches, fragments, later)
