"""How many workers pay off: a simulation from measured times of spans, and its plot."""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import log2

SPAN_LENGTHS = (2, 10, 60)
WORKERS = (1, 2, 4, 8, 16, 32, 64)
SAMPLE_FPS = 10
VIDEOS = 120
COLOURS = ("#c44e52", "#4c72b0", "#55a868")
SHARES = (0, 20, 40, 60, 80, 100)
WIDTH, HEIGHT, LEFT, TOP, SIDE, FOOT = 640, 400, 75, 20, 150, 50
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - SIDE, HEIGHT - TOP - FOOT


@dataclass(frozen=True)
class Measured:
    """What was measured.

    Attributes:
        per_frame: seconds of work per frame, one for each span, by length of the spans in seconds.
        start: seconds in which a job does no work: Flink and the workers start, and end.
        per_span: seconds that a span costs beside its frames.
    """

    per_frame: dict[int, list[float]]
    start: float
    per_span: float


def draw_lengths(seed: int = 7) -> list[float]:
    """Returns lengths of videos in seconds, as a study has them: most 1-5 min, a few 20."""
    rng = random.Random(seed)
    return [min(1200.0, max(10.0, rng.lognormvariate(4.9, 0.8))) for _ in range(VIDEOS)]


def simulate(measured: Measured, length: int, workers: int, videos: list[float]) -> float:
    """Returns how many seconds a job takes.

    Flink deals spans to workers in turn, before it knows what they take; the slowest hand decides.
    """
    rng = random.Random(length)
    loads = [0.0] * workers
    dealt = 0
    for video in videos:
        count = max(1, round(video / length))
        for _ in range(count):
            frames = video / count * SAMPLE_FPS
            work = frames * rng.choice(measured.per_frame[length])
            loads[dealt % workers] += work + measured.per_span
            dealt += 1
    return measured.start + max(loads)


def simulate_all(measured: Measured) -> dict[int, dict[int, float]]:
    """Returns, by length of the spans, how many times as fast each number of workers is as one."""
    videos = draw_lengths()
    # All against the same: one worker with the usual spans.
    one = simulate(measured, 10, 1, videos)
    return {
        length: {number: one / simulate(measured, length, number, videos) for number in WORKERS}
        for length in SPAN_LENGTHS
    }


def draw_scaling(curves: dict[int, dict[int, float]]) -> str:
    """Draws as SVG what share of so many times one worker is reached."""
    middle = f'x="{LEFT + PLOT_WIDTH / 2}" text-anchor="middle"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *(_draw_mark(_place(number, 0), str(number), 0, 18) for number in WORKERS),
        *(_draw_mark(_place(1, share / 100), f"{share} %", -24, 4) for share in SHARES),
    ]
    for row, (length, curve) in enumerate(curves.items()):
        places = (_place(workers, speed / workers) for workers, speed in curve.items())
        points = " ".join(f"{x},{y}" for x, y in places)
        line = f'stroke="{COLOURS[row]}" stroke-width="2"'
        parts.append(f'<polyline points="{points}" fill="none" {line}/>')
        parts.append(_draw_label(row, f"spans of {length} s", COLOURS[row]))
    parts += [
        f'<text {middle} y="{HEIGHT - 10}">workers</text>',
        f'<text transform="translate(16,{TOP + PLOT_HEIGHT / 2})rotate(-90)" '
        'text-anchor="middle">speed of a worker, one alone = 100 %</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _place(workers: float, share: float) -> tuple[float, float]:
    """Returns where a point lies in the plot."""
    x = LEFT + PLOT_WIDTH * log2(workers) / (len(WORKERS) - 1)
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
