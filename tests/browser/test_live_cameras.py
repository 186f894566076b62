"""The live page where there is no camera, where there are two, and where a disk fails."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.live_page import chromium, live, wait_until
from tests.pipelines.jobs import frames_of

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

ALLOWED = "--use-fake-ui-for-media-stream"
TWO = "--use-fake-device-for-media-stream=device-count=2"


def test_no_camera_and_a_choice_of_cameras(playwright: Playwright) -> None:
    with live("--lang", "fr") as url:
        with chromium(playwright, ALLOWED) as browser:
            page = browser.new_page()
            page.goto(url)
            wait_until(page, "document.body.dataset.state === 'nocamera'")
            assert "Aucune caméra" in page.inner_text("#message")
            assert page.locator("#again").is_visible()
        with chromium(playwright, ALLOWED, TWO) as browser:
            page = browser.new_page()
            page.goto(url)
            wait_until(page, "document.body.dataset.state === 'running'")
            choice = page.locator("#camera")
            first, second = choice.evaluate("list => [...list.options].map(one => one.value)")
            assert choice.input_value() == first
            choice.select_option(second)
            wait_until(
                page,
                "document.getElementById('video').srcObject.getVideoTracks()[0]"
                f".getSettings().deviceId === '{second}'",
            )
            answered = int(page.evaluate("document.body.dataset.frames"))
            wait_until(page, f"document.body.dataset.frames > {answered + 5}")


def test_a_recording_that_fails_says_why(playwright: Playwright, tmp_path: Path) -> None:
    output = tmp_path / "recorded"
    with live("--record", str(output)) as url, chromium(playwright, ALLOWED, TWO) as browser:
        page = browser.new_page()
        page.goto(url)
        wait_until(page, "document.body.dataset.frames > 3")
        (output / ".spans").write_text("in the way")
        page.click("#record")
        wait_until(page, "document.getElementById('record').ariaPressed === 'false'")
        assert page.locator("#recording").is_visible()
        assert "recording has ended" in page.inner_text("#recorded")
        assert str(output) in page.inner_text("#recorded")
        (output / ".spans").unlink()
    assert len(frames_of(output)["frames"]) > 3  # what could not be written then is written last
