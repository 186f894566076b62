"""Stretches: how the frames of a video are cut into what one worker renders at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf, lcm

from fer_core.video.appearance import Appearance
from fer_core.video.index import VideoIndex
from fer_core.video.spans import Reading

_LEAST_TICKS, _MOST_TICKS = 10_000, 1_000_000_000
_USUAL_RATE = Fraction(25)


@dataclass(frozen=True)
class Timing:
    """How the times of a video become those of its copy, which starts at 0.

    Attributes:
        time_base: seconds per unit of the video's pts.
        start: start of its container in seconds.
        tick: seconds per unit of the copy's pts: one over a whole number, and fine enough for both
            of the above to be whole numbers of it, wherever 32 bits hold that.
        rate: mean frames per second.
    """

    time_base: Fraction
    start: Fraction
    tick: Fraction
    rate: Fraction

    def counter(self, unit: Fraction) -> Callable[[int], int]:
        """Returns what turns a pts of the video into the time in its copy, in whole units.

        It rounds as `round` does, half to even, at a thirtieth of the cost of fractions.
        """
        scale, offset = self.time_base / unit, self.start / unit
        whole = lcm(scale.denominator, offset.denominator)
        factor, shift = int(scale * whole), int(offset * whole)

        def count(pts: int) -> int:
            units, rest = divmod(pts * factor - shift, whole)
            return units + (2 * rest > whole or (2 * rest == whole and units % 2 == 1))

        return count

    def ticks(self) -> Callable[[int], int]:
        """Returns what turns a pts of the video into ticks of the copy."""
        return self.counter(self.tick)

    def milliseconds(self) -> Callable[[int], int]:
        """Returns what turns a pts of the video into its `timestamp_ms`, as the tables have it."""
        return self.counter(Fraction(1, 1000))


@dataclass(frozen=True)
class Stretch:
    """Frames of a video that are rendered in one go.

    The stretches of a video hold each of its frames once, also those that are not sampled.

    Attributes:
        start_pts: the keyframe to seek to; None to read from the file's start.
        start_dts: the dts of that keyframe.
        end_pts: where the next stretch starts; None for the end of the file.
        ends_at: where its last frame ends, in the video's time base.
        seekable: False to give the i-th decoded frame the i-th smallest pts of the file.
        timing: when its frames are shown.
        look: how they look.
    """

    start_pts: int | None
    start_dts: int | None
    end_pts: int | None
    ends_at: int
    seekable: bool
    timing: Timing
    look: Appearance

    @property
    def first_ms(self) -> float:
        """Time from which on its frames are shown; -inf for the first of a video."""
        return -inf if self.start_pts is None else self.timing.milliseconds()(self.start_pts)

    @property
    def end_ms(self) -> float:
        """Time of the first frame after it; inf for the last of a video."""
        return inf if self.end_pts is None else self.timing.milliseconds()(self.end_pts)


def plan_stretches(index: VideoIndex, readings: Sequence[Reading]) -> list[Stretch]:
    """Plans the stretches of a video: one per reading of its plan, up to where the next starts.

    Args:
        index: the packets of the video.
        readings: as `plan_spans` plans them; without any, the video is one stretch.
    """
    timing = _timing_of(index)
    starts = [(reading[0].start_pts, reading[0].start_dts) for reading in readings[1:]]
    if not index.seekable:
        starts = []
    firsts: list[tuple[int | None, int | None]] = [(None, None), *starts]
    ends = [pts for pts, _ in firsts[1:]] + [None]
    return [
        Stretch(
            pts,
            dts,
            end,
            index.end_pts if end is None else end,
            index.seekable,
            timing,
            index.look,
        )
        for (pts, dts), end in zip(firsts, ends, strict=True)
    ]


def _timing_of(index: VideoIndex) -> Timing:
    length = int(index.pts[-1] - index.pts[0]) * index.time_base
    rate = Fraction(len(index.pts) - 1) / length if length > 0 else _USUAL_RATE
    return Timing(
        index.time_base,
        index.start,
        choose_tick(index.time_base, index.start),
        min(max(rate, Fraction(1)), Fraction(300)).limit_denominator(1001),
    )


def choose_tick(time_base: Fraction, start: Fraction) -> Fraction:
    """Returns the unit of time of a copy, in seconds.

    It is at most 0.1 ms, as MP4 files have it, and 1 over at most 10^9: H.264 counts in 32 bits.
    """
    exact = lcm(time_base.denominator, start.denominator)
    ticks = exact if exact <= _MOST_TICKS else time_base.denominator
    while ticks < _LEAST_TICKS:
        ticks *= 2
    return Fraction(1, min(ticks, _MOST_TICKS))
