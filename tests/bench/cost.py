"""`make bench-cost`: processor time of video and pictures, and what that costs on Dataflow."""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2

from tests.bench.clips import ROOT, make_face_clip

SECONDS = 60
PICTURES = 40
PICTURE_SIZES = {"2 megapixels": (1920, 1080), "12 megapixels": (4000, 3000)}
SIZES = {"720p": (1280, 720), "1080p": (1920, 1080)}
VCPU_HOUR = 0.056
MEMORY_HOUR = 4 * 0.003557
"""Dollars for a vCPU of Dataflow's batch workers, and for the 4 GB beside it: an assumption, the
list price of us-central1 as far as we know it; `--vcpu-hour` and `--memory-hour` take others."""


def processor_seconds(clip: Path, output: Path, *options: str) -> float:
    """Analyses a clip with one worker; returns the processor time of all its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "ferbeam.cli", "analyze", str(clip), str(output)]
    whole = [*command, "--workers", "1", *options]
    subprocess.run(whole, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def seconds_of_more(media: tuple[Path, Path], scratch: Path, name: str, *options: str) -> float:
    """Returns the processor seconds by which more media take longer, so without the start.

    Args:
        media: some, and more.
        scratch: where tables go.
        name: of this measurement.
        options: of `analyze`.
    """
    few, many = (
        processor_seconds(each, scratch / f"{name}-{at}", *options) for at, each in enumerate(media)
    )
    return many - few


def make_pictures(folder: Path, size: tuple[int, int], count: int) -> Path:
    """Writes so many JPEG files of three faces each, all of other brightness."""
    folder.mkdir()
    group = cv2.resize(cv2.imread(str(ROOT / "sample_data/pictures/group.png")), size)
    for number in range(count):
        cv2.imwrite(str(folder / f"{number:03}.jpg"), cv2.convertScaleAbs(group, beta=number))
    return folder


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vcpu-hour", type=float, default=VCPU_HOUR)
    parser.add_argument("--memory-hour", type=float, default=MEMORY_HOUR)
    given = parser.parse_args()
    price = given.vcpu_hour + given.memory_hour
    print("| what | copies | vCPU-hours | dollars |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for name, size in SIZES.items():
            clips = tuple(
                make_face_clip(scratch / f"{name}-{length}.mp4", size, length)
                for length in (10, 10 + SECONDS)
            )
            each = f"an hour of {name}", 3600 / SECONDS
            print_costs(each, (clips[0], clips[1]), scratch / name, price)
        for name, size in PICTURE_SIZES.items():
            few, many = (
                make_pictures(scratch / f"{name}-{count}", size, count)
                for count in (10, 10 + PICTURES)
            )
            each = f"10,000 pictures of {name}", 10_000 / PICTURES
            print_costs(each, (few, many), scratch / name, price)


def print_costs(
    each: tuple[str, float], media: tuple[Path, Path], scratch: Path, price: float
) -> None:
    """Prints a row without and one with copies.

    Args:
        each: what the row is of, and how many times as much that is as what was measured.
        media: some, and more.
        scratch: where tables go.
        price: dollars for an hour.
    """
    what, times = each
    for overlay in ("none", "emoji"):
        seconds = seconds_of_more(media, scratch, overlay, "--overlay", overlay)
        hours = seconds * times / 3600
        print(f"| {what} | {overlay} | {hours:.2f} | {hours * price:.3f} |", flush=True)


if __name__ == "__main__":
    main()
