"""The server of the live page, over real sockets."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from fer_core.errors import FerError
from fer_core.faces import Box, Face
from pipelines.live import responses
from pipelines.live.analyst import Analyst
from pipelines.live.messages import SEQUENCE
from pipelines.live.playback import Playback
from pipelines.live.responses import PageFiles
from pipelines.live.security import MAX_MESSAGE, Gate, RateLimit
from pipelines.live.server import LiveServer, LiveSettings
from pipelines.live.session import Session
from tests.pipelines.jobs import ROOT, SAMPLES

JPEG = cv2.imencode(".jpg", np.full((48, 64), 128, np.uint8))[1].tobytes()
Talk = Callable[[LiveServer], Awaitable[None]]


def detect_one(grey: NDArray[np.uint8], since_ms: int | None = None) -> list[Face]:
    return [Face(Box(4, 4, 24, 24))]


def detect_slowly(grey: NDArray[np.uint8], since_ms: int | None = None) -> list[Face]:
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


def test_the_page_comes_with_its_headers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index.html").write_text("<p>page</p>")
    (tmp_path / "live.js").write_text("1")
    (tmp_path / "secret.txt").write_text("not of the page")
    monkeypatch.setattr(responses, "PAGE", tmp_path)

    async def talk(server: LiveServer) -> None:
        status, headers, body = await asyncio.to_thread(get, server.url)
        assert (status, body) == (200, b"<p>page</p>")
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
        assert f"ws://{urlsplit(server.url).netloc};" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        found = {
            path: (await asyncio.to_thread(get, server.url, path))[0]
            for path in ("page/live.js", "page/secret.txt", "page/../index.html", "emoji/7.png")
        }
        assert list(found.values()) == [200, 404, 404, 404], found
        picture = (await asyncio.to_thread(get, server.url, "emoji/3.png"))[2]
        shown = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_UNCHANGED)
        assert shown is not None
        assert shown.shape == (400, 400, 4)

    serve(talk)


def test_foreign_requests_are_refused() -> None:
    async def talk(server: LiveServer) -> None:
        own = urlsplit(server.url).netloc
        port = own.rpartition(":")[2]
        for headers in (
            {"Host": f"evil.example:{port}"},
            {"Host": "127.0.0.1:1"},
            {"Host": ""},
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": f"https://{own}"},
        ):
            assert (await asyncio.to_thread(partial(get, server.url, **headers)))[0] == 403
        for path in ("/", "/wrong/", "/wrong/frames", "/favicon.ico", "//"):
            assert (await asyncio.to_thread(get, server.url, path))[0] == 403
        for origin in ("http://evil.example", "http://localhost", None):
            with pytest.raises(InvalidStatus) as refused:
                await join(server, origin=origin)
            assert refused.value.response.status_code == 403

    serve(talk)


def test_addresses_are_let_in_but_no_foreign_names() -> None:
    gate = Gate("t", "0.0.0.0", 80)
    assert gate.refuse("/t/", {"Host": "192.168.1.5:80"}, False) is None
    assert gate.refuse("/t/", {"Host": "rebound.example:80"}, False)
    gate = Gate("t", "127.0.0.1", 80)
    assert gate.refuse("/t/", {"Host": "[::1]:80"}, False) is None
    assert gate.refuse("/t/", {"Host": "192.168.1.5:80"}, False)


def test_frames_are_answered_and_what_is_none_is_told() -> None:
    async def talk(server: LiveServer) -> None:
        async with join(server) as page:
            hello = await hear(page, "hello")
            assert hello["lang"] == "fr"
            assert hello["names"]["fr"][1] == "dégoût"
            assert [hello[key] for key in ("source", "recording", "record_to")] == [
                "camera",
                False,
                None,
            ]
            await page.send(frame_of(7))
            result = await hear(page, "result")
            assert (result["sequence"], result["width"], result["height"]) == (7, 64, 48)
            assert result["faces"][0]["emotion"] == 3
            assert result["faces"][0]["width"] == 24
            for broken in (b"\xff\xd8\xff\xe0nothing", b"<html>", JPEG[:-30]):
                await page.send(frame_of(8, broken))
                error = await hear(page, "error")
                assert error["sequence"] == 8
                assert "\n" not in error["message"]
            await page.send(b"")
            assert "empty" in (await hear(page, "error"))["message"]
            await page.send(json.dumps({"type": "record", "on": True}))
            assert "--record" in (await hear(page, "error"))["message"]
            await page.send(frame_of(9))
            assert (await hear(page, "result"))["sequence"] == 9

    serve(talk, lang="fr")


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([frame_of(0, bytes(MAX_MESSAGE))], 1009),
        ([frame_of(0)] * 200, 1008),
        (['{"type": "reboot"}'], 1003),
        (["[" * 5000], 1003),
    ],
)
def test_a_page_that_asks_too_much_is_closed(messages: list[str | bytes], code: int) -> None:
    async def talk(server: LiveServer) -> None:
        async with join(server) as page:
            with suppress(ConnectionClosed):
                for message in messages:
                    await page.send(message)
            await page.wait_closed()
            assert page.close_code == code

    serve(talk)


def test_the_rate_is_an_average() -> None:
    limit = RateLimit(60, 2.0)
    assert all(limit.allows(at / 59) for at in range(600))
    assert not all(limit.allows(10 + at / 100) for at in range(300))


def test_the_newest_frame_wins() -> None:
    async def talk(server: LiveServer) -> None:
        async with join(server) as page:
            start = time.monotonic()
            for sequence in range(40):
                await page.send(frame_of(sequence))
                await asyncio.sleep(0.02)
            answered: list[int] = []
            while not answered or answered[-1] != 39:
                answered.append((await hear(page, "result"))["sequence"])
            assert answered == sorted(answered)
            # Within two analyses of the last frame: nothing has queued.
            assert time.monotonic() - start < 0.02 * 40 + 3
            assert len(answered) < 15

    serve(talk, detect_slowly)


def test_a_second_page_takes_the_place_of_the_first() -> None:
    async def talk(server: LiveServer) -> None:
        async with join(server) as first:
            await hear(first, "hello")
            async with join(server) as second:
                with pytest.raises(ConnectionClosed) as closed:
                    await hear(first, "nothing")
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 4000
                await second.send(frame_of(1))
                assert (await hear(second, "result"))["sequence"] == 1

    serve(talk)


def test_a_video_plays_in_its_own_time() -> None:
    video = SAMPLES / "videos" / "portrait.mp4"

    async def talk(server: LiveServer) -> None:
        async with join(server) as page:
            assert (await hear(page, "hello"))["source"] == "file"
            start = time.monotonic()
            for _ in range(3):
                picture = await page.recv()
                assert isinstance(picture, bytes)
                shown = cv2.imdecode(np.frombuffer(picture[4:], np.uint8), cv2.IMREAD_COLOR)
                assert shown is not None
                result = await hear(page, "result")
                assert SEQUENCE.unpack_from(picture)[0] == result["sequence"]
                assert shown.shape[:2] == (result["height"], result["width"])
            assert time.monotonic() - start > 0.05

    serve(talk, video=video)


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(FerError, match=f"port {port}: is in use; choose another"):
            serve(lambda server: asyncio.sleep(0), port=port)


def test_an_interrupt_ends_the_command_with_0(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipelines.cli", "live", "--no-browser"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline().startswith("ferbeam live: http://127.0.0.1:")
        os.kill(started.pid, signal.SIGINT)
        _, errors = started.communicate(timeout=20)
    assert started.returncode == 0
    assert "Traceback" not in errors
