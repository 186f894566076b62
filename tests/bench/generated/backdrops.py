"""What is behind the people: rooms, textures, and things that look like faces."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.bench.generated.decoys import draw_decoy
from tests.bench.generated.people import Sprite

Picture = NDArray[np.uint8]
"""uint8 (height, width, 3), blue, green, red."""
Colour = tuple[float, float, float]
Draw = Callable[[Picture, np.random.Generator], None]


def draw_backdrop(kind: str, size: tuple[int, int], rng: np.random.Generator) -> Picture:
    """Draws a backdrop.

    Args:
        kind: `room`, `textured` or `face_like`.
        size: width and height in pixels.
        rng: what is left to chance comes from here.
    """
    picture = _draw_wall(size, rng)
    if kind == "textured":
        texture = (_draw_leaves, _draw_books, _draw_tiles)[rng.integers(3)]
        texture(picture, rng)
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), size[1] / 700), np.uint8)
    things: list[Draw] = [_draw_shelf, _draw_window, _draw_plant, _draw_frame]
    for number in rng.permutation(len(things))[: rng.integers(2, 4)]:
        things[number](picture, rng)
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), size[1] / 300), np.uint8)
    if kind == "face_like":
        for _ in range(rng.integers(5, 9)):
            _hang_decoy(picture, rng)
    return picture


def random_colour(rng: np.random.Generator, low: float = 30, high: float = 220) -> Colour:
    """Returns a colour that is not very saturated."""
    values = rng.uniform(low, high) + rng.uniform(-30, 30, 3)
    blue, green, red = (float(value) for value in np.clip(values, 0, 255))
    return blue, green, red


def _draw_wall(size: tuple[int, int], rng: np.random.Generator) -> Picture:
    """Draws a wall that is lit unevenly."""
    width, height = size
    top, bottom = (np.array(random_colour(rng, 90, 210)) for _ in range(2))
    share = np.linspace(0, 1, height)[:, np.newaxis, np.newaxis]
    wall = (top * (1 - share) + bottom * share) * np.ones((1, width, 1))
    y, x = np.mgrid[0:height, 0:width]
    far = ((x - rng.uniform(0, width)) / width) ** 2 + ((y - rng.uniform(0, height)) / height) ** 2
    wall += 40 * np.exp(-3 * far)[..., np.newaxis]
    soft = rng.normal(0, 6, (height // 60 + 2, width // 60 + 2)).astype(np.float32)
    wall += cv2.resize(soft, size, interpolation=cv2.INTER_CUBIC)[..., np.newaxis]
    return np.asarray(np.clip(wall, 0, 255), np.uint8)


def _draw_shelf(picture: Picture, rng: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    left, top = int(rng.uniform(0, 0.7) * width), int(rng.uniform(0, 0.3) * height)
    right, step = left + int(rng.uniform(0.2, 0.35) * width), height // 5
    for level in range(top, height - step, step):
        _draw_row(picture, (left, level, right, level + step), rng)


def _draw_row(picture: Picture, area: tuple[int, int, int, int], rng: np.random.Generator) -> None:
    """Draws a row of books that stand on a board."""
    left, top, right, bottom = area
    cv2.rectangle(picture, (left, top), (right, bottom), random_colour(rng, 20, 70), -1)
    x, board = left, max(2, (bottom - top) // 12)
    while x < right:
        thick = max(3, int((bottom - top) * rng.uniform(0.08, 0.22)))
        over = top + int((bottom - top) * rng.uniform(0.1, 0.35))
        ends = (min(x + thick, right), bottom - board)
        cv2.rectangle(picture, (x, over), ends, random_colour(rng), -1)
        x += thick + int(rng.integers(0, 3))
    cv2.rectangle(picture, (left, bottom - board), (right, bottom), random_colour(rng, 60, 150), -1)


def _draw_window(picture: Picture, rng: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    left, top = int(rng.uniform(0, 0.7) * width), int(rng.uniform(0, 0.2) * height)
    wide, high = int(rng.uniform(0.15, 0.3) * width), int(rng.uniform(0.3, 0.6) * height)
    cv2.rectangle(picture, (left, top), (left + wide, top + high), random_colour(rng, 200, 245), -1)
    bar, colour = max(2, width // 120), random_colour(rng, 120, 200)
    for x in (left, left + wide // 2, left + wide):
        cv2.line(picture, (x, top), (x, top + high), colour, bar)
    for y in (top, top + high // 2, top + high):
        cv2.line(picture, (left, y), (left + wide, y), colour, bar)


def _draw_frame(picture: Picture, rng: np.random.Generator) -> None:
    """Draws a painting on the wall."""
    height, width = picture.shape[:2]
    left, top = int(rng.uniform(0.05, 0.75) * width), int(rng.uniform(0.05, 0.3) * height)
    right, bottom = left + width // 6, top + height // 4
    cv2.rectangle(picture, (left, top), (right, bottom), random_colour(rng, 30, 90), -1)
    edge = width // 90
    inner = picture[top + edge : bottom - edge, left + edge : right - edge]
    coarse = rng.integers(60, 200, (4, 5, 3), dtype=np.uint8)
    inner[:] = cv2.resize(coarse, inner.shape[1::-1], interpolation=cv2.INTER_CUBIC)


def _draw_plant(picture: Picture, rng: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    middle = rng.uniform(0, 1, 2) * (width, 0.6 * height) + (0, 0.3 * height)
    spread = np.array([width, width]) * rng.uniform(0.04, 0.08)
    _scatter_leaves(picture, rng.normal(middle, spread, (150, 2)), width / 60, rng)


def _draw_leaves(picture: Picture, rng: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    points = rng.uniform(0, 1, (2500, 2)) * (width, height)
    _scatter_leaves(picture, points, width / rng.uniform(35, 70), rng)


def _scatter_leaves(
    picture: Picture, points: NDArray[np.float64], length: float, rng: np.random.Generator
) -> None:
    for x, y in points:
        axes = (max(2, int(length * rng.uniform(0.5, 1))), max(1, int(length * 0.3)))
        shade = rng.uniform(0.3, 1.1)
        colour = (60 * shade, 150 * shade, 90 * shade)
        angle = float(rng.uniform(0, 360))
        cv2.ellipse(picture, (int(x), int(y)), axes, angle, 0, 360, colour, -1)


def _draw_books(picture: Picture, rng: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    step = int(height / rng.uniform(3, 6))
    for top in range(0, height, step):
        _draw_row(picture, (0, top, width, top + step), rng)


def _draw_tiles(picture: Picture, rng: np.random.Generator) -> None:
    """Draws a wall of bricks or tiles with spots."""
    height, width = picture.shape[:2]
    high = int(height / rng.uniform(8, 16))
    wide, base = int(high * rng.uniform(1, 2.5)), np.array(random_colour(rng, 70, 170))
    for row, top in enumerate(range(0, height, high)):
        for left in range(-(row % 2) * wide // 2, width, wide):
            shade = [float(value) for value in base + rng.normal(0, 18)]
            ends = (left + wide - 3, top + high - 3)
            cv2.rectangle(picture, (left, top), ends, shade, -1)
            spot = (left + int(rng.integers(0, wide)), top + int(rng.integers(0, high)))
            cv2.circle(picture, spot, max(2, high // 6), [0.6 * value for value in shade], -1)


def _hang_decoy(picture: Picture, rng: np.random.Generator) -> None:
    """Puts something that looks like a face somewhere, upright."""
    height, width = picture.shape[:2]
    side = int(height * rng.uniform(0.12, 0.3))
    decoy = cv2.resize(draw_decoy(rng), (side, side), interpolation=cv2.INTER_AREA)
    left, top = int(rng.integers(0, width - side)), int(rng.integers(0, height - side))
    target = picture[top : top + side, left : left + side]
    rest = 1 - decoy[..., 3:] / 255
    target[:] = np.clip(target * rest + decoy[..., :3], 0, 255).astype(np.uint8)


def moving_decoy(rng: np.random.Generator) -> Sprite:
    """Returns something that looks like a face and is carried around, as a balloon or a puppet."""
    picture = draw_decoy(rng)
    side = picture.shape[0]
    return Sprite((picture,), side / 2, side / 2, side * 0.8)
