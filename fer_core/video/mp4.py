"""MP4: writing a file of H.264 and sound, wholly or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import Any, BinaryIO

import av
from av.container import OutputContainer

from fer_core.errors import MediaError

_WRITE_SIZE = 1 << 18


@contextmanager
def create_mp4(
    path: str | os.PathLike[str], tick: Fraction, name: str
) -> Iterator[OutputContainer]:
    """Creates an MP4 whose index lies at its start; on any error no file is left.

    The bytes go through a Python file: names with any bytes work, and a full disk raises its own
    OSError, which is not mistaken for a fault of the medium.

    Args:
        path: where it is written.
        tick: unit of its times: one over a whole number of seconds. A file counts its edits in
            thousandths of a second otherwise, which would shift a late start by a part of one.
        name: of the medium, for messages.

    Raises:
        MediaError: what is written does not fit an MP4.
    """
    options = {"movflags": "+faststart", "movie_timescale": str(tick.denominator)}
    try:
        with open(path, "wb") as file:
            container = av.open(
                file,
                "w",
                format="mp4",
                options=options,
                buffer_size=_WRITE_SIZE,
                io_open=_read_back(path, file),
            )
            with _closing(container):
                yield container
    except av.FFmpegError as error:
        _remove(path)
        if isinstance(error, (OSError, MemoryError)):
            raise
        raise MediaError(f"{name}: cannot be written as MP4: {error.strerror}") from error
    except BaseException:
        _remove(path)
        raise


def _read_back(path: str | os.PathLike[str], file: BinaryIO) -> Any:
    """Returns what opens the file that is being written, to move its index to the start."""

    def open_again(_url: str, _flags: int, _options: object) -> BinaryIO:
        file.flush()
        return open(path, "rb")

    return open_again


@contextmanager
def _closing(container: OutputContainer) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(av.FFmpegError, OSError, ValueError):
            container.close()
        raise
    container.close()


def _remove(path: str | os.PathLike[str]) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)
