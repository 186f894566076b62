"""Lets people meet, hide, leave and come back: the motion of the clips that test tracks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tests.bench.generated.motion import RATE, Path, Values, ease
from tests.bench.generated.overlap import intersection_over_union
from tests.bench.generated.truth import TrueFace

HALF = 0.5
"""Two boxes overlap by more than half from this intersection over union."""
SLOWER = 1.06
"""What lasts too short is tried again so much slower."""
OUT_OF_SIGHT = 0.4
"""Share of a face beyond the edge of the frame from which it is not to be found."""

Course = Callable[[float], list[Path]]
"""From the seconds that a move takes to where the heads are."""


def direct_encounter(
    name: str, paths: Sequence[Path], size: tuple[int, int], rng: np.random.Generator
) -> list[Path]:
    """Leads people, who sway a little where they belong, through an encounter.

    Args:
        name: `crossing`, `turning_back`, `back_soon`, `back_late`, `together` or `same_place`.
        paths: of the people, the furthest first.
        size: width and height of the frame.
        rng: what is left to chance comes from here.
    """
    if name in ("crossing", "turning_back"):
        return _meet(name, paths, size, rng)
    if name in ("back_soon", "back_late"):
        return [_leave_for(name, paths[0], size, rng), *paths[1:]]
    if name == "together":
        return _enter_together(paths, size, rng)
    if name == "same_place":
        return [_put_at((0.5, 0.45), path, size) for path in paths]
    raise ValueError(f"encounter {name!r}: there is none of this name")


def overlap_seconds(one: Path, other: Path) -> float:
    """Returns for how long two boxes overlap by more than half."""
    shares = (
        intersection_over_union(_box(one, index), _box(other, index)) for index in range(len(one.x))
    )
    return sum(share > HALF for share in shares) / RATE


def _box(path: Path, index: int) -> TrueFace:
    width = float(path.width[index])
    left, top = float(path.x[index]) - width / 2, float(path.y[index]) - width / 2
    return TrueFace(left, top, width, width, 0, 0)


def _meet(
    name: str, paths: Sequence[Path], size: tuple[int, int], rng: np.random.Generator
) -> list[Path]:
    """Lets one pass in front of another, or come in front of them and go back."""
    wanted_s = rng.uniform(0.5, 0.9)
    width = float(np.mean([path.width.mean() for path in paths]))
    apart, side = rng.uniform(1.7, 2.3) * width, rng.choice([-1.0, 1.0])
    share = rng.uniform(0.0, 1.0)  # of the way that the one in front goes
    lean = rng.uniform(-0.1, 0.1) * width
    seconds = np.arange(len(paths[0].x)) / RATE
    middle_s = seconds[-1] * rng.uniform(0.4, 0.6)
    at = (size[0] / 2 + (share - 0.5) * side * apart, 0.45 * size[1])

    def course(takes_s: float) -> list[Path]:
        since = (seconds - middle_s) / takes_s
        if name == "crossing":
            distance = side * apart * np.tanh(since)
        else:
            distance = side * apart * (1 - 1 / (1 + (since**2) ** 1.5))
        back, front = -(1 - share) * distance, share * distance
        return [
            _move_to(paths[0], at[0] + back, np.full_like(seconds, at[1] - lean), size),
            _move_to(paths[1], at[0] + front, np.full_like(seconds, at[1] + lean), size),
        ]

    return _long_enough(course, 0.3, lambda moved: overlap_seconds(*moved) >= wanted_s)


def _long_enough(
    course: Course, takes_s: float, is_reached: Callable[[list[Path]], bool]
) -> list[Path]:
    """Slows a course down, from one that takes so long, until what is wanted of it is reached."""
    while not is_reached(paths := course(takes_s)):
        takes_s *= SLOWER
        if takes_s > 100:
            raise ValueError("encounter: these people never meet as they should")
    return paths


def _leave_for(name: str, path: Path, size: tuple[int, int], rng: np.random.Generator) -> Path:
    """Lets a person leave and come back the same way, within a second or later."""
    gone_s = rng.uniform(0.3, 0.8) if name == "back_soon" else rng.uniform(1.5, 3.0)
    seconds = np.arange(len(path.x)) / RATE
    middle_s = seconds[-1] * rng.uniform(0.4, 0.6)
    way = rng.choice(["aside", "aside", "below", "at once"])
    if way == "aside":  # by the edge that is nearer
        way = "left" if path.x.mean() < size[0] / 2 else "right"
    if way == "at once":  # behind something that is not drawn
        present = np.abs(seconds - middle_s) > gone_s / 2
        return replace(path, present=present)
    width = float(path.width.max())
    away, near = 0.9 * width, rng.uniform(1.0, 2.0) * width
    if way != "below":
        x = np.full_like(seconds, near if way == "left" else size[0] - near)
        path = _move_to(path, x, path.y, size)
    out_x = {"left": -away, "right": size[0] + away}.get(way, path.x)
    out_y = size[1] + away if way == "below" else path.y

    def course(takes_s: float) -> list[Path]:
        share = 1 - ease((np.abs(seconds - middle_s) - gone_s / 4) / (takes_s / 2))
        x, y = path.x + share * (out_x - path.x), path.y + share * (out_y - path.y)
        return [replace(path, x=x, y=y)]

    takes_s = rng.uniform(0.8, 1.6)
    return _long_enough(course, takes_s, lambda moved: _unseen_seconds(moved[0], size) >= gone_s)[0]


def _unseen_seconds(path: Path, size: tuple[int, int]) -> float:
    """Returns for how long most of a face is beyond the edge of the frame."""
    inside = (0.5 - OUT_OF_SIGHT) * path.width  # from the edge to the middle of the face
    out = (path.x < inside) | (path.x > size[0] - inside) | (path.y > size[1] - inside)
    return float(out.mean()) * len(path.x) / RATE


def _enter_together(
    paths: Sequence[Path], size: tuple[int, int], rng: np.random.Generator
) -> list[Path]:
    """Lets people come in at the same time: from one side, from both, from below or at once."""
    seconds = np.arange(len(paths[0].x)) / RATE
    comes_s, takes_s = rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.2)
    way = rng.choice(["left", "right", "both sides", "below", "at once"])
    widest = max(float(path.width.max()) for path in paths)
    entered = []
    for number, path in enumerate(paths):
        late_s = rng.uniform(0, 0.2)
        share = ease((seconds - comes_s - late_s) / takes_s)
        side = {"left": -1, "right": 1, "both sides": 2 * number - 1}.get(way, 0)
        out_x = side * (size[0] / 2 + 1.6 * widest)
        out_y = size[1] if way == "below" else 0.0
        entered.append(
            replace(
                path,
                x=path.x + (1 - share) * out_x,
                y=path.y + (1 - share) * out_y,
                present=np.asarray(seconds >= comes_s, bool),
            )
        )
    return entered


def _put_at(at: tuple[float, float], path: Path, size: tuple[int, int]) -> Path:
    """Moves a head so that it sways around a place, given as shares of the frame."""
    x, y = (np.full(len(path.x), share * side) for share, side in zip(at, size, strict=True))
    return _move_to(path, x, y, size)


def _move_to(path: Path, x: Values, y: Values, size: tuple[int, int]) -> Path:
    """Leads a head along a line around which it goes on swaying, inside the frame."""
    sway_x, sway_y = path.x - path.x.mean(), path.y - path.y.mean()
    return replace(path, x=_inside(x + sway_x, path, size[0]), y=_inside(y + sway_y, path, size[1]))


def _inside(values: Values, path: Path, side: int) -> NDArray[np.float64]:
    return np.asarray(np.clip(values, 0.6 * path.width, side - 0.6 * path.width), np.float64)
