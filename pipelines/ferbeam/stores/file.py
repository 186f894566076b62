"""A file in a store, read by range: what decoders jump about in is fetched block by block."""

from __future__ import annotations

import threading
from collections import OrderedDict

from fer_core.video.seeking import SeekingFile
from ferbeam.guard.watchdog import still_here
from ferbeam.stores.store import Store, Stored, StoreError

BLOCK = 1 << 20
"""Bytes that are kept or forgotten together."""
MOST_AT_ONCE = 4
"""Blocks that are fetched ahead, at most, where a file is read on and on."""
CACHED = 32
"""Blocks that a process keeps, of all its files."""


class BlockCache:
    """The blocks that were used last, of all files of a process: bounded, however many there are.

    One reading of a video after another begins with the same index; it is fetched once.
    """

    def __init__(self, capacity: int = CACHED) -> None:
        self._capacity = capacity
        self._blocks: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._blocks)

    def get(self, stored: Stored, number: int) -> bytes | None:
        """Returns a block, None if it is not there."""
        key = (stored.uri, stored.version, number)
        with self._lock:
            if key in self._blocks:
                self._blocks.move_to_end(key)
            return self._blocks.get(key)

    def put(self, stored: Stored, number: int, block: bytes) -> None:
        """Keeps a block, and forgets the one that was used longest ago."""
        with self._lock:
            self._blocks[stored.uri, stored.version, number] = block
            while len(self._blocks) > self._capacity:
                self._blocks.popitem(last=False)


_CACHE = BlockCache()


class StoreFile(SeekingFile):
    """An object as a binary file that can seek.

    Args:
        store: where it lies.
        stored: which it is; if it is replaced meanwhile, reading raises StoreError.
        cache: keeps its blocks, without one that of the process.

    Attributes:
        name: its URI.
        fetched: bytes that came from the store.
    """

    def __init__(self, store: Store, stored: Stored, cache: BlockCache | None = None) -> None:
        super().__init__(stored.uri, stored.size)
        self.stored, self.fetched = stored, 0
        self._store, self._cache = store, _CACHE if cache is None else cache
        self._next, self._ahead = -1, 1

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Reads into a buffer until it is full or the file ends."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        """Reads all that is left."""
        return self.read()

    def read(self, size: int = -1) -> bytes:
        """Reads `size` bytes, fewer only at the end of the file; all that is left if negative."""
        start, whole = self._position, self.stored.size
        end = whole if size < 0 else min(start + size, whole)
        if end <= start:
            return b""
        first, last = start // BLOCK, (end - 1) // BLOCK
        if last - first >= MOST_AT_ONCE:  # once and in order: nothing of it is worth keeping
            data = self._fetch(start, end)
        else:
            blocks = b"".join(self._block(number, last) for number in range(first, last + 1))
            data = blocks[start - first * BLOCK : end - first * BLOCK]
        self._position = end
        return data

    def _block(self, number: int, last: int) -> bytes:
        """Returns a block; fetches it, those up to `last`, and more where it is read in order."""
        block = self._cache.get(self.stored, number)
        if block is not None:
            return block
        self._ahead = min(2 * self._ahead, MOST_AT_ONCE) if number == self._next else 1
        count = max(last - number + 1, self._ahead)
        self._next = number + count
        data = self._fetch(number * BLOCK, min((number + count) * BLOCK, self.stored.size))
        for at in range(0, len(data), BLOCK):
            self._cache.put(self.stored, number + at // BLOCK, data[at : at + BLOCK])
        return data[:BLOCK]

    def _fetch(self, start: int, end: int) -> bytes:
        still_here()
        data = self._store.read(self.stored, start, end)
        if len(data) != end - start:
            raise StoreError(self.name, f"{len(data)} of {end - start} bytes arrived")
        self.fetched += len(data)
        return data
