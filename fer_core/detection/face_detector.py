"""Finds faces with a finder, confirms them by the face check, and follows them by it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.detection.colour import Colour
from fer_core.detection.face_check import FaceCheck
from fer_core.detection.finder import Finder, Proposal, score_mirrored
from fer_core.detection.place import Grey, Place
from fer_core.faces import Face, clip_box, square_box
from fer_core.visibility import pose_of_points

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

SURELY = 0.8
"""What a finder is surer of, or the check is SURE of, surely is a face, and stays one while it is
followed; what never is has no row once the film is whole, and is not shown live."""

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

STILL, LEAST_GAIN = 0.1, 0.35
"""A move by so much, in sides, is believed; of smaller ones a part: the check errs as much."""


@dataclass(frozen=True)
class FollowedFace:
    """A face that is followed.

    Attributes:
        seen: where the check saw it last.
        surety: logit of the check.
        points: float (5, 2), see `place_of_points`; None where neither check nor finder tells.
        score: of the finder, None where it does not tell.
        vouched: what the finder adds to the logit.
        aside: how far the finder put it from there, x and y in sides, and how much larger it made
            it; of a turned head it knows better.
        move: how far it came since the frame before, x and y in pixels: it is looked for so far on.
        was_sure: whether it was sure before.
    """

    seen: Place
    surety: float
    points: NDArray[np.floating] | None
    score: float | None = None
    vouched: float = 0.0
    aside: tuple[float, float, float] = (0.0, 0.0, 1.0)
    move: tuple[float, float] = (0.0, 0.0)
    was_sure: bool = False

    @property
    def place(self) -> Place:
        """Where it is."""
        (x, y, side, tilt), (across, down, larger) = self.seen, self.aside
        return Place(x + across * side, y + down * side, side * larger, tilt)

    @property
    def total(self) -> float:
        """How sure it is: what is below 0 is let go."""
        return max(self.surety, -MOST_DOUBT) + self.vouched

    @property
    def sure(self) -> bool:
        """Whether it surely is a face, or was before."""
        return self.was_sure or self.surety > SURE or (self.score or 0.0) >= SURELY

    def unproposed(self) -> FollowedFace:
        """Returns it as it stands where the finder looks again, until that proposes it."""
        return replace(self, vouched=0.0 if self.score is None else -MISSED)

    def proposed_at(self, proposal: Proposal) -> FollowedFace:
        """Returns it as a finder sees it, too."""
        if proposal.score is None:
            return replace(self, vouched=-UNTOLD)
        place = self.seen if self.surety > SURE else proposal.place
        (x, y, side, _), vouched = self.seen, VOUCH * (proposal.score - EVEN)
        aside = (place.x - x) / side, (place.y - y) / side, place.side / side
        score = proposal.score
        return replace(self, score=score, vouched=vouched, aside=aside, was_sure=self.sure)

    def shown_in(self, size: tuple[int, int]) -> Face:
        """Returns it as it is in a frame of a width and height.

        Its score is that of the finder where it last looked; of one without, that of the check.
        """
        (x, y, side, tilt), yaw, score = self.place, None, self.score
        if self.points is not None:
            tilt, yaw = pose_of_points(self.points, tilt)
        if score is None:
            score = 1 / (1 + math.exp(-self.surety))
        square = square_box((x, y), side, size)
        return Face(clip_box(square, size), square, score, tilt, yaw, self.sure)


class FaceDetector:
    """Finds and follows the faces of the frames of a segment.

    A finder searches the whole frame where a segment or a scene starts (closely), every
    `redetect_ms` unless nothing has changed beside the faces, at once where much has, and for a
    second where a face was lost; the check confirms what it proposes, and each face that is
    followed in each frame. What the check refuses is not there.

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
            self._faces, self._sought_ms, self._shape = [], 0, grey.shape
            self._search(grey, colour, closely=True)
        else:
            self._advance(grey, since_ms, colour)
        return sorted(face.shown_in((grey.shape[1], grey.shape[0])) for face in self._faces)

    def take_counts(self) -> dict[str, int]:
        """Returns what was done since this was asked last: `scans` of frames, `looks` at places."""
        counts, self._scans = {"scans": self._scans, "looks": self._check.take_looks()}, 0
        return counts

    def _advance(self, grey: Grey, since_ms: int, colour: Colour | None) -> None:
        """Follows the faces of the frame before, and searches for new ones where it is due."""
        self._searched_ms += since_ms
        self._sought_ms -= since_ms
        self._keep([self._follow(grey, face, colour) for face in self._faces])
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
        """Finds a face in the next frame; None where neither check nor finder knows it there.

        A finder that tells how sure it is looks around where it was, once the check sees none.
        """
        (x, y, *_), (across, down) = face.seen, face.move
        seen = self._check.confirm(grey, face.seen._replace(x=x + across, y=y + down))
        if seen.surety >= 0:
            place = settle(face.seen, seen.place)
            move = place.x - x, place.y - y
            aside = (0.0, 0.0, 1.0) if seen.surety > SURE else face.aside
            told = face.score, face.vouched, aside, move, face.sure
            return FollowedFace(place, seen.surety, seen.points, *told)
        found = [] if face.score is None else self._find(grey, colour, face.place)
        near = [each for each in found if each.place.is_near(face.place)]
        best = max(near, key=_score_of, default=None)
        if best is None or _score_of(best) < KEPT:
            return None
        again = FollowedFace(best.place, 0.0, best.points, was_sure=face.sure)
        return again.proposed_at(best)

    def _search(self, grey: Grey, colour: Colour | None, closely: bool) -> None:
        """Lets the finder search the frame, and follows what the check confirms of it."""
        self._scans += 1
        self._searched_ms, self._cells = 0, shrink(grey)
        faces = [face.unproposed() for face in self._faces]
        proposed: set[int] = set()
        found = self._find(grey, colour, closely=closely)
        for proposal in sorted(found, key=_score_of, reverse=True):
            near = [at for at, face in enumerate(faces) if face.place.is_near(proposal.place)]
            at = near[0] if near else len(faces)
            if at in proposed:  # of several proposals for one face the surest counts
                continue
            if near:
                faces[at] = faces[at].proposed_at(proposal)
            elif begun := self._begin(grey, colour, closely, proposal):
                faces.append(begun)
            else:
                continue
            proposed.add(at)
        self._keep(faces)

    def _keep(self, faces: Sequence[FollowedFace | None]) -> None:
        """Goes on with faces; what is lost is sought from now on, until there is one more."""
        before, self._faces = len(self._faces), keep_sure(faces, self._shape)
        if len(self._faces) != before:
            self._sought_ms = SOUGHT_MS if len(self._faces) < before else 0

    def _begin(
        self, grey: Grey, colour: Colour | None, closely: bool, proposal: Proposal
    ) -> FollowedFace | None:
        """Returns a face that is followed from now on; None where what is proposed is in doubt."""
        seen, score = self._check.confirm(grey, proposal.place), proposal.score
        known = seen if seen.surety > 0 else proposal
        face = FollowedFace(known.place, seen.surety, known.points).proposed_at(proposal)
        if not keep_sure([face], self._shape):
            return None
        if score is None:
            return face
        if self._redetect_ms is not None and score < BEGUN and face.surety <= SURE:
            return None
        if score < CLEAR and face.surety <= KNOWN:
            score += score_mirrored(self._find, grey, colour, closely, face.place)
            return face if score / 2 >= TWICE else None
        return face


def _score_of(proposal: Proposal) -> float:
    return proposal.score or 0.0


def keep_sure(faces: Sequence[FollowedFace | None], shape: tuple[int, ...]) -> list[FollowedFace]:
    """Keeps the faces that are some, large enough and half in a frame of a height and width.

    Of those that are in one place the surest.
    """
    kept: list[FollowedFace] = []
    for face in sorted(filter(None, faces), key=lambda face: -face.total):
        place = face.place
        inside = 0 <= place.x < shape[1] and 0 <= place.y < shape[0]
        alone = not any(place.is_near(other.place) for other in kept)
        if inside and alone and place.side >= LEAST_SIDE and face.total >= 0:
            kept.append(face)
    return kept


def settle(before: Place, now: Place) -> Place:
    """Returns where a face is now: of small moves a part is believed."""
    moved = max(abs(now.x - before.x), abs(now.y - before.y)) / before.side
    grown, turned = abs(math.log(now.side / before.side)), abs(now.tilt - before.tilt) / 90
    gain = min(1.0, max(LEAST_GAIN, max(moved, grown, turned) / STILL))
    return Place(*(old + gain * (new - old) for old, new in zip(before, now, strict=True)))


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
