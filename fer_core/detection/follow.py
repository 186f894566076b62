"""Follows one face from frame to frame: looks where it was, at nearly its size."""

from __future__ import annotations

from dataclasses import dataclass

import cv2

from fer_core.detection.cascade import CascadeSearch, Look, Sighting
from fer_core.detection.place import Grey, Place, cut_window

NEAR = Look("alt2", 36, 0.25, 0.8, 1.25, 1.12)
FAR = Look("default", 28, 0.5, 0.7, 1.4, 1.12)
SECOND = Look("default", 28, 0.25, 0.85, 1.2, 1.12)

SURE_HITS = 5
"""With fewer hits other tilts are tried, and the second cascade is asked."""

DOUBT_MS = 2000
"""A face that the second cascade has not seen for so long, and the first hardly, is none."""

DOUBTED_HITS = 4.0

TILT_STEP, MOST_TILT = 12.0, 45.0
"""Degrees; a cascade bears about a step to each side."""

LEVEL_MS = 500
"""How often other tilts are tried while the face is seen well."""

HOLD_MS = 2000
"""For so long a face that no cascade sees is held by what it looked like."""

HOLD_LIKENESS = 0.75
"""Least correlation of what a held face looks like with the frame before."""

STILL = 4.0
"""A face whose grey values differ by less on average has not moved: its box is used again."""

STILL_MS = 400
"""For so long at most."""

PATCH_SIDE, PATCH_PAD, HOLD_PAD = 24, 0.15, 0.45
"""How the looks of a face are kept, and how far around it they are searched for."""

LEAST_SIDE = 20
"""A smaller face is let go, in pixels."""


def cut_patch(grey: Grey, place: Place, pad: float = PATCH_PAD) -> Grey:
    """Cuts out what a face looks like, small and as it leans."""
    return cut_window(grey, place._replace(tilt=0.0), PATCH_SIDE, pad)


@dataclass
class Track:
    """A face that is followed through a segment.

    Attributes:
        place: where it was last.
        patch: what it looked like when it was last looked for.
        hits: how sure it was when it was found.
        looked_ms: time since it was last looked for.
        levelled_ms: time since other tilts were tried.
        unseen_ms: time for which it has been held without a cascade seeing it.
        doubted_ms: time since the second cascade agreed, where the first was not sure.
        turn: degrees by which a tilt was tried last, to one side or the other.
    """

    place: Place
    patch: Grey
    hits: int
    looked_ms: int = 0
    levelled_ms: int = 0
    unseen_ms: int = 0
    doubted_ms: int = 0
    turn: float = TILT_STEP

    def follow(self, search: CascadeSearch, grey: Grey, since_ms: int) -> bool:
        """Finds the face in the next frame, uint8 (height, width); tells whether it is there."""
        self.looked_ms += since_ms
        self.levelled_ms += since_ms
        if self._is_still(grey):
            return True
        seen = search.look(grey, self.place, NEAR)
        if seen.hits < SURE_HITS or self.levelled_ms >= LEVEL_MS:
            seen = self._look_harder(search, grey, seen)
        if seen.hits:
            if self._is_doubtful(search, grey, seen):
                return False
            self.place, self.unseen_ms = self._settle(grey, seen), 0
        elif not self._hold(grey):
            return False
        height, width = grey.shape
        if self.place.side < LEAST_SIDE or not (
            0 <= self.place.x < width and 0 <= self.place.y < height
        ):
            return False
        self.looked_ms = 0
        self.patch = cut_patch(grey, self.place)
        return True

    def _is_still(self, grey: Grey) -> bool:
        if self.unseen_ms or self.looked_ms > STILL_MS:
            return False
        return bool(cv2.absdiff(cut_patch(grey, self.place), self.patch).mean() < STILL)

    def _look_harder(self, search: CascadeSearch, grey: Grey, seen: Sighting) -> Sighting:
        """Tries the head more and less tilted, and where nothing is seen, farther around."""
        self.levelled_ms, self.turn = 0, -self.turn
        # A face that is seen well may have begun to lean: one side now, the other the next time.
        turns = (self.turn,) if seen.hits >= SURE_HITS else (self.turn, -self.turn)
        for turn in turns:
            tilted = self.place._replace(tilt=self.place.tilt + turn)
            if abs(tilted.tilt) <= MOST_TILT:
                other = search.look(grey, tilted, NEAR)
                if other.hits > seen.hits + 1:
                    seen = other
        return seen if seen.hits else search.look(grey, self.place, FAR)

    def _is_doubtful(self, search: CascadeSearch, grey: Grey, seen: Sighting) -> bool:
        sure = seen.hits >= SURE_HITS or search.look(grey, seen.place, SECOND).hits > 0
        self.doubted_ms = 0 if sure else self.doubted_ms + self.looked_ms
        return self.doubted_ms > DOUBT_MS

    def _hold(self, grey: Grey) -> bool:
        """Stays with what looks like the face did; False where nothing does, or for too long."""
        self.unseen_ms += self.looked_ms
        place = self._match(grey) if self.unseen_ms <= HOLD_MS else None
        self.place = place or self.place
        return place is not None

    def _settle(self, grey: Grey, seen: Sighting) -> Place:
        """Takes a sighting for as much as its hits are worth; few of them are off their mark."""
        expected = self.place if seen.hits >= SURE_HITS else self._match(grey) or seen.place
        worth = seen.hits / (seen.hits + DOUBTED_HITS)
        side = expected.side + worth * (seen.place.side - expected.side)
        if seen.hits >= SURE_HITS:
            return seen.place._replace(side=side)
        x = expected.x + worth * (seen.place.x - expected.x)
        y = expected.y + worth * (seen.place.y - expected.y)
        return Place(x, y, side, seen.place.tilt)

    def _match(self, grey: Grey) -> Place | None:
        """Returns where the frame looks most like the face did; None where it does not."""
        likeness = cv2.matchTemplate(
            cut_patch(grey, self.place, HOLD_PAD), self.patch, cv2.TM_CCOEFF_NORMED
        )
        _, most, _, (across, down) = cv2.minMaxLoc(likeness)
        if most < HOLD_LIKENESS:
            return None
        middle, pixel = (likeness.shape[0] - 1) / 2, self.place.side / PATCH_SIDE
        x, y = self.place.x + (across - middle) * pixel, self.place.y + (down - middle) * pixel
        return self.place._replace(x=x, y=y)
