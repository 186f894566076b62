"""Makes the PNG of each emoji from its SVG: `python -m tests.core.emoji_pictures`."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image

from fer_core.emotions import NAMES

ASSETS = Path(__file__).parents[2] / "fer_core/assets"
SIDE = 512
"""Pixels: larger than an emoji is in most frames, since enlarging one costs sharpness."""


def draw_svg(path: Path) -> NDArray[np.uint8]:
    """Returns a vector picture as uint8 (SIDE, SIDE, 4)."""
    png = resvg_py.svg_to_bytes(svg_path=str(path), width=SIDE, skip_system_fonts=True)
    return np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGBA"))


def main() -> None:
    for name in NAMES:
        picture = Image.fromarray(draw_svg(ASSETS / f"{name}.svg"))
        picture.save(ASSETS / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
