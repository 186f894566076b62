"""Media: which files count as one, what is known once it opened, and how its bytes are opened."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Literal, Union

from fer_core.errors import MediaError

Source = Union[str, "os.PathLike[str]", BinaryIO]
"""Where a medium lies: a local path (any bytes in its name), or a binary file that can seek."""

Kind = Literal["image", "video"]

IMAGE_SUFFIXES = frozenset(
    {".bmp", ".dib", ".jfif", ".jpe", ".jpeg", ".jpg", ".mpo", ".pbm", ".pgm", ".png", ".pnm"}
    | {".ppm", ".tif", ".tiff", ".webp"}
    | {".avif", ".heic", ".heif", ".hif", ".j2c", ".j2k", ".jp2", ".jpc", ".jpf", ".jpx"}
)
VIDEO_SUFFIXES = frozenset(
    # MP4 and its kin, as phones, cameras and the web write them
    {".3g2", ".3gp", ".3gp2", ".3gpp", ".f4v", ".insv", ".lrv", ".m4v", ".mov", ".mp4", ".mqv"}
    | {".qt"}
    # MPEG: discs, broadcasts, camcorders
    | {".m1v", ".m2t", ".m2ts", ".m2v", ".mod", ".mpe", ".mpeg", ".mpg", ".mpv", ".mts", ".tod"}
    | {".tp", ".trp", ".ts", ".vob", ".vro"}
    | {".264", ".265", ".h264", ".h265", ".hevc", ".ivf", ".mjpeg", ".mjpg", ".obu"}  # bare streams
    | {".asf", ".avi", ".divx", ".dv", ".flv", ".gif", ".gxf", ".mkv", ".mxf", ".nut", ".ogm"}
    | {".ogv", ".rm", ".rmvb", ".webm", ".wmv", ".wtv", ".y4m"}
)

MAX_PIXELS = 100_000_000
"""Pixels of one picture or frame above which a medium is refused, unless told otherwise."""

# What the file itself is or allows: told once, never retried. Any other OSError is the machine's.
_CAUSED_BY_THE_FILE = frozenset(
    {errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP}
    | {errno.ENAMETOOLONG, errno.EINVAL}
)
_BLOCK = 1 << 20


@dataclass(frozen=True)
class MediaInfo:
    """What is known of a medium once it opened.

    Attributes:
        kind: `image` or `video`.
        codec: name of the picture format or of the video codec, lower case, such as `h264`.
        width: pixels in display orientation.
        height: pixels in display orientation.
        rotation: degrees clockwise from stored to displayed: 0, 90, 180 or 270.
        frame_rate: mean frames per second; None for a picture.
        duration_ms: from the medium's start to the end of its last frame; 0 for a picture.
        has_audio: whether a sound track lies beside the frames.
        notes: what of the file was left out, None where there is nothing to say.
        pictures: how many a picture shows one after the other: more than 1 of animations and pages.
    """

    kind: Kind
    codec: str
    width: int
    height: int
    rotation: int
    frame_rate: float | None
    duration_ms: int
    has_audio: bool
    notes: str | None = None
    pictures: int = 1


def kind_of(path: str | os.PathLike[str]) -> Kind | None:
    """Returns what the suffix of a path says it is; None for neither picture nor video."""
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    if suffix in IMAGE_SUFFIXES:
        return "image"
    return "video" if suffix in VIDEO_SUFFIXES else None


def identity_of(path: Source) -> str:
    """Returns the SHA-256 of the bytes, as 64 hexadecimal digits, reading 1 MiB at a time.

    Raises:
        MediaError: the file cannot be opened.
    """
    digest = hashlib.sha256()
    with open_bytes(path) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def shown_name(source: Source) -> str:
    """Returns the base name for a message: one line, and `%XX` for bytes that are not UTF-8."""
    path = source if isinstance(source, (str, os.PathLike)) else getattr(source, "name", "medium")
    name = os.path.basename(os.fsencode(path)) if not isinstance(path, int) else b"medium"
    text = escape_name(name.decode("utf-8", "surrogateescape"))
    return "".join(f"%{ord(letter):02X}" if letter < " " else letter for letter in text)


def escape_name(name: str) -> str:
    """Returns a name with `%XX` for every byte of it that is not UTF-8, as the tables show it."""
    return "".join(
        f"%{ord(letter) & 0xFF:02X}" if "\udc80" <= letter <= "\udcff" else letter
        for letter in name
    )


def open_regular(path: str | os.PathLike[str], flags: int = os.O_RDONLY) -> int:
    """Opens a file as `os.open` does, and nothing that is none: opening a pipe may take for ever.

    Raises:
        OSError: it cannot be opened; with EINVAL where it is a pipe, a socket or a device.
    """
    _refuse_special(os.stat(path), path)
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    try:
        _refuse_special(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _refuse_special(found: os.stat_result, path: str | os.PathLike[str]) -> None:
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
        raise OSError(errno.EINVAL, "no file but a pipe, socket or device", path)


@contextmanager
def open_bytes(source: Source) -> Iterator[BinaryIO]:
    """Opens the bytes of a medium at their start; a file that was handed in stays open.

    Raises:
        MediaError: the file is missing, empty, no file but a folder or a pipe, or may not be read.
    """
    if isinstance(source, (str, os.PathLike)):
        try:
            file: BinaryIO = open(source, "rb", opener=open_regular)  # noqa: SIM115
        except OSError as error:
            if error.errno in _CAUSED_BY_THE_FILE:
                reason = (error.strerror or "cannot be opened").lower()
                raise MediaError(f"{shown_name(source)}: cannot be read: {reason}") from error
            raise
        with file:
            yield _not_empty(file, source)
    else:
        yield _not_empty(source, source)


def _not_empty(file: BinaryIO, source: Source) -> BinaryIO:
    file.seek(0)
    empty = not file.read(1)
    file.seek(0)
    if empty:
        raise MediaError(
            f"{shown_name(source)}: is empty (0 bytes), a picture or video was expected"
        )
    return file


def check_pixels(name: str, width: int, height: int, max_pixels: int) -> None:
    """Refuses a size before anything of that size is decoded.

    Raises:
        MediaError: the size is not positive, or holds more than `max_pixels` pixels.
    """
    if width < 1 or height < 1:
        raise MediaError(f"{name}: its header gives no size ({width} x {height}): copy it again")
    if width * height > max_pixels:
        raise MediaError(
            f"{name}: {width} x {height} pixels, more than the limit of {max_pixels}: "
            "scale it down, or raise the limit (--max-pixels)"
        )
