"""How far rectangles overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class Rectangle(Protocol):
    """An upright rectangle, y downwards."""

    @property
    def x(self) -> float:
        """Left edge."""

    @property
    def y(self) -> float:
        """Top edge."""

    @property
    def width(self) -> float:
        """Width."""

    @property
    def height(self) -> float:
        """Height."""


def intersection_over_union(one: Rectangle, other: Rectangle) -> float:
    """Returns the shared area as a share of the area that the two cover together, 0-1."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(0.0, width) * max(0.0, height)
    return shared / (one.width * one.height + other.width * other.height - shared)


def shown_share(
    face: Rectangle, size: tuple[int, int], covers: Sequence[Rectangle], points: int = 16
) -> float:
    """Returns how much of a face lies inside the frame and is not covered, 0-1.

    Args:
        face: where it is.
        size: width and height of the frame.
        covers: what hides everything behind it.
        points: how many points are looked at along each side.
    """
    steps = (np.arange(points) + 0.5) / points
    x, y = np.meshgrid(face.x + face.width * steps, face.y + face.height * steps)
    seen = (x >= 0) & (x < size[0]) & (y >= 0) & (y < size[1])
    for cover in covers:
        inside_x = (x >= cover.x) & (x < cover.x + cover.width)
        seen &= ~(inside_x & (y >= cover.y) & (y < cover.y + cover.height))
    return float(seen.mean())
