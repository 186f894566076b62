"""Windows with drawn faces, which are none: emoji as a screen shows them."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE
from fer_core.drawing.emoji import read_emoji

SIDES = (0.5, 0.95)
"""Of an emoji, in sides of its window."""


@cache
def _emoji() -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]:
    """Grey and opacity of each emoji, float32 (CROP_SIZE, CROP_SIZE)."""
    drawn = [np.asarray(each.resize((CROP_SIZE, CROP_SIZE)), np.float32) for each in read_emoji()]
    return tuple(
        (
            np.asarray(cv2.cvtColor(each[..., :3], cv2.COLOR_RGB2GRAY), np.float32),
            np.asarray(each[..., 3] / 255, np.float32),
        )
        for each in drawn
    )


def draw_emoji(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draws an emoji about the middle of a window, uint8 (48, 48)."""
    grey, opacity = _emoji()[rng.integers(len(_emoji()))]
    scale = rng.uniform(*SIDES)
    turn = cv2.getRotationMatrix2D((CROP_SIZE / 2, CROP_SIZE / 2), float(rng.normal(0, 8)), scale)
    turn[:, 2] += rng.normal(0, 0.05 * CROP_SIZE, 2)
    grey, opacity = (cv2.warpAffine(each, turn, crop.shape[::-1]) for each in (grey, opacity))
    grey = grey * rng.uniform(0.5, 1.1)
    mixed = crop * (1 - opacity) + grey * opacity
    return np.asarray(np.clip(mixed, 0, 255), np.uint8)
