"""The report in a real browser: video and timeline move each other, and nothing leaves the page.

With FERBEAM_SCREENSHOTS=folder the pictures of the pages go there.
"""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import pypdfium2
import pytest

from fer_core.emotions import EMOTIONS
from ferbeam.output.folder import Output
from ferbeam.report.build import write_report
from tests.pipelines.finished import leave_early, make_video, write_finished
from tests.pipelines.jobs import SAMPLES, analyze

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOSTILE = "<img src=x onerror=document.title='harmed'>.mp4"
WHOLE = """async () => {
  for (let y = 0; y < document.body.scrollHeight; y += 300) {
    scrollTo(0, y);
    await new Promise((done) => setTimeout(done, 40));
  }
  for (const { timeline } of document.querySelectorAll(".video")) {
    timeline.seek(0.42 * timeline.facts.seconds);
  }
  scrollTo(0, 0);
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
}"""
OVERLAPS = """() => {
  const kinds = "h1, h2, h3, p, dt, dd, li, th, td, button, img, video, .chart";
  const places = [...document.querySelectorAll(kinds)].filter((one) => !one.querySelector(kinds))
    .map((one) => [one, one.getBoundingClientRect()]).filter(([, at]) => at.width && at.height);
  const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  const found = [];
  places.forEach(([one, a], k) => places.slice(k + 1).forEach(([other, b]) => {
    if (over(a, b)) found.push(one.outerHTML.slice(0, 80) + " | " + other.outerHTML.slice(0, 80));
  }));
  return found;
}"""
BROKEN = """() => [...document.querySelectorAll(".people td.correct")].filter((cell) => {
  const label = getComputedStyle(cell, "::before");
  return parseFloat(label.height) > 2 * parseFloat(label.fontSize)
    || cell.scrollWidth > cell.clientWidth;
}).map((cell) => cell.dataset.name)"""
"""The labels of people's fields that take two lines, or more room than there is."""
SEEKED = "() => [...document.querySelectorAll('video')].every((video) => !video.seeking)"
FILLS = """(chart) => [...chart.querySelectorAll("path")]
  .map((area) => [area.className.baseVal, getComputedStyle(area).fill])"""
Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OUTPUT of a run over the samples, one video of them with a hostile name."""
    source = tmp_path_factory.mktemp("in") / "samples"
    shutil.copytree(SAMPLES / "pictures", source / "pictures")
    shutil.copytree(SAMPLES / "videos", source / "videos")
    shutil.copy(SAMPLES / "videos/portrait.mp4", source / "videos" / HOSTILE)
    output = tmp_path_factory.mktemp("out")
    analyze(source, output, "--overlay", "emoji", code=3)
    write_report(Output(str(output)), "en")
    return output


@pytest.fixture
def visit(browser: Browser) -> Iterator[Open]:
    """Opens a page from disk; at the end, all it asked for must have lain on the disk."""
    contexts, asked, errors = [], [], []

    def open_page(path: Path, width: int = 1440, **settings: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert asked
    assert {urlsplit(url).scheme for url in asked} <= {"file", "data", "blob"}
    assert errors == []


def card_of(page: Page, name: str) -> Any:
    """Returns the card of a video, drawn and with its video ready."""
    card = page.locator("article", has_text=name)
    card.scroll_into_view_if_needed()
    handle = card.element_handle()
    page.wait_for_function(
        "(card) => card.timeline && card.querySelector('video').readyState > 0", arg=handle
    )
    return card


def time_of(card: Any) -> float:
    return float(card.locator("video").evaluate("(video) => video.currentTime"))


def cursor_of(card: Any) -> float:
    """Returns where the cursor stands, as a share of the chart's width."""
    cursor = card.locator(".playhead").bounding_box()
    area = card.locator(".chart").first.bounding_box()
    return float((cursor["x"] + cursor["width"] / 2 - area["x"]) / area["width"])


def test_a_click_on_the_timeline_moves_the_video(finished: Path, visit: Open) -> None:
    card = card_of(visit(finished / "report.html"), "one_face.mp4")
    area = card.locator(".chart").first
    size = area.bounding_box()
    for share in (0.75, 0.2):
        area.click(position={"x": share * size["width"], "y": 20})
        assert time_of(card) == pytest.approx(share * 6.1, abs=0.05)
        assert cursor_of(card) == pytest.approx(share, abs=0.01)
    assert "happy" in card.locator(".now").inner_text()


def test_the_playing_video_moves_the_cursor(finished: Path, visit: Open) -> None:
    page = visit(finished / "report.html")
    card = card_of(page, "one_face.mp4")
    card.locator("video").evaluate(
        "(video) => { video.muted = true; video.playbackRate = 2; return video.play(); }"
    )
    seen = []
    for _ in range(8):
        page.wait_for_timeout(150)
        seen.append(cursor_of(card))
    assert seen == sorted(seen)
    assert len({round(place, 3) for place in seen}) > 4
    card.locator("video").evaluate("(video) => video.pause()")
    page.wait_for_timeout(50)
    assert cursor_of(card) == pytest.approx(time_of(card) / 6.1, abs=0.02)


def test_the_keyboard_is_enough(finished: Path, visit: Open) -> None:
    page = visit(finished / "report.html")
    card = card_of(page, "one_face.mp4")
    timeline = card.locator(".timeline")
    timeline.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    assert time_of(card) == pytest.approx(1.0, abs=0.01)
    assert str(timeline.get_attribute("aria-valuetext")).startswith("0:01.0 – Person 1: happy")
    page.keyboard.press("PageUp")
    page.keyboard.press("ArrowLeft")
    assert time_of(card) == pytest.approx(1.9, abs=0.05)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "(card) => !card.querySelector('video').paused", arg=card.element_handle()
    )
    page.keyboard.press("Enter")
    page.wait_for_function(
        "(card) => card.querySelector('video').paused", arg=card.element_handle()
    )
    page.keyboard.press("Home")
    assert time_of(card) == 0
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.emotion") == "happy"


def test_a_chosen_emotion_stands_alone(finished: Path, visit: Open) -> None:
    card = card_of(visit(finished / "report.html"), "one_face.mp4")
    chart = card.locator(".chart").first
    before = dict(chart.evaluate(FILLS))
    assert len(set(before.values())) == 7
    card.get_by_role("button", name="happy").click()
    assert card.get_by_role("button", name="happy").get_attribute("aria-pressed") == "true"
    after = {name.split()[0]: fill for name, fill in chart.evaluate(FILLS)}
    assert after.pop("fill-happy") == before["fill-happy"]
    assert len(set(after.values())) == 1


def test_the_charts_need_no_script_and_print(finished: Path, visit: Open, tmp_path: Path) -> None:
    page = visit(finished / "report.html", java_script_enabled=False)
    assert page.locator(".timeline .chart path").count() > 20
    assert page.locator(".curve .line").count() == 10
    assert page.locator(".curve .chart:visible").count() == 10


def test_every_chart_is_printed(finished: Path, visit: Open, tmp_path: Path) -> None:
    """Renders the PDF of Chromium: each colour is there as often as in the charts of the page."""
    page = visit(finished / "report.html")
    charts = page.locator(".timeline .chart").count()
    page.pdf(path=tmp_path / "report.pdf")
    document = pypdfium2.PdfDocument(tmp_path / "report.pdf")
    shown = [sheet.render(scale=1).to_numpy()[..., :3] for sheet in document]
    text = "".join(sheet.get_textpage().get_text_range() for sheet in document)
    ink = [(one.max(axis=2).astype(int) - one.min(axis=2) > 60).mean() for one in shown]
    assert charts > 4
    assert ink[0] > 0.002  # the curves are on the first sheet
    assert sum(ink) * shown[0][..., 0].size > 1500 * charts
    for emotion in EMOTIONS:
        assert emotion.name in text
    assert max(len(line) for line in text.splitlines()) > 10


def test_one_chart_is_shown_and_an_emotion_chosen(finished: Path, visit: Open) -> None:
    page = visit(finished / "report.html")
    assert page.locator(".curve .chart:visible").count() == 1
    assert page.locator(".curve:visible figcaption").inner_text().strip() == "Positive"
    page.locator(".chooser").get_by_role("button", name="surprise").click()
    assert page.locator(".curve:visible figcaption").inner_text().strip() == "surprise"
    top = page.locator(".curve:visible .chart").bounding_box()
    assert top["y"] + top["height"] < 900  # the answer is on the first screen
    assert top["height"] > 300
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the curves").click()
    head, *rows = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert head.startswith("second,viewer_group,videos,mean_positive_percent")
    assert len(rows) > 3


def test_people_are_corrected_on_the_page(finished: Path, visit: Open) -> None:
    page = visit(finished / "report.html")
    save = page.get_by_role("button", name="Save the corrections")
    assert save.is_disabled()
    row = page.locator(".people tbody tr", has_text=HOSTILE).first
    row.locator(".rename").fill('Ann, "A"')
    page.locator(".people tbody tr").last.locator(".leave").check()
    with page.expect_download() as download:
        save.click()
    with open(download.value.path(), encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert {("", "1"), ('Ann, "A"', "0")} == {(one["name"], one["excluded"]) for one in found}
    assert f"videos/{HOSTILE}" in {one["media"] for one in found}


def test_who_just_comes_by_is_shown_on_demand(tmp_path: Path, visit: Open) -> None:
    video = leave_early(make_video("a.mp4", 100, tracks=2, copy=False), 1, 300)
    write_report(Output(str(write_finished(tmp_path, [video]))), "en")
    page = visit(tmp_path / "report.html")
    people = page.locator(".people tbody tr")
    assert [row.is_visible() for row in people.all()] == [True, False]
    page.get_by_role("button", name="Also show 1 seen for less than 5").click()
    assert [row.is_visible() for row in people.all()] == [True, True]
    assert not page.locator("#brief").is_visible()


def test_a_hostile_name_is_only_a_name(finished: Path, visit: Open) -> None:
    page = visit(finished / "report.html")
    card = card_of(page, HOSTILE)
    assert card.locator("h3").inner_text() == f"videos/{HOSTILE}"
    assert card.locator("video").evaluate("(video) => video.duration") == pytest.approx(3, abs=0.2)
    assert page.title() == "samples – Expression report"
    assert page.locator("img[src=x]").count() == 0


def test_many_media_are_found_by_name(tmp_path: Path, visit: Open) -> None:
    names = [*(f"clip {number:03}.mp4" for number in range(70)), f"z{HOSTILE}"]
    output = write_finished(
        tmp_path, [make_video(name, 20, seed=k, copy=False) for k, name in enumerate(names)]
    )
    write_report(Output(str(output)), "en")
    page = visit(output / "report.html", 360)
    rows = page.locator("#media li")
    assert rows.count() == 50
    page.get_by_role("button", name="Later").click()
    assert rows.count() == 21
    assert rows.last.locator("a").inner_text() == f"z{HOSTILE}"
    page.get_by_label("Find by name").fill("CLIP 03")
    assert rows.count() == 10
    assert page.locator("#shown").inner_text() == "1 to 10 of 10"
    page.get_by_label("Order by").select_option("positive")
    rows.first.locator("a").click()
    page.wait_for_selector("article .chart")
    page.get_by_role("link", name="All media").click()
    page.wait_for_selector("#media li")


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_overlaps_or_leaves_the_screen(
    width: int, scheme: str, lang: str, finished: Path, visit: Open
) -> None:
    write_report(Output(str(finished)), lang)
    page = visit(finished / "report.html", width, color_scheme=scheme)
    page.evaluate(WHOLE)
    page.wait_for_function(SEEKED)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(OVERLAPS) == []
    assert page.evaluate(BROKEN) == []
    shown = page.screenshot(full_page=True)
    folder = os.environ.get("FERBEAM_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, f"report_{width}_{scheme}_{lang}.png").write_bytes(shown)
    pixels = cv2.imdecode(np.frombuffer(shown, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    assert (pixels[:, 2].mean() > 128) == (scheme == "light")
