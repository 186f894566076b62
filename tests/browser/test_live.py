"""The live page in a real browser, with a camera that plays a clip of known faces."""

from __future__ import annotations

import http.server
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.browser.live_page import (
    SECONDS,
    WATCH,
    chromium,
    fake_camera,
    live,
    make_film,
    wait_for_faces,
    wait_until,
)
from tests.pipelines.jobs import frames_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

EMOTIONS = ("happy", "surprise", "neutral")


@pytest.fixture(scope="session")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A camera's film: each face for two seconds, with a spot whose grey tells which it is."""
    return make_film(tmp_path_factory.mktemp("camera") / "faces.mjpeg", EMOTIONS)


@pytest.fixture(scope="module")
def session(camera: Path, playwright: Playwright) -> Iterator[tuple[Browser, str]]:
    """A browser with the camera, and a server; one after the other may use them."""
    with live() as url, chromium(playwright, *fake_camera(camera)) as browser:
        yield browser, url


def test_the_emoji_follows_the_face_at_once(
    session: tuple[Browser, str], capsys: pytest.CaptureFixture[str]
) -> None:
    browser, url = session
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    wait_for_faces(page)
    page.evaluate(WATCH)
    page.wait_for_timeout(3 * SECONDS * len(EMOTIONS) * 1000)
    ended: float
    seen: list[list[Any]]
    ended, seen = page.evaluate("[performance.now(), window.seen]")
    delays = []
    for at, (begun, what, mark) in enumerate(seen):
        if what == "mark" and at > 1 and begun < ended - 1000 * SECONDS:
            then = [event for event in seen[at:] if event[1:] == ["emotion", EMOTIONS[mark]]]
            assert then, (EMOTIONS[mark], seen)
            delays.append(then[0][0] - begun)
    rate = float(page.evaluate("document.body.dataset.rate"))
    middle = float(np.median(delays))
    with capsys.disabled():
        print(f"\nlatency {middle:.0f} ms (largest {max(delays):.0f}), {rate:.0f} frames/s")
    assert len(delays) >= 6
    assert middle < 1000 * SECONDS
    assert max(delays) < 1000 * SECONDS
    assert rate > 1
    host = url.split("/")[2]
    assert {address.split("/")[2] for address in asked if not address.startswith("data:")} == {host}
    page.close()


def test_it_speaks_french_and_remembers_it(session: tuple[Browser, str]) -> None:
    browser, url = session
    page = browser.new_page()
    page.goto(url)
    wait_for_faces(page)
    page.get_by_role("button", name="Français").click()
    wait_until(page, "/^(joie|neutre) /.test(document.getElementById('name').textContent)")
    page.reload()
    wait_for_faces(page)
    assert page.evaluate("document.documentElement.lang") == "fr"
    assert "sentiment" in page.inner_text("footer")
    page.close()


def test_a_cover_hides_the_whole_face(session: tuple[Browser, str]) -> None:
    browser, url = session
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.goto(url)
    wait_for_faces(page)
    page.get_by_role("button", name="Mirror").click()
    pixels = """() => {
      const stage = document.getElementById("stage"), copy = document.createElement("canvas");
      copy.width = 640; copy.height = 480;
      const pen = copy.getContext("2d", {willReadFrequently: true});
      pen.drawImage(stage, 0, 0, 640, 480);
      return [...pen.getImageData(230, 140, 180, 200).data];
    }"""
    seen = []
    for _ in ("bare", "covered"):
        wait_until(page, "document.body.dataset.emotion === 'neutral'")
        wait_until(page, "document.body.dataset.emotion === 'happy'")
        page.wait_for_timeout(200)
        seen.append(np.array(page.evaluate(pixels), np.float32).reshape(-1, 4)[:, :3])
        page.get_by_role("button", name="Cover faces").click()
    assert (np.abs(seen[1] - seen[0]).max(axis=1) > 12).mean() > 0.95
    page.close()


def test_a_cover_stays_for_a_second_where_a_face_was(
    playwright: Playwright, tmp_path: Path
) -> None:
    film = make_film(tmp_path / "leaves.mjpeg", ("happy", None, None))
    difference = """() => {
      const stage = document.getElementById("stage"), copy = document.createElement("canvas");
      const pen = copy.getContext("2d", {willReadFrequently: true});
      copy.width = 640; copy.height = 480;
      pen.drawImage(stage, 0, 0, 640, 480);
      const pixels = pen.getImageData(300, 220, 40, 40).data;
      return Math.max(...pixels.filter((_, at) => at % 4 === 0).map((red) => Math.abs(red - 150)));
    }"""
    with (
        live("--overlay", "cover") as url,
        chromium(playwright, *fake_camera(film)) as browser,
    ):
        page = browser.new_page()
        page.goto(url)
        wait_for_faces(page)
        wait_until(page, "document.body.dataset.emotion === ''")
        assert page.evaluate(difference) > 40
        page.wait_for_timeout(1500)
        assert page.evaluate(difference) < 10


def test_a_refused_camera_and_a_second_tab_are_told(
    session: tuple[Browser, str], playwright: Playwright
) -> None:
    browser, url = session
    first = browser.new_page()
    first.goto(url)
    wait_for_faces(first)
    second = browser.new_page()
    second.goto(url)
    wait_for_faces(second)
    wait_until(first, "document.body.dataset.state === 'elsewhere'")
    assert "another tab" in first.inner_text("#message")
    first.close()
    second.close()
    no = ("--use-fake-device-for-media-stream", "--deny-permission-prompts")
    with chromium(playwright, *no) as strict:
        page = strict.new_page()
        page.goto(url)
        wait_until(page, "document.body.dataset.state === 'refused'")
        assert "The camera was refused" in page.inner_text("#message")


def test_a_page_from_elsewhere_is_refused(session: tuple[Browser, str], tmp_path: Path) -> None:
    browser, url = session
    (tmp_path / "index.html").write_text("<title>foreign</title>")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given, directory=str(tmp_path))

        def log_message(self, *given: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as foreign:
        threading.Thread(target=foreign.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{foreign.server_port}/")
        answer = page.evaluate(
            """address => new Promise((done) => {
              const socket = new WebSocket(address);
              socket.onopen = () => done("open");
              socket.onerror = () => done("refused");
            })""",
            url.replace("http", "ws") + "frames",
        )
        assert answer == "refused"
        page.close()
        foreign.shutdown()


def test_what_is_recorded_is_seen_and_adds_up(
    camera: Path, playwright: Playwright, tmp_path: Path
) -> None:
    output = tmp_path / "recorded"
    with (
        live("--record", str(output)) as url,
        chromium(playwright, *fake_camera(camera)) as browser,
    ):
        page = browser.new_page()
        page.goto(url)
        wait_for_faces(page)
        record = page.locator("#record")
        if record.get_attribute("aria-pressed") == "false":
            record.click()
        wait_until(page, "!document.getElementById('recording').hidden")
        page.wait_for_timeout(3000)
        record.click()
        wait_until(page, "document.getElementById('recording').hidden")
    tables = frames_of(output)
    assert len(tables["media"]) == 1
    assert len(tables["frames"]) == tables["media"]["frames_sampled"][0] > 5
    assert set(tables["faces"]["emotion"]) & set(EMOTIONS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_screenshots(session: tuple[Browser, str], tmp_path: Path, width: int, scheme: str) -> None:
    browser, url = session
    folder = Path(os.environ.get("FERBEAM_SHOTS", tmp_path))
    for lang in ("en", "fr"):
        height = 900 if width > 1000 else 780
        page = browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
        )
        page.goto(url)
        wait_for_faces(page)
        page.locator(f"[data-lang={lang}]").click()
        time.sleep(5)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.screenshot(path=folder / f"live_{width}_{scheme}_{lang}.png", full_page=True)
        page.close()
