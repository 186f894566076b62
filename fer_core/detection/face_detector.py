"""Finds faces with a finder, confirms them by the face check, and follows them by it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.detection.colour import Colour
from fer_core.detection.face_check import FaceCheck, Verdict
from fer_core.detection.finder import Finder, Proposal, score_mirrored
from fer_core.detection.place import Grey, Place
from fer_core.detection.points import pose_of_points
from fer_core.faces import Face, clip_box, square_box

VOUCH, EVEN = 10.0, 0.55
"""How much of a finder's score, above this one, counts beside the logit of the check."""

SURE = 5.0
"""Of what the check is surer than this it also knows better where it is."""

MOST_DOUBT = 1.0
"""What the check can take from a face at most: of turned heads a finder knows more. So alone it
refuses nothing that a finder is surer of than 0.65."""

CLEAR, KNOWN = 0.9, 2.0
"""What a finder is less sure of, and the check no surer, the finder sees in a mirror, too."""

TWICE = 0.5
"""So sure the finder must be of it, on the mean of both: a face is one in a mirror as well, while
hair, hands and cameras often are only what they look like from one side."""

BEGUN, KEPT = 0.7, 0.6
"""So sure a finder must be of what begins a face in a film, which shows it again and again, unless
the check is SURE of it, and to go on with one: that needs less (Zhang et al. 2022, ByteTrack)."""

MISSED = 4.0
"""What the check must be surer of what such a finder does not propose again."""

UNTOLD = 0.85
"""What the check must be surer of what a finder proposes without a score."""

AGAIN_MS = 150
"""The finder looks no sooner again for what was lost or has changed."""

SOUGHT_MS = 1000
"""For so long it looks for what was lost, or until it finds a face: a track waits as long."""

STIRRED, CHANGED, NEW_SCENE = 4.0, 12.0, 32.0
"""Of the cells of a frame from those that were searched last, in grey levels. A cell where no face
is followed must differ by STIRRED for a finder to look again at all, and it does at once where they
do by CHANGED on the mean; by NEW_SCENE all of them, it looks as closely as into a first frame."""

CELLS = (32, 24)

OWN = 0.75
"""What moves so near to the middle of a face that is followed, in its sides, is its own."""

LEAST_SIDE = 20
"""A smaller face is let go, in pixels."""

BEYOND = 0.1
"""So far outside the frame, in sides, may the middle of a face be."""

STILL = 0.1
"""A move by so much, in sides, is believed; of smaller ones a part: the check errs as much."""

LEAST_GAIN = 0.35


@dataclass(frozen=True)
class FollowedFace:
    """A face that is followed.

    Attributes:
        seen: where the check saw it last.
        aside: how far the finder put it from there, in sides; of a turned head it knows better.
        larger: how much larger it made it.
        surety: logit of the check.
        vouched: what the finder adds to it.
        score: of the finder, None where it does not tell.
        move: how far it came since the frame before, in pixels.
        points: float (5, 2), see `place_of_points`; None where neither check nor finder tells.
    """

    seen: Place
    surety: float
    vouched: float
    score: float | None
    aside: tuple[float, float] = (0.0, 0.0)
    larger: float = 1.0
    move: tuple[float, float] = (0.0, 0.0)
    points: NDArray[np.floating] | None = None

    @property
    def place(self) -> Place:
        """Where it is."""
        x, y, side, tilt = self.seen
        across, down = self.aside
        return Place(x + across * side, y + down * side, side * self.larger, tilt)

    @property
    def total(self) -> float:
        """How sure it is: what is below 0 is let go."""
        return max(self.surety, -MOST_DOUBT) + self.vouched

    def unproposed(self) -> FollowedFace:
        """Returns it as it stands where the finder looks again, until that proposes it."""
        return replace(self, vouched=0.0 if self.score is None else -MISSED)

    def proposed_at(self, proposal: Proposal) -> FollowedFace:
        """Returns it as a finder sees it that tells how sure it is."""
        told = replace(self, vouched=vouch(proposal.score), score=proposal.score)
        if proposal.score is None or self.surety > SURE:
            return replace(told, aside=(0.0, 0.0), larger=1.0)
        place, side = proposal.place, self.seen.side
        aside = (place.x - self.seen.x) / side, (place.y - self.seen.y) / side
        return replace(told, aside=aside, larger=place.side / side)

    @property
    def shown_score(self) -> float:
        """The score of the finder where it last looked; of one without, that of the check. 0-1."""
        if self.score is not None:
            return self.score
        return 1 / (1 + math.exp(-self.surety))

    def shown_in(self, size: tuple[int, int]) -> Face:
        """Returns it as it is in a frame of a width and height."""
        x, y, side, tilt = self.place
        yaw = None
        if self.points is not None:
            tilt, yaw = pose_of_points(self.points, tilt)
        square = square_box((x, y), side, size)
        return Face(clip_box(square, size), square, self.shown_score, tilt, yaw)


def vouch(score: float | None) -> float:
    """Returns what a finder's score adds to the logit of the check."""
    return -UNTOLD if score is None else VOUCH * (score - EVEN)


class FaceDetector:
    """Finds and follows the faces of the frames of a segment.

    A finder searches the whole frame where a segment or a scene starts (closely), every
    `redetect_ms` unless nothing has changed beside the faces, at once where much has, and for a
    second where a face was lost; the check
    confirms what it proposes, and each face that is followed in each frame. What the check refuses
    is not there.

    One per thread.

    Args:
        finder: proposes faces.
        check: tells whether they are some.
        redetect_ms: how often a frame is searched; None where each is a picture of its own.
    """

    def __init__(self, finder: Finder, check: FaceCheck, redetect_ms: int | None) -> None:
        self._find, self._check, self._redetect_ms = finder, check, redetect_ms
        self._faces: list[FollowedFace] = []
        self._searched_ms, self._sought_ms, self._shape, self._scans = 0, 0, (0, 0), 0
        self._cells: NDArray[np.float32] = np.zeros(CELLS[::-1], np.float32)

    def __call__(
        self, grey: Grey, since_ms: int | None = None, colour: Colour | None = None, /
    ) -> list[Face]:
        """Returns the faces of a frame, uint8 (height, width)."""
        colour = colour and cache(colour)
        if since_ms is None or self._redetect_ms is None or grey.shape != self._shape:
            self._faces, self._sought_ms = [], 0
            self._search(grey, colour, closely=True)
        else:
            self._advance(grey, since_ms, colour)
        self._shape = grey.shape
        size = grey.shape[1], grey.shape[0]
        return sorted(face.shown_in(size) for face in self._faces)

    def take_counts(self) -> dict[str, int]:
        """Returns what was done since this was asked last: `scans` of frames, `looks` at places."""
        counts, self._scans = {"scans": self._scans, "looks": self._check.take_looks()}, 0
        return counts

    def _advance(self, grey: Grey, since_ms: int, colour: Colour | None) -> None:
        """Follows the faces of the frame before, and searches for new ones where it is due."""
        self._searched_ms += since_ms
        self._sought_ms -= since_ms
        followed = [self._follow(grey, face, colour) for face in self._faces]
        self._keep([face for face in followed if face is not None])
        due = self._searched_ms >= (self._redetect_ms or 0)
        if not (due or self._searched_ms >= AGAIN_MS):
            return
        change = np.abs(shrink(grey) - self._cells)
        is_new = bool(change.mean() > NEW_SCENE)
        for face in self._faces:
            change[cells_around(face.place, grey.shape)] = 0
        stirred = change.max() > STIRRED if due else change.mean() > CHANGED
        if is_new or stirred or self._sought_ms > 0:
            self._search(grey, colour, closely=is_new)

    def _follow(self, grey: Grey, face: FollowedFace, colour: Colour | None) -> FollowedFace | None:
        """Finds a face in the next frame; None where neither check nor finder knows it there."""
        across, down = face.move
        ahead = face.seen._replace(x=face.seen.x + across, y=face.seen.y + down)
        seen = self._check.confirm(grey, face.seen)
        if seen.surety < 0 and (across or down):
            seen = max(seen, self._check.confirm(grey, ahead), key=lambda each: each.surety)
        if seen.surety < 0:
            return self._find_again(grey, face, colour)
        place = settle(face.seen, seen)
        move = place.x - face.seen.x, place.y - face.seen.y
        if seen.surety > SURE:
            face = replace(face, aside=(0.0, 0.0), larger=1.0)
        face = replace(face, seen=place, surety=seen.surety, move=move, points=seen.points)
        return keep_sure(grey, face)

    def _find_again(
        self, grey: Grey, face: FollowedFace, colour: Colour | None
    ) -> FollowedFace | None:
        """Lets a finder that tells how sure it is look for a face around where it was."""
        if face.score is None:
            return None
        near = [
            proposal
            for proposal in self._find(grey, colour, face.place)
            if proposal.place.is_near(face.place) and (proposal.score or 0) >= KEPT
        ]
        if not near:
            return None
        best = max(near, key=lambda proposal: proposal.score or 0)
        found = FollowedFace(best.place, 0.0, 0.0, None, points=best.points)
        return keep_sure(grey, found.proposed_at(best))

    def _search(self, grey: Grey, colour: Colour | None, closely: bool) -> None:
        """Lets the finder search the frame, and follows what the check confirms of it."""
        self._scans += 1
        self._searched_ms, self._cells = 0, shrink(grey)
        faces = [face.unproposed() for face in self._faces]
        proposed: set[int] = set()
        found = self._find(grey, colour, closely=closely)
        look_again = partial(score_mirrored, self._find, grey, colour, closely)
        for proposal in sorted(found, key=lambda each: -(each.score or 0)):
            near = [at for at, face in enumerate(faces) if face.place.is_near(proposal.place)]
            at = near[0] if near else len(faces)
            if at in proposed:  # of several proposals for one face the surest counts
                continue
            if near:
                faces[at] = faces[at].proposed_at(proposal)
            elif (begun := self._confirm(grey, proposal)) and self._begins(begun, look_again):
                faces.append(begun)
            else:
                continue
            proposed.add(at)
        self._keep([face for face in faces if face.total >= 0])

    def _keep(self, faces: list[FollowedFace]) -> None:
        """Goes on with faces; what is lost is sought from now on, until there is one more."""
        before, self._faces = len(self._faces), drop_doubles(faces)
        if len(self._faces) != before:
            self._sought_ms = SOUGHT_MS if len(self._faces) < before else 0

    def _confirm(self, grey: Grey, proposal: Proposal) -> FollowedFace | None:
        seen = self._check.confirm(grey, proposal.place)
        if not seen.place.is_near(proposal.place):  # that is another face
            seen = self._check.look(grey, proposal.place)._replace(place=proposal.place)
        known = seen.surety > 0
        place = seen.place if known else proposal.place
        points = seen.points if known else proposal.points
        face = FollowedFace(place, seen.surety, 0.0, None, points=points)
        return keep_sure(grey, face.proposed_at(proposal))

    def _begins(self, face: FollowedFace, look_again: Callable[[Place], float]) -> bool:
        """Tells whether a face may be followed from now on.

        Args:
            face: as finder and check see it.
            look_again: how sure the finder is of a place in a mirror.
        """
        is_film = self._redetect_ms is not None
        if face.score is None:
            return True
        if is_film and face.score < BEGUN and face.surety <= SURE:
            return False
        if face.score >= CLEAR or face.surety > KNOWN:
            return True
        return (face.score + look_again(face.place)) / 2 >= TWICE


def keep_sure(grey: Grey, face: FollowedFace) -> FollowedFace | None:
    """Returns a face if it is one, is large enough and half of it is in the frame; else None."""
    (height, width), place = grey.shape, face.place
    over = BEYOND * place.side
    inside = -over <= place.x < width + over and -over <= place.y < height + over
    return face if inside and place.side >= LEAST_SIDE and face.total >= 0 else None


def settle(before: Place, seen: Verdict) -> Place:
    """Returns where a face is now: of small moves a part is believed."""
    place = seen.place
    moved = max(abs(place.x - before.x), abs(place.y - before.y)) / before.side
    grown = abs(math.log(place.side / before.side))
    turned = abs(place.tilt - before.tilt) / 90
    far = max(moved, grown, turned) / STILL if seen.surety > 0 else 0.0
    gain = min(1.0, max(LEAST_GAIN, far))
    return Place(*(old + gain * (new - old) for old, new in zip(before, place, strict=True)))


def drop_doubles(faces: list[FollowedFace]) -> list[FollowedFace]:
    """Keeps of faces that are in one place the surest."""
    kept: list[FollowedFace] = []
    for face in sorted(faces, key=lambda face: -face.total):
        if not any(face.place.is_near(other.place) for other in kept):
            kept.append(face)
    return kept


def cells_around(place: Place, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Returns which cells of a frame of a height and width a face lies in, rows and columns."""
    cells = []
    for middle, length, count in zip((place.y, place.x), shape, CELLS[::-1], strict=True):
        first, last = ((middle + way * place.side) / length * count for way in (-OWN, OWN))
        cells.append(slice(max(0, int(first)), max(0, int(last) + 1)))
    return cells[0], cells[1]


def shrink(grey: Grey) -> NDArray[np.float32]:
    """Returns the mean grey of the cells of a frame, uint8 (height, width), roughly."""
    step = max(1, min(grey.shape) // 90)
    small = cv2.resize(grey[::step, ::step], CELLS, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)
