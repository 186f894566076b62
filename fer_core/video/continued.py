"""Time lines that begin again within a file, as where recordings were joined byte by byte."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

BACK_S = 1
"""Decoding times that go back by more than so many seconds begin again; by less it is a fault."""


class Continued:
    """Continues the times of a stream where they begin again, as players do.

    The first packet of what begins again follows upon the one before it.

    Args:
        time_base: of the stream, in seconds.
        known: by how many seconds the times are moved after each beginning, where another stream
            of the file tells it; what it does not tell follows from this one.

    Attributes:
        moves: by how many seconds the times are moved after each beginning so far.
    """

    def __init__(self, time_base: Fraction, known: Sequence[Fraction] = ()) -> None:
        self._time_base, self._known = time_base, known
        self._back = round(BACK_S / time_base)
        self._move = self._end = 0
        self._step = 1  # from one packet to the next, where they do not tell how long they last
        self._last: int | None = None
        self.moves: list[Fraction] = []

    def move_of(self, dts: int | None, duration: int | None) -> int:
        """Returns by how much the times of the next packet are moved, in units of the stream."""
        if dts is None:
            return self._move
        if self._last is not None and dts < self._last - self._back:
            at = len(self.moves)
            follows = (self._end - dts) * self._time_base
            self.moves.append(self._known[at] if at < len(self._known) else follows)
            self._move = round(self.moves[-1] / self._time_base)
        elif self._last is not None:
            self._step = max(1, dts - self._last)
        self._last = dts
        self._end = dts + self._move + (duration or self._step)
        return self._move
