"""Pictures: their header, and their pixels as grey in display orientation."""

from __future__ import annotations

import io
import math
import warnings
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, TiffImagePlugin, UnidentifiedImageError

from fer_core.detection.colour import Colour, Colours, fit_size
from fer_core.errors import MediaError
from fer_core.media import MAX_PIXELS, MediaInfo, Source, check_pixels, open_bytes, shown_name
from fer_core.video.picture_series import count_pictures

_ROTATIONS = {3: 180, 4: 180, 5: 90, 6: 90, 7: 270, 8: 270}
"""EXIF orientation to degrees clockwise; the mirrored ones (4, 5, 7) by their rotation."""

_REDUCED = {2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4}

_BY_PILLOW = ("AVIF", "HEIF", "JPEG2000")
"""Formats that OpenCV does not decode everywhere."""
_FORMATS = ("BMP", "DIB", "JPEG", "PNG", "PPM", "TIFF", "WEBP", *_BY_PILLOW)
_LARGEST_TILE = 1 << 24
"""Pixels of a tile that are no more than usual, also in a small picture."""
_ENDS = {"JPEG": b"\xff\xd9", "MPO": b"\xff\xd9", "PNG": b"IEND\xaeB`\x82"}


def probe_picture(source: Source, max_pixels: int = MAX_PIXELS) -> MediaInfo:
    """Reads the header of a picture; no pixel is decoded.

    Raises:
        MediaError: the bytes are no picture, or one of more than `max_pixels` pixels.
    """
    with open_bytes(source) as file:
        return _probe(file.read(), shown_name(source), max_pixels)


def read_coloured(source: Source, max_pixels: int = MAX_PIXELS) -> tuple[NDArray[np.uint8], Colour]:
    """Reads a picture as grey, and what gives its colours where they are asked for.

    Returns:
        uint8 (h, w), 0-255, in display orientation (EXIF), luma by ITU-R BT.601. Of an animation,
        the first picture.

    Raises:
        MediaError: the bytes are no picture, are cut short, or hold more than `max_pixels` pixels.
    """
    with open_bytes(source) as file:
        data = file.read()
    name = shown_name(source)
    codec = _probe(data, name, max_pixels).codec
    if codec.upper() in _BY_PILLOW:
        return _read_by_pillow(data, name)
    check_complete(data, name)
    # Bytes, not a path: imread cannot open names that are not UTF-8, and gives None for any fault.
    grey = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise MediaError(f"{name}: its pixels cannot be decoded: copy it again, or convert it")
    return np.asarray(grey, np.uint8), lambda width, height: _read_colours(data, width, height)


def _read_by_pillow(data: bytes, name: str) -> tuple[NDArray[np.uint8], Colour]:
    with open_header(data, name) as image:
        try:
            upright = ImageOps.exif_transpose(image).convert("RGB")
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            raise MediaError(f"{name}: is cut short or damaged, copy it again: {error}") from error
    colours = cv2.cvtColor(np.asarray(upright), cv2.COLOR_RGB2BGR)
    grey = np.asarray(cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY), np.uint8)
    return grey, lambda width, height: fit_size(np.asarray(colours, np.uint8), width, height)


def _read_colours(data: bytes, width: int, height: int) -> Colours:
    """Decodes the colours of a picture at a size; of a far larger JPEG no more than is needed."""
    flag = cv2.IMREAD_COLOR
    with open_header(data, "picture") as image:
        longest, wanted = max(image.size), max(width, height)
    for factor, reduced in _REDUCED.items():
        if longest >= factor * wanted:
            flag = reduced
    return fit_size(np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), flag)), width, height)


def _probe(data: bytes, name: str, max_pixels: int) -> MediaInfo:
    with open_header(data, name) as image:
        orientation = orientation_of(image)
        width, height = image.size
        codec = _codec_of(image)
        turned = orientation >= 5 and codec != "tiff"  # Pillow gives a TIFF's size turned already
        tile = _tile_size(image)
        pictures = count_pictures(image)
    check_pixels(name, width, height, max_pixels)
    if tile > max(width * height, _LARGEST_TILE):
        raise MediaError(
            f"{name}: its tiles have {tile:,} pixels, more than it has itself: convert it"
        )
    if turned:
        width, height = height, width
    rotation = _ROTATIONS.get(orientation, 0)
    size = (width, height, rotation)
    return MediaInfo("image", codec, *size, None, 0, has_audio=False, pictures=pictures)


def _tile_size(image: Image.Image) -> int:
    """Returns how many pixels a tile of a TIFF has, which decoders make room for; 0 without any."""
    tags = getattr(image, "tag_v2", {})
    sides = [tags.get(tag, 0) for tag in (TiffImagePlugin.TILEWIDTH, TiffImagePlugin.TILELENGTH)]
    return math.prod(side for side in sides if isinstance(side, int))


def open_header(data: bytes, name: str) -> Image.Image:
    """Opens the bytes of a picture; no pixel is decoded.

    Raises:
        MediaError: the bytes are no picture in a known format.
    """
    formats: tuple[str, ...] = _FORMATS
    if data[4:8] == b"ftyp":
        _learn_heif()
    else:  # Pillow does not know it until then
        formats = tuple(form for form in _FORMATS if form != "HEIF")
    try:
        with warnings.catch_warnings():
            # Our own limit decides; Pillow's only warns, or raises above twice its own.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(data), formats=formats)
    except UnidentifiedImageError as error:
        raise MediaError(
            f"{name}: is no picture in a known format ({_known()}): convert it"
        ) from error
    except Image.DecompressionBombError as error:
        raise MediaError(
            f"{name}: holds too many pixels to be decoded, scale it down: {error}"
        ) from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise MediaError(f"{name}: its header cannot be read: {error}") from error


@cache
def _learn_heif() -> None:
    """Lets Pillow open HEIC and HEIF, as phones write them."""
    from pillow_heif import register_heif_opener

    register_heif_opener()


def _known() -> str:
    return ", ".join(known.lower() for known in _FORMATS)


def _codec_of(image: Image.Image) -> str:
    known = image.format or "unknown"
    return "jpeg" if known == "MPO" else known.lower()  # MPO: JPEG with more pictures behind


def orientation_of(image: Image.Image) -> int:
    """Returns the EXIF orientation, 1-8; 1 where there is none or it cannot be read.

    Pillow would take it from XMP where EXIF has none; OpenCV, whose pixels are analysed, does not.
    """
    try:
        exif = image.getexif()  # of a PNG, this also finds what lies behind the pixels
        if image.format != "TIFF":
            exif = Image.Exif()
            exif.load(image.info.get("exif") or b"")
        orientation = exif.get(ExifTags.Base.Orientation, 1)
    except (OSError, ValueError, SyntaxError, KeyError, TypeError):
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def check_complete(data: bytes, name: str) -> None:
    """Checks that a picture is not cut short: OpenCV would fill it with grey silently.

    Raises:
        MediaError: it is.
    """
    with open_header(data, name) as image:
        end = _ENDS.get(image.format or "")
        if end and data.endswith(end):
            return  # the usual case, without decoding twice
        try:
            image.load()
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            raise MediaError(f"{name}: is cut short or damaged, copy it again: {error}") from error
