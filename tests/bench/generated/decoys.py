"""Drawn things that the cascade takes for faces: masks, sockets, fronts of cars."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 192


def draw_decoy(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draws a decoy.

    Returns:
        uint8 (192, 192, 4), blue, green, red, each multiplied by the alpha that comes last; the
        edge is clear.
    """
    body = float(rng.uniform(130, 230))
    grey = np.full((SIDE, SIDE), body, np.float32)
    alpha = np.zeros((SIDE, SIDE), np.float32)
    if rng.random() < 0.7:
        axes = (int(rng.integers(62, 76)), int(rng.integers(76, 88)))
        cv2.ellipse(alpha, (SIDE // 2, SIDE // 2), axes, 0, 0, 360, 1.0, -1)
    else:
        cv2.rectangle(alpha, (14, 14), (SIDE - 14, SIDE - 14), 1.0, -1)
    _draw_features(grey, body, rng)
    if rng.random() < 0.6:
        _shade(grey, rng)
    grey = cv2.GaussianBlur(grey, (0, 0), rng.uniform(1.5, 5))
    alpha = cv2.GaussianBlur(alpha, (0, 0), 2.0)[..., np.newaxis]
    tone = rng.uniform(0.7, 1.0, 3)
    colours = np.clip(grey, 0, 255)[..., np.newaxis] * tone
    return np.asarray(np.concatenate([colours * alpha, 255 * alpha], axis=2), np.uint8)


def _draw_features(grey: NDArray[np.float32], body: float, rng: np.random.Generator) -> None:
    """Draws two dark blobs, and often brows, a nose and a mouth, in place."""
    dark, middle = body * rng.uniform(0.15, 0.45), SIDE // 2
    apart, level = int(rng.integers(28, 40)), int(rng.integers(70, 84))
    eye = (int(rng.integers(10, 18)), int(rng.integers(6, 12)))
    for x in (middle - apart, middle + apart):
        cv2.ellipse(grey, (x, level), eye, 0, 0, 360, dark, -1)
        if rng.random() < 0.6:
            cv2.line(grey, (x - 16, level - 18), (x + 16, level - 18), dark, 6)
    if rng.random() < 0.7:
        cv2.ellipse(grey, (middle, 112), (9, 6), 0, 0, 360, body * 0.6, -1)
        cv2.line(grey, (middle, 84), (middle, 104), min(255.0, body * 1.15), 8)
    wide, high = int(rng.integers(20, 36)), int(rng.integers(3, 12))
    cv2.ellipse(grey, (middle, 140), (wide, high), 0, 0, int(rng.choice([180, 360])), dark, -1)


def _shade(grey: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Darkens the edge, and sometimes the sockets of the eyes, as a round head in soft light."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / (SIDE / 2) - 1
    grey *= (1 - rng.uniform(0.2, 0.6) * (x**2 + 0.5 * y**2)).astype(np.float32)
    for sign in (-1, 1):
        socket = np.exp(-(((x - sign * 0.36) / 0.24) ** 2 + ((y + 0.2) / 0.16) ** 2))
        grey *= (1 - rng.uniform(0.1, 0.4) * socket).astype(np.float32)
