"""Makes the README's pictures of the pages: a desk's screen in English beside a phone's in French.

    python -m tests.bench.page_pictures report OUTPUT .github/report.jpg
    python -m tests.bench.page_pictures live VIDEO .github/live.jpg

OUTPUT is a finished run over sample_data; its report is written anew.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw

from ferbeam.output.folder import Output
from ferbeam.report.build import write_report
from tests.browser.live_page import chromium, live, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

EDGE = 24
LANGS = {"desk": "en", "phone": "fr"}
SCREENS: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1180, "height": 740}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
}
SEEK = """([name, share]) => {
  const card = [...document.querySelectorAll(".video")].find((one) => one.innerText.includes(name));
  card.scrollIntoView();
  scrollBy(0, -20);
  return new Promise((done) => {
    const move = () => {
      if (!card.timeline || !card.querySelector("video").readyState) return setTimeout(move, 50);
      card.querySelector("video").addEventListener("seeked", () => setTimeout(done, 1500));
      card.timeline.seek(share * card.timeline.facts.seconds);
    };
    move();
  });
}"""


def photograph(page: Page, whole: bool) -> Image.Image:
    """Returns what the window shows, or the whole page, and closes it."""
    shown = Image.open(io.BytesIO(page.screenshot(full_page=whole))).convert("RGB")
    page.close()
    return shown


def take_report(browser: Browser, output: Path, screen: str) -> Image.Image:
    """Photographs the card of a video at a moment of it."""
    write_report(Output(str(output)), LANGS[screen])
    page = browser.new_page(device_scale_factor=1.25, **SCREENS[screen])
    page.goto((output / "report.html").as_uri())
    page.evaluate(SEEK, ["one_face.mp4", 0.36])
    return photograph(page, whole=False)


def take_live(browser: Browser, video: Path, screen: str) -> Image.Image:
    """Photographs the live page as the face in a video shows surprise."""
    with live("--source", str(video), "--lang", LANGS[screen]) as url:
        page = browser.new_page(device_scale_factor=1.25, **SCREENS[screen])
        page.goto(url)
        wait_until(page, "document.body.dataset.emotion === 'surprise'")
        page.wait_for_timeout(400)
        return photograph(page, whole=True)


def put_side_by_side(desk: Image.Image, phone: Image.Image) -> Image.Image:
    """Returns both, with round corners, on one ground."""
    size = desk.width + phone.width + 3 * EDGE, max(desk.height, phone.height) + 2 * EDGE
    whole = Image.new("RGB", size, "#d9d6cf")
    for shown, x in ((desk, EDGE), (phone, desk.width + 2 * EDGE)):
        corners = Image.new("L", shown.size, 0)
        ImageDraw.Draw(corners).rounded_rectangle((0, 0, *shown.size), 16, fill=255)
        whole.paste(shown, (x, EDGE), corners)
    return whole


def main() -> None:
    """Takes both photographs and puts them side by side."""
    from playwright.sync_api import sync_playwright

    take = {"report": take_report, "live": take_live}[sys.argv[1]]
    of, target = Path(sys.argv[2]).resolve(), Path(sys.argv[3])
    with sync_playwright() as playwright, chromium(playwright) as browser:
        phone, desk = (take(browser, of, screen) for screen in ("phone", "desk"))
    whole = put_side_by_side(desk, phone)
    whole.save(target, quality=84, optimize=True)
    print(f"{target}: {whole.size}, {target.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
