"""How many workers pay off: a simulation from measured times of spans, and its plot."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

SPAN_S = 10
SPAN_LENGTHS = (2, SPAN_S, 60)
WORKERS = (1, 4, 16, 64, 256, 1000)
HOURS = (10, 100, 1000, 10_000)
SAMPLE_FPS = 10
COLOURS = ("#c44e52", "#dd8452", "#4c72b0", "#55a868")
SHARES = (0, 20, 40, 60, 80, 100)
WIDTH, HEIGHT, LEFT, TOP, SIDE, FOOT = 640, 400, 75, 20, 150, 50
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - SIDE, HEIGHT - TOP - FOOT
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """What was measured.

    Attributes:
        per_frame: seconds of work per frame, one for each span that was measured.
        start: seconds in which a job does no work: Flink and the workers start, and end. Of the
            processor, one after the other; some of it runs side by side.
        per_span: seconds that a span costs beside its frames.
        per_medium: seconds for each medium that one process alone takes: listing, planning the
            parts of the tables, checking them (`bench-scale --parts tables`).
        per_part: seconds in which a worker puts together a part of the tables, of media of 15 faces
            as there (of longer ones it takes less).
        part_rows: rows of a part.
    """

    per_frame: list[float]
    start: float
    per_span: float
    per_medium: float = 5e-5
    per_part: float = 17.0
    part_rows: int = 2_000_000


def draw_lengths(hours: float, seed: int = 7) -> Floats:
    """Returns lengths of videos in seconds, as a study has them: most 1-5 min, a few 20."""
    dice = np.random.default_rng(seed)
    drawn = np.clip(dice.lognormal(4.9, 0.8, int(40 * hours) + 100), 10, 1200)
    return drawn[: int(np.searchsorted(np.cumsum(drawn), 3600 * hours)) + 1]


def cut_spans(measured: Measured, length: int, videos: Floats) -> tuple[Floats, Floats]:
    """Returns the frames of the spans of all videos, and the seconds that each takes."""
    counts = np.maximum(1, np.round(videos / length)).astype(int)
    frames = np.repeat(videos / counts * SAMPLE_FPS, counts)
    pace = np.random.default_rng(length).choice(measured.per_frame, len(frames))
    return frames, frames * pace + measured.per_span


def simulate(
    measured: Measured, length: int, workers: int, videos: Floats, longest_first: bool = False
) -> float:
    """Returns how many seconds a job takes.

    Flink deals spans to workers in turn, before it knows what they take; the slowest hand decides.
    Then the parts of the tables are put together, each by one worker.

    Args:
        measured: what was measured.
        length: of the spans in seconds.
        workers: their number.
        videos: their lengths in seconds.
        longest_first: whether the spans with most frames are dealt first.
    """
    frames, seconds = cut_spans(measured, length, videos)
    dealt = seconds[np.argsort(-frames, kind="stable")] if longest_first else seconds
    hands = np.pad(dealt, (0, -len(dealt) % workers)).reshape(-1, workers).sum(axis=0)
    parts = ceil(frames.sum() / measured.part_rows)
    share = min(1.0, frames.sum() / measured.part_rows)
    end = len(videos) * measured.per_medium + ceil(parts / workers) * share * measured.per_part
    return float(measured.start + hands.max() + end)


def simulate_all(measured: Measured) -> dict[str, dict[int, float]]:
    """Returns, by hours of video, how many times as fast each number of workers is as one."""
    curves = {}
    for hours in HOURS:
        videos = draw_lengths(hours)
        one = simulate(measured, SPAN_S, 1, videos)
        curves[f"{hours:,} hours"] = {
            number: one / simulate(measured, SPAN_S, number, videos) for number in WORKERS
        }
    return curves


def print_choices(measured: Measured) -> None:
    """Prints what other spans, and dealing the longest first, change for 100 hours."""
    videos = draw_lengths(100)
    for workers in (16, 64, 256):
        usual = simulate(measured, SPAN_S, workers, videos)
        others = {
            f"spans of {length} s": simulate(measured, length, workers, videos)
            for length in SPAN_LENGTHS
        }
        others["longest first"] = simulate(measured, SPAN_S, workers, videos, longest_first=True)
        told = ", ".join(f"{name} {100 * (s / usual - 1):+.1f} %" for name, s in others.items())
        print(f"100 hours, {workers} workers, {usual:.0f} s: {told}")


def draw_scaling(curves: dict[str, dict[int, float]]) -> str:
    """Draws as SVG what share of so many times one worker is reached."""
    middle = f'x="{LEFT + PLOT_WIDTH / 2}" text-anchor="middle"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *(_draw_mark(_place(number, 0), str(number), 0, 18) for number in WORKERS),
        *(_draw_mark(_place(1, share / 100), f"{share} %", -24, 4) for share in SHARES),
    ]
    for row, (name, curve) in enumerate(curves.items()):
        places = (_place(workers, speed / workers) for workers, speed in curve.items())
        points = " ".join(f"{x},{y}" for x, y in places)
        line = f'stroke="{COLOURS[row]}" stroke-width="2"'
        parts.append(f'<polyline points="{points}" fill="none" {line}/>')
        parts.append(_draw_label(row, name, COLOURS[row]))
    parts += [
        f'<text {middle} y="{HEIGHT - 10}">workers</text>',
        f'<text transform="translate(16,{TOP + PLOT_HEIGHT / 2})rotate(-90)" '
        'text-anchor="middle">speed of a worker, one alone = 100 %</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _place(workers: float, share: float) -> tuple[float, float]:
    """Returns where a point lies in the plot."""
    x = LEFT + PLOT_WIDTH * log2(workers) / log2(WORKERS[-1])
    return round(x, 1), round(TOP + PLOT_HEIGHT * (1 - min(share, 1.1)), 1)


def _draw_mark(place: tuple[float, float], text: str, right: int, down: int) -> str:
    """Draws a mark of an axis: its line through the plot, and its number beside it."""
    x, y = place
    line = f"M{LEFT},{y}H{LEFT + PLOT_WIDTH}" if right else f"M{x},{TOP}V{TOP + PLOT_HEIGHT}"
    return (
        f'<path d="{line}" stroke="#ddd" fill="none"/>'
        f'<text x="{x + right}" y="{y + down}" text-anchor="middle">{text}</text>'
    )


def _draw_label(row: int, text: str, colour: str) -> str:
    """Draws a line of the legend."""
    return f'<text x="{WIDTH - SIDE + 14}" y="{TOP + 20 + 22 * row}" fill="{colour}">{text}</text>'
