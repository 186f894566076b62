"""The server of the live page, over real sockets."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed

from fer_core.emotions import EMOTIONS
from fer_core.errors import FerError
from ferbeam.live import responses
from ferbeam.live.messages import SEQUENCE
from ferbeam.live.server import LiveServer
from tests.pipelines.jobs import ROOT, SAMPLES
from tests.pipelines.live_page import JPEG, detect_slowly, frame_of, get, hear, join, serve


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


def test_avatars_take_the_place_of_the_emoji(tmp_path: Path) -> None:
    for emotion in EMOTIONS:
        red = np.full((40, 40, 3), (0, 0, 200 + emotion.index), np.uint8)
        assert cv2.imwrite(str(tmp_path / f"{emotion.name}.png"), red)
    answer = responses.PageFiles(tmp_path).respond("emoji/3.png", "127.0.0.1:1")
    shown = cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown[200, 200].tolist() == [0, 0, 203]


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
    command = [sys.executable, "-m", "ferbeam.cli", "live", "--no-browser"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline().startswith("ferbeam live: http://127.0.0.1:")
        os.kill(started.pid, signal.SIGINT)
        _, errors = started.communicate(timeout=20)
    assert started.returncode == 0
    assert errors == ""


def test_the_browser_is_not_told_the_address_on_its_command_line(tmp_path: Path) -> None:
    called, scratch = tmp_path / "called", tmp_path / "tmp"
    scratch.mkdir()
    script = tmp_path / "browser"
    script.write_text(
        f"#!{sys.executable}\n"
        "import os, stat, sys, urllib.parse, urllib.request, pathlib\n"
        "path = pathlib.Path(urllib.parse.unquote(urllib.parse.urlsplit(sys.argv[1]).path))\n"
        "modes = [oct(stat.S_IMODE(each.stat().st_mode)) for each in (path, path.parent)]\n"
        f"told = pathlib.Path({str(called)!r} + '.part')\n"
        "told.write_text(repr([sys.argv[1:], modes, path.read_text()]))\n"
        f"told.rename({str(called)!r})\n"
    )
    script.chmod(0o700)
    command = [sys.executable, "-m", "ferbeam.cli", "live"]
    environment = {**os.environ, "BROWSER": str(script), "TMPDIR": str(scratch)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        url = started.stdout.readline().split()[2]
        until = time.monotonic() + 60
        while not called.exists():
            assert time.monotonic() < until
            time.sleep(0.05)
        os.kill(started.pid, signal.SIGINT)
    arguments, modes, page = ast.literal_eval(called.read_text())
    token = urlsplit(url).path.strip("/")
    assert len(token) > 20
    assert not any(token in argument for argument in arguments)
    assert modes == ["0o600", "0o700"]
    assert f'content="0; url={url}"' in page
    assert not list(scratch.iterdir())
