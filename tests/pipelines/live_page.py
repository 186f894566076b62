"""A page for tests of the live server: what a browser would ask and hear."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection, connect

from fer_core.faces import Box, Face
from ferbeam.live.analyst import Analyst
from ferbeam.live.messages import SEQUENCE
from ferbeam.live.playback import Playback
from ferbeam.live.responses import PageFiles
from ferbeam.live.server import LiveServer, LiveSettings
from ferbeam.live.session import Session

JPEG = cv2.imencode(".jpg", np.full((48, 64), 128, np.uint8))[1].tobytes()
Talk = Callable[[LiveServer], Awaitable[None]]


def detect_one(*_: object) -> list[Face]:
    return [Face(Box(4, 4, 24, 24), Box(4, 4, 24, 24))]


def detect_slowly(*_: object) -> list[Face]:
    time.sleep(0.2)
    return []


def score_happy(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.repeat(np.eye(7, dtype=np.float32)[[3]], len(crops), axis=0)


def serve(talk: Talk, detector: Any = detect_one, video: Path | None = None, **more: Any) -> None:
    """Starts a server, lets a client talk to it, and stops it."""

    async def main() -> None:
        analyst = Analyst(Session(detector, score_happy))
        opened = None if video is None else lambda: Playback(str(video))
        server = LiveServer(LiveSettings(**more), PageFiles(), analyst, opened)
        await server.start()
        try:
            await asyncio.wait_for(talk(server), 20)
        finally:
            await server.stop()

    asyncio.run(main())


def join(server: LiveServer, **headers: Any) -> connect:
    """Connects as the page does."""
    parts = urlsplit(server.url)
    headers = {"origin": f"http://{parts.netloc}", **headers}
    return connect(f"ws://{parts.netloc}{parts.path}frames", max_size=None, **headers)


def get(url: str, path: str = "", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Asks for a path below the page, with other headers."""
    parts = urlsplit(url)
    client = http.client.HTTPConnection(parts.netloc, timeout=10)
    client.putrequest("GET", path if path.startswith("/") else parts.path + path, skip_host=True)
    for name, value in {"Host": parts.netloc, **headers}.items():
        client.putheader(name, value)
    client.endheaders()
    answer = client.getresponse()
    told = answer.status, dict(answer.getheaders()), answer.read()
    client.close()
    return told


async def hear(page: ClientConnection, kind: str) -> dict[str, Any]:
    """Waits for a message of a kind."""
    while True:
        message = await page.recv()
        if isinstance(message, str) and (told := json.loads(message))["type"] == kind:
            return dict(told)


def frame_of(sequence: int, jpeg: bytes = JPEG) -> bytes:
    return SEQUENCE.pack(sequence) + jpeg
