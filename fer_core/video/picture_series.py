"""Pictures that show several, one after the other: animations, and the pages of a TIFF, as a video.

FFmpeg decodes no animated WebP and one page of a TIFF, Pillow does. So their pictures are put into
a video without loss, in a file without a name, which is then read as any other.
"""

from __future__ import annotations

import io
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import BinaryIO

import av
import numpy as np
from av.video.frame import VideoFrame
from PIL import Image

from fer_core.errors import MediaError

PAGE_MS = 1000
"""How long a page is shown, which has no time of its own: a page is a second."""
MOST_PIXELS = 1_000_000_000
"""Of all pictures of one file together."""
_MOST_OF_ONE = 178_956_970
"""A first picture of more Pillow does not open; it asks no later one."""

_LEAST_MS = 10
"""What browsers make of pictures that say they are shown for no time is 100 ms."""
_UNTIMED_MS = 100
_TIFF_HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_REDUCED, _SUBFILE = 1, 254
"""The bit and the tag by which a TIFF says that a picture is only a smaller one of another."""
_CAUSED_BY_BYTES = (OSError, ValueError, SyntaxError, EOFError)


def is_read_by_pillow(head: bytes) -> bool:
    """Tells by the first 12 bytes whether a file that may show several pictures is none to FFmpeg.

    An animated PNG is one to it.
    """
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return webp or head[:4] in _TIFF_HEADS or head[4:12] == b"ftypavis"


def count_pictures(image: Image.Image) -> int:
    """Returns how many pictures a file shows one after the other; 1 where it is no such file."""
    if image.format not in ("AVIF", "PNG", "TIFF", "WEBP"):
        return 1  # others hold smaller ones, or others of the same moment
    return len(_list_shown(image))


def _list_shown(image: Image.Image) -> list[int]:
    """Returns the positions of the pictures that are shown."""
    try:
        count = getattr(image, "n_frames", 1)
        if count == 1 or image.format != "TIFF":
            return list(range(count))
        shown = [at for at in range(count) if not _is_reduced(image, at)]
        image.seek(0)
    except _CAUSED_BY_BYTES:
        return [0]
    return shown or [0]


def _is_reduced(image: Image.Image, at: int) -> bool:
    image.seek(at)
    kind = getattr(image, "tag_v2", {}).get(_SUBFILE, 0)
    return bool(isinstance(kind, int) and kind & _REDUCED)


@contextmanager
def open_series(file: BinaryIO, name: str) -> Iterator[tuple[BinaryIO, str]]:
    """Gives the pictures of a file as a video without loss, and the name of their format.

    Raises:
        MediaError: the bytes are none, are damaged, or hold too many pixels.
    """
    with tempfile.TemporaryFile() as made:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                image = Image.open(io.BytesIO(file.read()), formats=("AVIF", "TIFF", "WEBP"))
            with image:
                _write_video(image, made, name)
                kind = (image.format or "").lower()
        except Image.DecompressionBombError as error:
            raise MediaError(
                f"{name}: holds too many pixels to be decoded, scale it down: {error}"
            ) from error
        except _CAUSED_BY_BYTES as error:
            if getattr(error, "errno", None) is not None:  # the disk's
                raise
            raise MediaError(f"{name}: is damaged, copy it again: {error}") from error
        made.seek(0)
        yield made, kind


def _write_video(image: Image.Image, made: BinaryIO, name: str) -> None:
    shown = _list_shown(image)
    width, height = _largest(image, shown)
    if width * height > _MOST_OF_ONE:
        raise Image.DecompressionBombError(f"{width} x {height}, {_MOST_OF_ONE:,} are the limit")
    if width * height * len(shown) > MOST_PIXELS:
        raise MediaError(
            f"{name}: {len(shown)} pictures of {width} x {height} pixels, more than "
            f"{MOST_PIXELS:,} in all: split it"
        )
    with av.open(made, "w", format="mov") as output:
        stream = output.add_stream("qtrle", rate=Fraction(1000))
        stream.width, stream.height, stream.pix_fmt = width, height, "rgb24"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        stream.codec_context.thread_count = 1
        at_ms, canvas = 0, np.zeros((height, width, 3), np.uint8)
        for at in shown:
            image.seek(at)
            pixels = _pixels_of(image)
            canvas[:] = 0
            canvas[: pixels.shape[0], : pixels.shape[1]] = pixels
            frame = VideoFrame.from_ndarray(canvas, "rgb24")
            frame.pts, length_ms = at_ms, _length_of(image)
            for packet in stream.encode(frame):  # one, at once
                packet.duration = length_ms
                output.mux(packet)
            at_ms += length_ms


def _largest(image: Image.Image, shown: list[int]) -> tuple[int, int]:
    """Returns a width and height in which every picture has room."""
    sizes = []
    for at in shown:
        image.seek(at)
        sizes.append(image.size)
    return max(width for width, _ in sizes), max(height for _, height in sizes)


def _length_of(image: Image.Image) -> int:
    """Returns for how many milliseconds a picture that was loaded is shown."""
    if image.format == "TIFF":
        return PAGE_MS
    told = round(float(image.info.get("duration") or 0))
    return told if told >= _LEAST_MS else _UNTIMED_MS


def _pixels_of(image: Image.Image) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """Decodes a picture to uint8 (h, w, 3) RGB; of more than 8 bits the upper ones."""
    if image.mode.startswith("I;16"):
        upper = (np.asarray(image) >> 8).astype(np.uint8)
        return np.repeat(upper[..., np.newaxis], 3, axis=2)
    return np.asarray(image.convert("RGB"), np.uint8)
