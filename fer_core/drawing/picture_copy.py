"""Copies of pictures with an overlay: the same format and size, upright, and nothing hidden."""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from fer_core.drawing.canvas import RgbCanvas
from fer_core.errors import MediaError
from fer_core.media import MAX_PIXELS, Source, check_pixels, open_bytes, shown_name
from fer_core.pictures import open_header, orientation_of

JPEG_QUALITY = 92
WEBP_QUALITY = 90

_EIGHT_BITS = frozenset({"1", "CMYK", "HSV", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBX"})
"""Modes that Pillow turns into RGB as they look; others go OpenCV's way, as for the analysis."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns the stored picture upright, by its EXIF orientation."""

_CAUSED_BY_BYTES = (OSError, ValueError, SyntaxError, EOFError)


def copy_picture(
    source: Source, draw: Callable[[RgbCanvas], None], max_pixels: int = MAX_PIXELS
) -> bytes:
    """Returns a picture with something drawn on it, in the format and size of the original.

    The EXIF orientation is applied. Colours are kept with their ICC profile, and transparency where
    the format can hold it; grey pictures become RGB, 16 bits become 8, CMYK becomes RGB. Of an
    animation or of many pages, only the first is kept: it is what was analysed. Everything else in
    the file is left out on purpose, above all EXIF, whose thumbnail would show a covered face.

    Args:
        source: a picture in a format that `read_picture` takes.
        draw: draws on the pixels, in display orientation.
        max_pixels: larger pictures are refused before they are decoded.

    Raises:
        MediaError: the bytes are no picture, are damaged, or hold more than `max_pixels` pixels.
    """
    with open_bytes(source) as file:
        data = file.read()
    name = shown_name(source)
    with open_header(data, name) as image:
        check_pixels(name, *image.size, max_pixels)
        kind = image.format or ""
        turn = None if kind == "TIFF" else _TURNS.get(orientation_of(image))  # Pillow turns a TIFF
        try:
            image.load()
        except _CAUSED_BY_BYTES as error:
            raise MediaError(f"{name}: is cut short or damaged, copy it again: {error}") from error
        upright = image if turn is None else image.transpose(turn)
    colour, profile = _coloured(upright, data, name)
    pixels = np.array(colour)
    draw(RgbCanvas(pixels))
    return _encode(Image.fromarray(pixels), kind, data, profile)


def _coloured(image: Image.Image, data: bytes, name: str) -> tuple[Image.Image, bytes | None]:
    """Turns a picture into RGB or RGBA with 8 bits, and its profile where it fits that."""
    profile = image.info.get("icc_profile")
    space = bytes(profile[16:20]) if isinstance(profile, bytes) else b""
    if image.mode not in _EIGHT_BITS:
        return _decode_by_opencv(data, name), None
    if image.mode == "CMYK" and space == b"CMYK":
        return _convert_cmyk(image, bytes(profile or b"")), None
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image.convert(mode), profile if space == b"RGB " else None


def _convert_cmyk(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (OSError, ImageCms.PyCMSError):
        converted = None  # a damaged profile: the plain conversion does
    return image.convert("RGB") if converted is None else converted


def _decode_by_opencv(data: bytes, name: str) -> Image.Image:
    """Decodes more than 8 bits per value to 8, in display orientation."""
    colour = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    if colour is None:
        raise MediaError(f"{name}: its pixels cannot be decoded")
    pixels: NDArray[np.uint8] = np.asarray(colour, np.uint8)
    return Image.fromarray(pixels).convert("RGB")


def _encode(image: Image.Image, kind: str, data: bytes, profile: bytes | None) -> bytes:
    options: dict[str, object] = {} if profile is None else {"icc_profile": profile}
    if kind in ("JPEG", "MPO"):
        kind = "JPEG"
        options |= {"quality": JPEG_QUALITY, "subsampling": 0, "optimize": True}
    elif kind == "WEBP":
        lossless = b"VP8L" in data[12:64]
        options |= {"lossless": lossless, "quality": 100 if lossless else WEBP_QUALITY}
    elif kind == "TIFF":
        options |= {"compression": "tiff_adobe_deflate"}
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
