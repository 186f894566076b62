"""`make bench-scale`: time and memory for once, 4 times and 16 times as much.

The last rows are those of 16,000 small pictures, of as many seconds of clips of a second, and of a
video of 3 hours. Time should grow with the size, memory should not: of linear growth is processor
time, which does not depend on what else the machine does. Beside each: the files of the tables, the
processor time of the same command once more, and of a query. Below: the same by stage, what each
further medium takes in it, whether that is linear, and which stage grows worst.

`--parts tables` makes a finished run of 100,000 media that nothing was read for, and measures what
reads it (see `many_media.py`).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np

from fer_core.records import TABLES
from tests.bench.clips import ROOT, make_face_clip
from tests.bench.growth import make_clock, print_growth, stages_of
from tests.bench.many_media import MOST_MEDIA, print_times
from tests.bench.memory import run_watched

TIMES = "1,4,16"
PICTURES = CLIPS = 1000
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


def make_clips(folder: Path, count: int) -> Path:
    """Writes so many clips of a second, 160x90, with a face; 500 in a folder."""
    folder.mkdir()
    make_face_clip(folder / "long.mp4", (160, 90), 10)
    second = folder / "second.mp4"
    cut_clip(folder / "long.mp4", second, 25)
    data = second.read_bytes()
    for name in ("long.mp4", "second.mp4"):
        (folder / name).unlink()
    for number in range(count):
        place = folder / f"{number // FOLDER:03}"
        place.mkdir(exist_ok=True)
        (place / f"{number:06}.mp4").write_bytes(data + free_box(number))
    return folder


def cut_clip(source: Path, target: Path, packets: int) -> None:
    """Copies the first packets of a clip."""
    with av.open(str(source)) as opened, av.open(str(target), "w") as written:
        stream = written.add_stream_from_template(opened.streams.video[0])
        for at, packet in enumerate(opened.demux(video=0)):
            if at < packets and packet.dts is not None:
                packet.stream = stream
                written.mux(packet)


def free_box(number: int) -> bytes:
    """Returns a box of MP4 that says nothing, so that no two files are the same."""
    return (16).to_bytes(4, "big") + b"free" + number.to_bytes(8, "big")


def describe_after(source: Path, output: Path, options: list[str]) -> str:
    """Measures what comes after a run: its files, the same command again, and a query."""
    files = sum(1 for name in TABLES for _ in (output / name).iterdir())
    again = run_watched(["analyze", str(source), str(output), *options])
    query = run_watched(["query", str(output), "SELECT emotion, count(*) FROM faces GROUP BY 1"])
    return f"{files} files  again {again.processor:.1f} s  query {query.processor:.1f} s"


def print_rows(
    what: str, sizes: list[int], make: Callable[[Path, int], Path], options: list[str]
) -> None:
    """Prints a row for each size: seconds, processor time beside linear growth, peaks of memory."""
    first, spent = 0.0, dict[int, dict[str, float]]()
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            source = make(Path(folder) / "in", size)
            output = Path(folder) / "out"
            clock = make_clock(Path(folder))
            run = run_watched(["analyze", str(source), str(output), *options], **clock)
            spent[size] = stages_of(run, output)
            after = describe_after(source, output, options)
        each = run.processor / size
        first = first or each
        peaks = "  ".join(f"{name} {peak:.0f}" for name, peak in run.peaks.items())
        seconds = f"{run.seconds:>8.1f} s {run.processor:>8.1f} s {each / first:>6.2f}"
        print(f"{size:>7,} {what:<10}{seconds}  {peaks}  {after}", flush=True)
    if len(sizes) > 1:
        print_growth(what, spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default="pictures,clips,video")
    parser.add_argument("--overlay", default="emoji")
    parser.add_argument("--times", default=TIMES, help="sizes, as multiples of the smallest")
    arguments = parser.parse_args()
    if arguments.parts == "tables":
        print_times(MOST_MEDIA)
        return
    options = ["--workers", "2", "--overlay", arguments.overlay]
    parts: dict[str, tuple[str, int, Callable[[Path, int], Path], list[str]]] = {
        "pictures": ("pictures", PICTURES, make_pictures, options),
        "clips": ("clips", CLIPS, make_clips, options),
        "video": ("s of video", VIDEO_S, make_video, [*options, "--sample-fps", "1"]),
    }
    print("size                  time  processor  of linear  peak MB of each process")
    for part in arguments.parts.split(","):
        what, unit, make, own = parts[part]
        sizes = [round(unit * float(times)) for times in arguments.times.split(",")]
        print_rows(what, sizes, make, own)


if __name__ == "__main__":
    main()
