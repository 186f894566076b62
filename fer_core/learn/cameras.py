"""What light and cameras do to a face, and an expression survives: for training crops."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE

Change = Callable[[NDArray[np.uint8], np.random.Generator], NDArray[np.uint8]]


def _rounded(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.clip(values, 0, 255).astype(np.uint8)


def _gamma(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Another exposure: half to twice the gamma."""
    curve = 255 * (np.arange(256) / 255) ** np.exp(rng.uniform(-0.7, 0.7))
    return np.asarray(cv2.LUT(crop, np.rint(curve).astype(np.uint8)), np.uint8)


def _side_light(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Light from one side: the far edge as much darker as the near one is brighter."""
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 1.2)
    across = np.linspace(-0.5, 0.5, CROP_SIZE, dtype=np.float32)
    ramp = np.cos(angle) * across[np.newaxis] + np.sin(angle) * across[:, np.newaxis]
    return _rounded(crop * (1 + strength * ramp).astype(np.float32))


def _contrast(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Flat or hard contrast around a grey; what leaves the range is clipped, as cameras do."""
    middle = float(crop.mean()) + rng.uniform(-30, 30)
    return _rounded((crop.astype(np.float32) - middle) * rng.uniform(0.5, 1.6) + middle)


def _blur(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Out of focus."""
    return np.asarray(cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.3, 1.2)), np.uint8)


def _distance(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Far away: a face of 18 to 44 pixels."""
    side = int(rng.integers(18, 45))
    small = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (CROP_SIZE, CROP_SIZE)), np.uint8)


def _noise(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A dark room."""
    noise = rng.normal(0, rng.uniform(1, 9), crop.shape).astype(np.float32)
    return _rounded(crop + noise)


def _jpeg(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Saved small."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 91))]
    saved = cv2.imencode(".jpg", crop, quality)[1]
    return np.asarray(cv2.imdecode(saved, cv2.IMREAD_GRAYSCALE), np.uint8)


CHANGES: dict[Change, float] = {
    _gamma: 0.5,
    _side_light: 0.4,
    _contrast: 0.3,
    _blur: 0.3,
    _distance: 0.25,
    _noise: 0.3,
    _jpeg: 0.3,
}
"""Each change, in the order in which a camera makes them, and how many crops get it."""


def photograph_crops(crops: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Returns crops as another camera in another light would give them, uint8 (n, 48, 48)."""
    out = crops.copy()
    for index, drawn in enumerate(rng.random((len(crops), len(CHANGES)))):
        for (change, share), chance in zip(CHANGES.items(), drawn, strict=True):
            if chance < share:
                out[index] = change(out[index], rng)
    return out
