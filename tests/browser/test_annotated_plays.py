"""Annotated videos play in a real browser, and ffprobe finds no fault in them."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.pipelines.jobs import SAMPLES, analyze

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AS_TIMED = ("-nostdin", "-fps_mode", "passthrough", "-enc_time_base", "-1")
"""Otherwise ffmpeg puts frames of a variable rate into a constant one, and complains."""
NAMES = ("one_face.mp4", "portrait.mp4", "two_faces.mp4")

LOAD = """async (data) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const video = document.createElement("video");
  video.muted = true;
  video.src = URL.createObjectURL(new Blob([bytes], {type: "video/mp4"}));
  document.body.append(video);
  await new Promise((done, failed) => {
    video.oncanplaythrough = done;
    video.onerror = () => failed(new Error(video.error.message));
  });
  return {duration: video.duration, width: video.videoWidth, height: video.videoHeight};
}"""
SEEK = """async (seconds) => {
  const video = document.querySelector("video");
  video.currentTime = seconds;
  await new Promise((done) => { video.onseeked = done; });
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  return {time: video.currentTime, frame: canvas.toDataURL("image/png")};
}"""
PLAY = """async () => {
  const video = document.querySelector("video");
  video.currentTime = 0;
  video.playbackRate = 4;
  await video.play();
  await new Promise((done) => { video.onended = done; });
  return {time: video.currentTime, error: video.error && video.error.message};
}"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OUTPUT of a run over the videos of the samples."""
    output = tmp_path_factory.mktemp("out")
    analyze(SAMPLES / "videos", output, "--span-s", "2", "--overlay", "emoji", code=3)
    return output


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """The name of a video."""
    return str(request.param)


def load(browser: Browser, copy: Path) -> tuple[Page, dict[str, Any]]:
    page = browser.new_page()
    return page, page.evaluate(LOAD, base64.b64encode(copy.read_bytes()).decode())


def frames_of_video(path: Path) -> list[tuple[float, NDArray[np.uint8]]]:
    """Decodes a video as seen: seconds from its start, and uint8 (h, w, 3) in BGR."""
    shown = []
    with av.open(str(path)) as video:
        start = (video.start_time or 0) / 1e6
        for frame in video.decode(video=0):
            pixels = np.rot90(frame.to_ndarray(format="bgr24"), round(frame.rotation / 90))
            shown.append((frame.time - start, np.ascontiguousarray(pixels, np.uint8)))
    return shown


def frame_at(frames: list[tuple[float, NDArray[np.uint8]]], seconds: float) -> NDArray[np.uint8]:
    return [pixels for time, pixels in frames if time <= seconds + 1e-3][-1]


def test_the_browser_shows_the_frame_of_the_time_it_seeks_to(
    name: str, finished: Path, browser: Browser
) -> None:
    copy = finished / "annotated" / f"{name}.mp4"
    drawn, source = frames_of_video(copy), frames_of_video(SAMPLES / "videos" / name)
    page, facts = load(browser, copy)
    height, width = source[0][1].shape[:2]
    assert (facts["width"], facts["height"]) == (width, height)
    with av.open(str(SAMPLES / "videos" / name)) as video:
        assert facts["duration"] == pytest.approx((video.duration or 0) / 1e6, abs=0.1)
    for share in (0.15, 0.5, 0.9):
        wanted = share * drawn[-1][0]
        seen = page.evaluate(SEEK, wanted)
        assert seen["time"] == pytest.approx(wanted, abs=0.002)
        png = np.frombuffer(base64.b64decode(seen["frame"].partition(",")[2]), np.uint8)
        shown = cv2.imdecode(png, cv2.IMREAD_COLOR)
        assert shown is not None
        assert cv2.absdiff(shown, frame_at(drawn, wanted)).mean() < 4
        changed = cv2.absdiff(shown, frame_at(source, wanted)).max(axis=2) > 60
        faces = share != 0.5 or name != "two_faces.mp4"  # there, nobody is to be seen
        assert (changed.mean() > 0.005) == faces
    page.close()


def test_it_plays_to_its_end(name: str, finished: Path, browser: Browser) -> None:
    page, facts = load(browser, finished / "annotated" / f"{name}.mp4")
    ended = page.evaluate(PLAY)
    assert ended["error"] is None
    assert ended["time"] == pytest.approx(facts["duration"], abs=0.05)
    page.close()


def test_ffprobe_and_a_full_decode_find_no_fault(name: str, finished: Path) -> None:
    copy = str(finished / "annotated" / f"{name}.mp4")
    for command in (
        ["ffprobe", "-v", "warning", "-show_streams", "-show_packets", "-of", "json", copy],
        ["ffmpeg", "-v", "warning", "-i", copy, *AS_TIMED, "-f", "null", "-"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
