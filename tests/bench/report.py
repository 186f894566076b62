"""How long the report of many media takes, how much memory, and how quickly its pages open.

    python -m tests.bench.report [--videos 1000] [--faces 1000]

The videos are tables alone: 100 s of ten samples a second and one face each.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.pipelines.finished import make_video, write_finished
from tests.pipelines.jobs import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TRIES = 3


def run_report(output: Path) -> tuple[float, float, float]:
    """Runs the command; returns its seconds, those of the processor, and its peak memory in MB."""
    command = [sys.executable, "-m", "ferbeam.cli", "report", str(output)]
    begin = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    assert status == 0
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / unit


def time_opening(browser: Browser, path: Path) -> float:
    """Returns the seconds until a page shows its list or its first timeline: the best of three."""
    seconds = []
    for _ in range(TRIES):
        page = browser.new_page()
        begin = time.perf_counter()
        page.goto(path.as_uri())
        page.wait_for_selector("#media li, .timeline .playhead:not([hidden])")
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done()))")
        seconds.append(time.perf_counter() - begin)
        page.close()
    return min(seconds)


def print_opening(output: Path) -> None:
    """Opens the front page and the largest of the others."""
    from playwright.sync_api import sync_playwright

    others = sorted((output / "report").glob("*.html"), key=lambda page: page.stat().st_size)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for page in (output / "report.html", *others[-1:]):
            opened, size = time_opening(browser, page), page.stat().st_size / 1e3
            print(f"opens in {opened:6.2f} s  (bar 2 s), {size:.0f} kB: {page.relative_to(output)}")
        browser.close()


def main() -> None:
    """Makes the tables, writes the report and opens it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--videos", type=int, default=1000)
    parser.add_argument("--faces", type=int, default=1000, help="in each video, about")
    arguments = parser.parse_args()
    samples = round(arguments.faces / 0.9)  # a tenth shows no face
    with tempfile.TemporaryDirectory() as folder:
        media = (
            make_video(f"clips/{number:05}.mp4", samples, seed=number, copy=False)
            for number in range(arguments.videos)
        )
        output = write_finished(Path(folder), media)
        seconds, processor, megabytes = run_report(output)
        print(f"{arguments.videos:,} videos, {arguments.videos * arguments.faces:,} faces")
        print(f"written in {seconds:.1f} s (bar 60 s), {processor:.1f} s of one processor")
        print(f"memory {megabytes:.0f} MB (bar 1,000 MB)")
        print_opening(output)


if __name__ == "__main__":
    main()
