"""Boxes: what an MP4 or QuickTime file is made of (ISO/IEC 14496-12)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

_FIRST = (b"ftyp", b"free", b"mdat", b"moov", b"pnot", b"skip", b"wide")
"""What an MP4 or QuickTime file begins with."""


class Mp4Box(NamedTuple):
    """A box of an MP4 (ISO/IEC 14496-12, 4.2): its kind, where it, its content and its end lie."""

    kind: bytes
    start: int
    body: int
    end: int


def list_boxes(file: BinaryIO) -> Iterator[Mp4Box]:
    """Yields the top-level boxes of an MP4 or QuickTime file; none of any other file."""
    file.seek(4)
    if file.read(4) in _FIRST:
        yield from list_inner(file, 0, file.seek(0, os.SEEK_END))


def list_inner(file: BinaryIO, position: int, end: int) -> Iterator[Mp4Box]:
    """Yields the boxes that lie one after the other from a position up to an end."""
    while position + 8 <= end:
        file.seek(position)
        header = file.read(16)
        size, body = int.from_bytes(header[:4], "big"), position + 8
        if size == 1:
            size, body = int.from_bytes(header[8:16], "big"), position + 16
        elif size == 0:  # to the end of the file
            size = end - position
        if size < 8:
            return
        yield Mp4Box(header[4:8], position, body, min(position + size, end))
        position += size
