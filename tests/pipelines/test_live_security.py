"""Who may talk to the live page, and how much."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from pipelines.live.security import MAX_MESSAGE, Gate, RateLimit
from pipelines.live.server import LiveServer
from tests.pipelines.live_page import frame_of, get, join, serve


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
