"""Outlines: an MP4 that lies far away without its media, whose index tells of all packets."""

from __future__ import annotations

import os
from bisect import bisect_right
from typing import BinaryIO

from fer_core.video.mp4_boxes import list_boxes
from fer_core.video.seeking import SeekingFile

_MEDIA = b"mdat"


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
