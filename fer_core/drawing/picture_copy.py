"""Copies of pictures with an overlay: the same format and size, upright, and nothing hidden."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from fer_core.drawing.canvas import Canvas, PictureCanvas
from fer_core.errors import MediaError
from fer_core.media import MAX_PIXELS, Source, check_pixels, open_bytes, shown_name
from fer_core.pictures import open_header, orientation_of

JPEG_QUALITY = 92
WEBP_QUALITY = 90
JP2_DECIBELS = 42
PREVIEW_SIDE = 1600
"""Pixels of the longer side of what is shown in place of a copy."""
_IN_BROWSERS = frozenset({"AVIF", "BMP", "JPEG", "MPO", "PNG", "WEBP"})

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


@dataclass
class _Picture:
    """A decoded picture, upright, and how it is encoded again.

    Attributes:
        image: RGB or RGBA, and nothing but its pixels.
        kind: Pillow's name of its format.
        profile: its ICC profile, None without one that fits.
        lossless: whether it is a WebP that lost nothing.
    """

    image: Image.Image
    kind: str
    profile: bytes | None
    lossless: bool


def copy_picture(
    source: Source,
    draw: Callable[[Canvas], None],
    target: BinaryIO,
    max_pixels: int = MAX_PIXELS,
) -> bytes | None:
    """Writes a picture with something drawn on it, in the format and size of the original.

    The EXIF orientation is applied. Colours are kept with their ICC profile, and transparency where
    the format can hold it; grey pictures become RGB, 16 bits become 8, CMYK becomes RGB. Of an
    animation or of many pages, only the first is kept: it is what was analysed. Everything else in
    the file is left out on purpose, above all EXIF, whose thumbnail would show a covered face.

    Pillow takes four bytes a pixel. They are there once, and twice while they are turned.

    Args:
        source: a picture in a format that `read_coloured` takes.
        draw: draws on the pixels, in display orientation.
        target: a file to write to.
        max_pixels: larger pictures are refused before they are decoded.

    Returns:
        A JPEG to show in place of a copy in a format that most browsers do not show, such as HEIC.

    Raises:
        MediaError: the bytes are no picture, are damaged, hold more than `max_pixels` pixels, or
            more than the format can be written with.
    """
    name = shown_name(source)
    picture = _read(source, name, max_pixels)
    draw(PictureCanvas(picture.image))
    try:
        _encode(picture, target)
    except OSError as error:
        if error.errno is not None:  # the disk's
            raise
        raise MediaError(f"{name}: cannot be written as {picture.kind}: {error}") from error
    return None if picture.kind in _IN_BROWSERS else _preview(picture)


def _preview(picture: _Picture) -> bytes:
    image, file = picture.image, io.BytesIO()
    scale = min(1, PREVIEW_SIDE / max(image.size))
    size = [max(1, round(scale * side)) for side in image.size]
    small = image.resize(size, reducing_gap=2).convert("RGB")
    small.save(file, "JPEG", quality=JPEG_QUALITY, icc_profile=picture.profile)
    return file.getvalue()


def _read(source: Source, name: str, max_pixels: int) -> _Picture:
    """Decodes a picture; of its bytes and of other forms of its pixels nothing is kept."""
    with open_bytes(source) as file:
        data = file.read()
    with open_header(data, name) as image:
        check_pixels(name, *image.size, max_pixels)
        kind = image.format or ""
        turn = None if kind == "TIFF" else _TURNS.get(orientation_of(image))  # Pillow turns a TIFF
        try:
            image.load()
        except _CAUSED_BY_BYTES as error:
            raise MediaError(f"{name}: is cut short or damaged, copy it again: {error}") from error
    lossless = kind == "WEBP" and b"VP8L" in data[12:64]
    if image.mode not in _EIGHT_BITS:
        del image
        return _Picture(_decode_by_opencv(data, name), kind, None, lossless)
    del data
    upright = image if turn is None else image.transpose(turn)
    del image
    colour, profile = _coloured(upright)
    return _Picture(_bare(colour), kind, profile, lossless)


def _bare(image: Image.Image) -> Image.Image:
    """Returns the same pixels without what else a file says: some formats would write it again."""
    bare = image._new(image.im)
    bare.info = {}
    return bare


def _coloured(image: Image.Image) -> tuple[Image.Image, bytes | None]:
    """Turns a picture into RGB or RGBA with 8 bits, and its profile where it fits that."""
    profile = image.info.get("icc_profile")
    space = bytes(profile[16:20]) if isinstance(profile, bytes) else b""
    if image.mode == "CMYK" and space == b"CMYK":
        return _convert_cmyk(image, bytes(profile or b"")), None
    mode = "RGBA" if image.has_transparency_data else "RGB"
    same = image.mode == mode
    return image if same else image.convert(mode), profile if space == b"RGB " else None


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


def _encode(picture: _Picture, target: BinaryIO) -> None:
    kind, profile = picture.kind, picture.profile
    options: dict[str, object] = {} if profile is None else {"icc_profile": profile}
    if kind in ("JPEG", "MPO"):
        kind = "JPEG"
        # Not optimised: for some percent of the file that takes six bytes a pixel, and fails where
        # a grainy picture comes to more than one.
        options |= {"quality": JPEG_QUALITY, "subsampling": 0}
    elif kind == "WEBP":
        quality = 100 if picture.lossless else WEBP_QUALITY
        options |= {"lossless": picture.lossless, "quality": quality}
    elif kind == "AVIF":
        options |= {"quality": WEBP_QUALITY}
    elif kind == "HEIF":
        # Its usual preset takes ten times as long, for a few percent of the file.
        options |= {"quality": WEBP_QUALITY, "enc_params": {"preset": "ultrafast"}}
    elif kind == "JPEG2000":
        options = {"quality_mode": "dB", "quality_layers": [JP2_DECIBELS]}
    elif kind == "TIFF":
        options |= {"compression": "tiff_adobe_deflate"}
    picture.image.save(target, kind, **options)
