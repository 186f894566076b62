"""`make bench-scale`: time and memory for once, 4 times and 16 times as much.

The last rows are those of 20,000 small pictures, and of a video of 3 hours. Time should grow with
the size, memory should not.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from tests.bench.clips import ROOT, make_face_clip
from tests.bench.memory import run_watched

TIMES = (1, 4, 16)
PICTURES = 1250
VIDEO_S = 680
FOLDER = 500


def make_pictures(folder: Path, count: int) -> Path:
    """Writes so many different pictures of 96x96 pixels with a face, 500 in a folder."""
    face = cv2.imread(str(ROOT / "sample_data/composites/happy.png"), cv2.IMREAD_GRAYSCALE)
    small = cv2.resize(face, (72, 72), interpolation=cv2.INTER_AREA)
    dice = np.random.default_rng(5)
    for number in range(count):
        grey = np.full((96, 96), 120, np.uint8)
        grey[12:84, 12:84] = small
        grey = np.clip(grey + dice.normal(0, 3, grey.shape), 0, 255).astype(np.uint8)
        place = folder / f"{number // FOLDER:03}"
        place.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place / f"{number:06}.jpg"), grey)
    return folder


def make_video(folder: Path, seconds: int) -> Path:
    """Writes a clip of 320x180 whose packets are repeated for so long."""
    folder.mkdir()
    make_face_clip(folder / "long.mp4", (320, 180), seconds)
    return folder


def print_rows(what: str, unit: int, make: Callable[[Path, int], Path], options: list[str]) -> None:
    """Prints a row for each size: seconds, seconds for each unit, and the peaks of memory."""
    first = 0.0
    for times in TIMES:
        with tempfile.TemporaryDirectory() as folder:
            source = make(Path(folder) / "in", unit * times)
            run = run_watched(["analyze", str(source), str(Path(folder) / "out"), *options])
        first = first or run.seconds
        peaks = "  ".join(f"{name} {peak:.0f}" for name, peak in run.peaks.items())
        growth = run.seconds / first / times
        print(
            f"{unit * times:>7,} {what:<10}{run.seconds:>8.1f} s {growth:>6.2f}  {peaks}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default="pictures,video")
    parser.add_argument("--overlay", default="emoji")
    arguments = parser.parse_args()
    options = ["--workers", "2", "--overlay", arguments.overlay]
    print("size                  time  of linear  peak MB of each process")
    if "pictures" in arguments.parts:
        print_rows("pictures", PICTURES, make_pictures, options)
    if "video" in arguments.parts:
        print_rows("s of video", VIDEO_S, make_video, [*options, "--sample-fps", "1"])


if __name__ == "__main__":
    main()
