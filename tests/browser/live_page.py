"""What the tests of the live page need: the command, a browser with a camera, and waiting."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np

from tests.pipelines.jobs import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

SECONDS = 2
RATE = 30

WATCH = """() => {
  const seen = [], spot = document.createElement("canvas");
  const pen = spot.getContext("2d", {willReadFrequently: true});
  spot.width = spot.height = 1;
  let mark = -1, emotion = "";
  window.seen = seen;
  const look = () => {
    pen.drawImage(document.querySelector("video"), 10, 10, 30, 30, 0, 0, 1, 1);
    const now = Math.round(pen.getImageData(0, 0, 1, 1).data[0] / 80);
    if (now !== mark) seen.push([performance.now(), "mark", mark = now]);
    const shown = document.body.dataset.emotion;
    if (shown !== emotion) seen.push([performance.now(), "emotion", emotion = shown]);
    requestAnimationFrame(look);
  };
  look();
}"""
"""Notes when the camera shows another face, and when the page shows another emotion."""


def make_film(path: Path, faces: Sequence[str | None]) -> Path:
    """Writes what a camera shows: each face, or none, for two seconds, and a spot that tells it."""
    with av.open(str(path), "w", format="mjpeg") as film:
        stream = film.add_stream("mjpeg", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuvj420p"
        stream.options = {"q": "3", "qmin": "2", "qmax": "4"}
        for number, name in enumerate(faces):
            picture = np.full((480, 640, 3), 150, np.uint8)
            if name is not None:
                face = cv2.imread(str(ROOT / f"sample_data/composites/{name}.png"))
                picture[120:360, 200:440] = cv2.resize(face, (240, 240))
            picture[:50, :50] = number * 80
            for _ in range(SECONDS * RATE):
                film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
        film.mux(stream.encode(None))
    return path


@contextlib.contextmanager
def live(*options: str) -> Iterator[str]:
    """Runs `ferbeam live`; gives the address it prints."""
    command = [sys.executable, "-m", "ferbeam.cli", "live", "--no-browser", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "http://" in line)
        try:
            yield line[line.index("http://") :].split()[0]
        finally:
            process.send_signal(2)
            assert process.wait(20) == 0


@contextlib.contextmanager
def chromium(playwright: Playwright, *arguments: str) -> Iterator[Browser]:
    """A browser of its own, with its own camera."""
    path = shutil.which("chromium")
    browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *arguments])
    yield browser
    browser.close()


def fake_camera(film: Path) -> tuple[str, ...]:
    """The arguments by which a film is the camera, and is allowed."""
    return (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )


def wait_until(page: Page, condition: str) -> None:
    """Waits until an expression is true; Playwright's own way needs `eval`: the page forbids it."""
    limit = time.monotonic() + 20
    while not page.evaluate(condition):
        assert time.monotonic() < limit, (condition, page.inner_text("body"))
        page.wait_for_timeout(30)


def wait_for_faces(page: Page) -> None:
    """Waits until the page shows a face."""
    wait_until(page, "!!document.body.dataset.emotion")
