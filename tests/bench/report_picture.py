"""Makes the README's picture of the report: a desk's screen beside a phone's.

    python -m tests.bench.report_picture OUTPUT .github/report.jpg

OUTPUT is a finished run over sample_data; its report is written anew.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw

from pipelines.output import Output
from pipelines.report.build import write_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser

EDGE = 24
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


def take(browser: Browser, page: Path, size: tuple[int, int], **settings: Any) -> Image.Image:
    """Photographs the card of a video at a moment of it."""
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, device_scale_factor=1.25, **settings)
    opened = context.new_page()
    opened.goto(page.as_uri())
    opened.evaluate(SEEK, ["one_face.mp4", 0.36])
    shown = Image.open(io.BytesIO(opened.screenshot())).convert("RGB")
    context.close()
    return shown


def main() -> None:
    """Takes both photographs and puts them side by side."""
    from playwright.sync_api import sync_playwright

    output, target = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    page = output / "report.html"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        write_report(Output(str(output)), "fr")
        phone = take(browser, page, (360, 740), color_scheme="dark")
        write_report(Output(str(output)), "en")
        desk = take(browser, page, (1180, 740), color_scheme="light")
        browser.close()
    whole = Image.new(
        "RGB", (desk.width + phone.width + 3 * EDGE, desk.height + 2 * EDGE), "#d9d6cf"
    )
    for shown, x in ((desk, EDGE), (phone, desk.width + 2 * EDGE)):
        corners = Image.new("L", shown.size, 0)
        ImageDraw.Draw(corners).rounded_rectangle((0, 0, *shown.size), 16, fill=255)
        whole.paste(shown, (x, EDGE), corners)
    whole.save(target, quality=84, optimize=True)
    print(f"{target}: {whole.size}, {target.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
