"""How frames wait, which is one at a time, and how two talks end together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import NamedTuple


class CameraFrame(NamedTuple):
    """A frame of the camera as it came.

    Attributes:
        sequence: what the page calls it.
        jpeg: its bytes.
        number: how many frames came before it.
        timestamp_ms: when it came.
    """

    sequence: int
    jpeg: bytes
    number: int
    timestamp_ms: int


class Newest:
    """Holds one frame until it is taken; a newer one takes its place."""

    def __init__(self) -> None:
        self._held: CameraFrame | None = None
        self._there = asyncio.Event()

    def put(self, frame: CameraFrame) -> None:
        """Puts a frame in place of the one that is there."""
        self._held = frame
        self._there.set()

    async def take(self) -> CameraFrame:
        """Waits for a frame, and takes it."""
        while self._held is None:
            self._there.clear()
            await self._there.wait()
        held, self._held = self._held, None
        return held


async def run_first(*parts: Awaitable[None]) -> None:
    """Runs until the first of them ends, and ends the others; raises what it raised."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
