"""What is seen in the corpus: a face that moves over a pattern."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.pipelines.jobs import SAMPLES


@cache
def load_face(size: int) -> NDArray[np.uint8]:
    """Returns uint8 (size, size, 3) RGB: a person that the detector finds from 96 pixels on."""
    with Image.open(SAMPLES / "pictures/happy.jpg") as image:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        person = image.convert("RGB").crop((left, top, left + side, top + side))
        return np.asarray(person.resize((size, size)), np.uint8)


def draw_scene(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """Draws frame `number`: uint8 (height, width, 3) RGB."""
    y, x = np.mgrid[0:height, 0:width]
    grey = 40 + (x + 2 * y + 3 * number) % 60
    scene = np.repeat(grey[:, :, None], 3, axis=2).astype(np.uint8)
    size = min(width, height)
    if size >= 8:
        left = (width - size) * (number % 24) // 24
        top = (height - size) // 2
        scene[top : top + size, left : left + size] = load_face(size)
    return scene
