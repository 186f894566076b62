"""Outlines: listing the packets of a remote MP4 by its index alone, without reading its media."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from fer_core.video.seeking import SeekingFile

_MEDIA = b"mdat"
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


class Outline(SeekingFile):
    """A file whose media bytes read as zeros once it is told so, and so cost nothing to read.

    FFmpeg's MP4 demuxer takes times, sizes and keyframes from the index and fetches the bytes of
    every packet on top. Over a network these bytes are nearly the whole file.

    Args:
        file: the file; it stays open.
    """

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(getattr(file, "name", "medium"), file.seek(0, os.SEEK_END))
        self._file = file
        self._media = [(box.body, box.end) for box in list_boxes(file) if box.kind == _MEDIA]
        self._starts = [body for body, _ in self._media]
        self.hollow = False

    @property
    def has_media(self) -> bool:
        """Whether it is an MP4 or QuickTime file with media."""
        return bool(self._media)

    def read(self, size: int = -1) -> bytes:
        """Reads at most `size` bytes, less where media begin or end."""
        left = max(0, self._size - self._position)
        size = left if size < 0 else min(size, left)
        if self.hollow and self._media:
            size, is_media = self._until_change(size)
            if is_media:
                self._position += size
                return bytes(size)
        self._file.seek(self._position)
        data = self._file.read(size)
        self._position += len(data)
        return data

    def _until_change(self, size: int) -> tuple[int, bool]:
        """Returns how much of `size` lies on one side of a border, and whether these are media."""
        at = bisect_right(self._starts, self._position) - 1
        if at >= 0 and self._position < self._media[at][1]:
            return min(size, self._media[at][1] - self._position), True
        following = self._starts[at + 1] if at + 1 < len(self._starts) else self._size
        return min(size, following - self._position), False
