"""Pictures in every format and mode that ferbeam lists."""

from __future__ import annotations

import io
from random import Random
from typing import Any

import numpy as np
from PIL import Image

from tests.corpus.scenes import draw_scene

FORMATS: dict[str, str] = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".png": "PNG", ".bmp": "BMP",
    ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP", ".ppm": "PPM", ".pgm": "PPM",
}  # fmt: skip
"""The format that belongs to a suffix."""
_OTHERS = ("GIF", "ICO", "TGA", "PCX", "JPEG2000", "MPO")
_MODES = {
    "JPEG": ("L", "RGB", "CMYK"),
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "YCbCr", "I;16", "I", "F"),
    "WEBP": ("RGB", "RGBA"),
    "PPM": ("1", "L", "RGB", "I;16"),
}
_SIZES = ((160, 120), (160, 120), (161, 121), (1, 1), (3, 700), (640, 480))


def pick_picture(random: Random, suffix: str) -> bytes:
    """Returns the bytes of a picture: mostly in the format that its suffix says."""
    kind = FORMATS[suffix] if random.random() < 0.9 else random.choice(_OTHERS)
    mode = random.choice(_MODES.get(kind, ("RGB",)))
    first = _scene(random.choice(_SIZES), mode)
    options: dict[str, Any] = {}
    if kind in ("JPEG", "PNG", "WEBP", "TIFF") and random.random() < 0.3:
        exif = Image.Exif()
        exif[0x0112] = random.choice((0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 65535))
        options["exif"] = exif
    if kind in ("PNG", "WEBP", "TIFF", "GIF") and random.random() < 0.2 and mode in ("RGB", "RGBA"):
        options |= {"save_all": True, "append_images": [_scene(first.size, mode, 5)]}
    if kind == "JPEG":
        options |= {"progressive": random.random() < 0.3}
    if kind == "TIFF" and mode in ("L", "RGB"):
        options["compression"] = random.choice((None, "tiff_lzw", "tiff_adobe_deflate", "jpeg"))
    return encode(first, kind, **options)


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Returns a picture as the bytes of a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _scene(size: tuple[int, int], mode: str, number: int = 0) -> Image.Image:
    """Draws a picture in a mode."""
    image = Image.fromarray(draw_scene(number, *size))
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    if mode in ("I", "F", "LA", "P", "1", "LAB"):
        grey = image.convert("L")
        return image.convert(mode) if mode in ("P", "1", "LA") else _exotic(grey, image, mode)
    return image.convert(mode)


def _exotic(grey: Image.Image, image: Image.Image, mode: str) -> Image.Image:
    if mode == "LAB":
        return Image.merge("LAB", image.split())
    return grey.convert(mode)
