"""The server of the live page: its files over HTTP, frames and answers over a WebSocket."""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from fer_core.errors import FerError
from ferbeam.live.analyst import Analyst, Answer
from ferbeam.live.flow import CameraFrame, Newest, run_first
from ferbeam.live.messages import SEQUENCE, encode, read_order, tell_error, tell_hello
from ferbeam.live.responses import PageFiles, refuse
from ferbeam.live.security import MAX_MESSAGE, Gate, RateLimit, make_token

if TYPE_CHECKING:
    from ferbeam.live.playback import Playback

FRAMES = "frames"
OPENED_ELSEWHERE, NOT_UNDERSTOOD = 4000, 1003
Result = TypeVar("Result")


@dataclass(frozen=True)
class LiveSettings:
    """How the page is served and looks.

    Attributes:
        host: name or address to listen on.
        port: to listen on, 0 for any that is free.
        lang: `en` or `fr`.
        overlay: `emoji` or `cover`.
        record_to: name of the folder that is recorded to, None for none.
    """

    host: str = "127.0.0.1"
    port: int = 0
    lang: str = "en"
    overlay: str = "emoji"
    record_to: str | None = None


class LiveServer:
    """Serves one page; a second that connects takes the place of the first.

    Args:
        settings: how it is served.
        files: what the page is made of.
        analyst: answers frames.
        open_video: opens the video that is played, None for a camera.
    """

    def __init__(
        self,
        settings: LiveSettings,
        files: PageFiles,
        analyst: Analyst,
        open_video: Callable[[], Playback] | None = None,
    ) -> None:
        self._settings, self._files, self._analyst = settings, files, analyst
        self._open_video = open_video
        self._token = make_token()
        self._worker = ThreadPoolExecutor(1, "analysis")
        self._page: ServerConnection | None = None
        self._server: Server | None = None
        self._gate = Gate(self._token, settings.host, settings.port)
        self._received = 0
        self.url = ""

    async def start(self) -> None:
        """Begins to listen; `url` is then the address of the page.

        Raises:
            FerError: the port is in use, or the host is not of this machine.
        """
        logger = logging.getLogger(__name__)
        logger.addFilter(lambda record: "handshake failed" not in record.getMessage())
        host, port = self._settings.host, self._settings.port
        try:
            self._server = await serve(
                self._talk,
                host,
                port,
                process_request=self._respond,
                max_size=MAX_MESSAGE,
                max_queue=4,
                compression=None,
                server_header=None,
                close_timeout=1,
                logger=logger,
            )
        except (OSError, OverflowError) as error:
            raise FerError(_why_not(error, host, port)) from error
        port = next(iter(self._server.sockets)).getsockname()[1]
        self._gate = Gate(self._token, host, port)
        named = f"[{host}]" if ":" in host else host
        self.url = f"http://{named}:{port}/{self._token}/"

    async def stop(self) -> int:
        """Ends all connections and a recording; returns the number of recorded frames."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        try:
            return await self._work(self._analyst.finish)
        finally:
            self._worker.shutdown()

    async def _work(self, task: Callable[..., Result], *given: Any) -> Result:
        """Lets the thread that analyses do something, after what it was given before."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, task, *given)

    async def _respond(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answers HTTP; None lets a WebSocket begin."""
        is_socket = self._gate.rest_of(request.path) == FRAMES
        refusal = self._gate.refuse(request.path, request.headers, needs_origin=is_socket)
        if refusal is not None:
            return refuse(HTTPStatus.FORBIDDEN, refusal)
        if is_socket:
            return None
        rest, host = self._gate.rest_of(request.path), request.headers["Host"]
        return await asyncio.to_thread(self._files.respond, rest, host)

    async def _talk(self, connection: ServerConnection) -> None:
        """Serves a page from its first message to its last."""
        before, self._page = self._page, connection
        if before is not None:
            await before.close(OPENED_ELSEWHERE, "opened elsewhere")
        told = await self._work(self._analyst.restart, self._open_video is not None)
        settings = self._settings
        hello = tell_hello(
            (settings.lang, settings.overlay),
            "file" if self._open_video else "camera",
            settings.record_to,
            self._analyst.recording,
        )
        newest = Newest()
        answering = self._play(connection) if self._open_video else self._answer(connection, newest)
        with suppress(ConnectionClosed):
            await _send(connection, [hello, *told])
            await run_first(self._listen(connection, newest), answering)
        answering.close()
        if self._page is connection:
            self._page = None
        await self._work(self._analyst.flush)

    async def _listen(self, connection: ServerConnection, newest: Newest) -> None:
        """Takes the messages of a page, which is never kept waiting: only the newest counts."""
        limit = RateLimit()
        async for message in connection:
            now = time.monotonic()
            await asyncio.sleep(limit.wait_for(now))
            if isinstance(message, str):
                on = read_order(message)
                if on is None:
                    await connection.close(NOT_UNDERSTOOD, "a message that means nothing")
                    return
                await _send(connection, await self._work(self._analyst.record, on))
            elif len(message) <= SEQUENCE.size:
                await _send(connection, [tell_error("frame: is empty")])
            elif self._open_video is None:
                sequence = SEQUENCE.unpack_from(message)[0]
                jpeg = message[SEQUENCE.size :]
                newest.put(CameraFrame(sequence, jpeg, self._received, round(1000 * now)))
                self._received += 1

    async def _answer(self, connection: ServerConnection, newest: Newest) -> None:
        """Answers frames of the camera, one after the other."""
        while True:
            frame = await newest.take()
            await _send(connection, await self._work(self._analyst.answer_jpeg, *frame))

    async def _play(self, connection: ServerConnection) -> None:
        """Plays the video, once, and sends each frame before its answer."""
        assert self._open_video is not None
        playback = await self._work(self._open_video)
        start = time.monotonic()
        sequence = 0
        try:
            while True:
                elapsed = partial(_elapsed_ms, start)
                frame = await self._work(playback.next_frame, elapsed)
                if frame is None:
                    break
                ahead = frame.timestamp_ms - elapsed()
                if ahead < -1000:  # this machine is too slow for the video
                    start -= ahead / 1000
                await asyncio.sleep(max(0.0, ahead / 1000))
                answer = await self._work(self._analyst.answer_played, sequence, frame)
                await _send(connection, answer)
                sequence += 1
        finally:
            self._worker.submit(playback.close)
        await _send(connection, [{"type": "ended"}])
        await asyncio.Event().wait()  # the page may still ask for something


def _elapsed_ms(start: float) -> float:
    return 1000 * (time.monotonic() - start)


async def _send(connection: ServerConnection, answer: Answer) -> None:
    for message in answer:
        await connection.send(message if isinstance(message, bytes) else encode(message))


def _why_not(error: OSError | OverflowError, host: str, port: int) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {port}: is in use; choose another with --port, or 0 for one that is free"
    reason = getattr(error, "strerror", None) or error
    return f"--host {host} --port {port}: cannot be listened on: {reason}"
