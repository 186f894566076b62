"""Files that read where they are told, as decoders want them."""

from __future__ import annotations

import io
import os


class SeekingFile(io.RawIOBase):
    """A binary file that knows its size, and keeps its position; what it reads, others say.

    Args:
        name: what messages call it.
        size: in bytes.
    """

    def __init__(self, name: str, size: int) -> None:
        super().__init__()
        self.name, self._size, self._position = name, size, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Returns the position."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves the position and returns it."""
        origins = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}
        self._position = max(0, origins[whence] + offset)
        return self._position
