"""Who may talk to the live page, and how much."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from functools import partial
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ferbeam.live.security import MAX_MESSAGE, Gate, RateLimit
from ferbeam.live.server import LiveServer
from tests.pipelines.live_page import frame_of, get, hear, join, serve


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


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([frame_of(0, bytes(MAX_MESSAGE))], 1009),
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


def test_a_flood_of_frames_is_read_at_60_a_second() -> None:
    limit, at = RateLimit(60), 100.0
    waits: list[float] = []
    for _ in range(300):
        waits.append(limit.wait_for(at))
        at += waits[-1]
    assert at - 100 == pytest.approx(295 / 60, abs=0.02)
    assert max(waits) < 0.02  # nor does it halt
    assert not any(limit.wait_for(200 + number / 58) for number in range(600))


def test_a_flood_of_frames_does_no_harm() -> None:
    async def talk(server: LiveServer) -> None:
        async with join(server, close_timeout=0.1) as page:
            start = time.monotonic()
            for _ in range(65):
                await page.send(frame_of(1))
            await page.send(frame_of(2))
            while (await hear(page, "result"))["sequence"] != 2:
                pass
            assert time.monotonic() - start > 0.9

    serve(talk)
