"""Where heads are in every frame."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tests.bench.generated.scenarios import Motion, Scenario

RATE = 25
"""Frames per second of every clip."""
STILL = 0.04
"""Pace of a head that rests."""
Values = NDArray[np.float64]
"""float64 (n,), one for each frame."""


@dataclass(frozen=True)
class Path:
    """Where a head is in each of n frames.

    Attributes:
        x: middle of the face, in pixels of the frame.
        y: likewise.
        width: of the face.
        tilt: degrees by which the head leans clockwise.
        present: bool (n,), whether it is there at all; it may still be outside the frame.
    """

    x: Values
    y: Values
    width: Values
    tilt: Values
    present: NDArray[np.bool_]


@dataclass(frozen=True)
class Place:
    """Where a person belongs: the middle of the face and its width, in pixels."""

    x: float
    y: float
    width: float


def wander(rng: np.random.Generator, seconds: Values, period_s: float) -> Values:
    """Returns smooth values that never quite repeat, mostly between -1 and 1."""
    values = np.zeros(len(seconds))
    for pace, weight in ((0.6, 0.4), (1.0, 0.5), (1.7, 0.2)):
        phase = rng.uniform(0, 2 * math.pi)
        pace *= rng.uniform(0.9, 1.1)
        values += weight * np.sin(2 * math.pi * pace * seconds / period_s + phase)
    return values


def ease(values: Values) -> Values:
    """Maps 0-1 to 0-1 with a soft start and end, and holds beyond."""
    inside = np.clip(values, 0, 1)
    return np.asarray(inside * inside * (3 - 2 * inside), np.float64)


def choose_places(rng: np.random.Generator, scenario: Scenario, count: int) -> list[Place]:
    """Gives each of some people a place in a grid, those further up first."""
    width, height = scenario.size
    rows = 1 if count <= 4 else 2
    columns = max(1, math.ceil(count / rows))
    places = []
    for number in range(count):
        row, column = divmod(number, columns)
        face = min(rng.uniform(*scenario.face) * height, 0.62 * width / columns)
        shift = 0.25 if columns == 1 else 0.08
        x = (column + 0.5 + rng.uniform(-shift, shift)) * width / columns
        y = (rng.uniform(0.36, 0.5) if rows == 1 else rng.uniform(0.24, 0.3) + 0.4 * row) * height
        places.append(Place(x, y, face))
    return places


def make_path(
    rng: np.random.Generator, scenario: Scenario, place: Place, frames: int, most_tilt: float
) -> Path:
    """Lets a head sway around its place, jump and lean, as the scenario says.

    Args:
        rng: what is left to chance comes from here.
        scenario: its motion, size, and whether people come and go.
        place: where the head belongs.
        frames: how many.
        most_tilt: degrees.
    """
    motion, seconds = scenario.motion, np.arange(frames) / RATE
    clock = _restless_time(rng, motion, seconds)
    most = scenario.size[0] / 2 - 0.6 * place.width
    reach = min(motion.reach * place.width, most)
    middle = np.clip(place.x, reach + 0.6 * place.width, scenario.size[0] / 2 + most - reach)
    sway = reach * wander(rng, clock, motion.period_s)
    bob = min(0.3 * motion.reach, 0.4) * place.width * wander(rng, clock, 0.8 * motion.period_s)
    size = place.width * (1 + 0.08 * wander(rng, clock, 1.5 * motion.period_s))
    lean = most_tilt * wander(rng, clock, motion.period_s)
    if motion.tilt_period_s:
        turn = seconds / motion.tilt_period_s * rng.uniform(0.9, 1.1) + rng.uniform()
        lean = most_tilt * np.sin(2 * math.pi * turn)
    path = Path(middle + sway, place.y + bob, size, lean, np.ones(frames, bool))
    if motion.jump_s:
        path = _add_jumps(rng, path, motion.jump_s, scenario.size)
    return _come_and_go(rng, path, scenario.size) if scenario.entering else path


def _restless_time(rng: np.random.Generator, motion: Motion, seconds: Values) -> Values:
    """Returns a clock that nearly stops while a head rests."""
    mood = wander(rng, seconds, 9.0)
    pace = 1 / (1 + np.exp(-(mood - np.quantile(mood, motion.rest)) / 0.08))
    return np.asarray(np.cumsum(STILL + (1 - STILL) * pace) / RATE, np.float64)


def _add_jumps(rng: np.random.Generator, path: Path, mean_s: float, size: tuple[int, int]) -> Path:
    """Adds moves to another position that take 0.08 to 0.2 s."""
    frames, width = np.arange(len(path.x)), float(path.width.mean())
    x, y, scale = (np.zeros(len(frames)) for _ in range(3))
    at = 0.0
    while (at := at + RATE * (0.4 + rng.exponential(mean_s - 0.4))) < len(frames):
        share = ease((frames - at) / rng.integers(2, 6))
        x += share * (rng.uniform(-1.3, 1.3) * width - x)
        y += share * (rng.uniform(-0.4, 0.4) * width - y)
        scale += share * (rng.uniform(-0.15, 0.15) - scale)
    return replace(
        path,
        x=np.clip(path.x + x, 0.55 * width, size[0] - 0.55 * width),
        y=np.clip(path.y + y, 0.55 * width, size[1] - 0.55 * width),
        width=path.width * (1 + scale),
    )


def _come_and_go(rng: np.random.Generator, path: Path, size: tuple[int, int]) -> Path:
    """Lets a head come in from a side or from below, or be there at once, and leave again."""
    seconds = np.arange(len(path.x)) / RATE
    x, y, present = path.x.copy(), path.y.copy(), np.zeros(len(seconds), bool)
    away = 2 * path.width.max()
    comes = rng.uniform(0, 1.5)
    while comes < seconds[-1]:
        leaves, takes = comes + rng.uniform(1.5, 5), rng.uniform(0.35, 0.9)
        here = (seconds >= comes) & (seconds < leaves)
        share = ease((seconds - comes) / takes) * ease((leaves - seconds) / takes)
        way = rng.choice(["left", "right", "below", "at once"])
        out_x = {"left": -away, "right": size[0] + away}.get(way)
        if out_x is not None:
            x = np.where(here, out_x + share * (x - out_x), x)
        elif way == "below":
            y = np.where(here, size[1] + away + share * (y - size[1] - away), y)
        present |= here
        comes = leaves + rng.uniform(0.3, 2)
    return replace(path, x=x, y=y, present=present)
