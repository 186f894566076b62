"""Finds the faces of real pictures and clips: `make bench-wild DATA=folder`.

Recall by size, turn and tilt, false faces, and processor time: the whole command with each of its
finders, beside OpenCV's full scan, YuNet on every frame and, where `make bench-peers` has installed
it, the `fer` package. `wild_truth` says what DATA holds and what counts as found.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.detection.colour import Colour
from fer_core.detection.detector import limit_threads
from fer_core.detection.yunet import YuNetFinder
from fer_core.faces import Box, clip_box, square_box
from fer_core.pictures import read_coloured
from fer_core.video.container import decode_frames, open_video
from fer_core.video.grey import colour_of, grey_of, orientation_of
from tests.bench.peers.runs import PYTHON, Boxes, read_boxes, run_ferbeam, run_rival
from tests.bench.wild_truth import Labelled, Tally, read_clips, read_pictures, size_of

Finder = Callable[[NDArray[np.uint8], Colour], list[Box]]
"""From a frame in grey, and what gives its colours, to boxes."""
KINDS = ("all", "30-40 px", "40-80 px", "80-10000 px", "turned", "tilted")
COMMANDS = {"ferbeam": (), "ferbeam --detector haar": ("--detector", "haar")}


def cascade_finder() -> Finder:
    """Searches with the default cascade from 30 px, at 1.1 with 4 neighbours."""
    file = Path(cv2.__file__).parent / "data/haarcascade_frontalface_default.xml"
    cascade = cv2.CascadeClassifier(str(file))
    return lambda grey, _: [
        Box(*map(int, hit)) for hit in cascade.detectMultiScale(grey, 1.1, 4, minSize=(30, 30))
    ]


def yunet_finder() -> Finder:
    """Searches every frame whole with YuNet, at 640 pixels."""
    detect = YuNetFinder(least_score=0.6)

    def find(grey: NDArray[np.uint8], colour: Colour) -> list[Box]:
        size = size_of(grey.shape)
        places = [proposal.place for proposal in detect(grey, colour)]
        return [clip_box(square_box((at.x, at.y), at.side, size), size) for at in places]

    return find


RIVALS = {"full Haar scan": cascade_finder, "YuNet, every frame": yunet_finder}


def read_colours(path: Path) -> NDArray[np.uint8]:
    """Reads a picture in its colours."""
    return np.asarray(cv2.imread(str(path)), np.uint8)


def search_picture(find: Finder, path: Path) -> Boxes:
    """Returns the boxes of a picture, as of a clip of one frame."""
    colours = read_colours(path)
    return {0: find(read_coloured(path)[0], lambda *size: np.asarray(cv2.resize(colours, size)))}


def search_clip(find: Finder, path: Path) -> Boxes:
    """Returns the boxes of every frame of a clip."""
    boxes: Boxes = {}
    with open_video(path) as video:
        for number, frame in enumerate(decode_frames(video)):
            turned = orientation_of(frame)
            boxes[number] = find(grey_of(frame, turned), colour_of(frame, turned))
    return boxes


def spent_seconds() -> float:
    """Returns the processor time of this process and those that it waited for."""
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(
        used.ru_utime + used.ru_stime for used in (resource.getrusage(kind) for kind in kinds)
    )


def search_all(name: str, folder: Path, work: Path) -> tuple[dict[str, Boxes], float]:
    """Lets a tool search a folder; returns boxes by file, and the processor time."""
    before = spent_seconds()
    if name in COMMANDS:
        output = work / "out"
        shutil.rmtree(output, ignore_errors=True)
        options = ("--sample-fps", "all", "--workers", "1", *COMMANDS[name])
        run_ferbeam(folder, output, *options)
        boxes = read_boxes(output)
    elif name in RIVALS:
        find = RIVALS[name]()
        search = search_picture if folder.name == "pictures" else search_clip
        boxes = {path.name: search(find, path) for path in sorted(folder.iterdir())}
    else:
        boxes = dict(run_rival(name, sorted(folder.iterdir()), work).boxes)
    return boxes, spent_seconds() - before


def tally_all(
    truth: Mapping[str, Mapping[int, Labelled]], boxes: Mapping[str, Boxes]
) -> dict[str, Tally]:
    """Counts what was found, by group."""
    tallies: dict[str, Tally] = {}
    for name, frames in truth.items():
        for index, labelled in frames.items():
            found = boxes.get(name, {}).get(index, [])
            tallies.setdefault(labelled.group, Tally()).add(labelled, found)
    return tallies


def print_tallies(name: str, tallies: Mapping[str, Tally], spent: float) -> None:
    """Prints a line for each group."""
    for group, tally in sorted(tallies.items()):
        recalls = "  ".join(f"{kind} {tally.recall(kind)}" for kind in KINDS if kind in tally.faces)
        print(f"  {name:24} {group:15} false {tally.false_faces / tally.pictures:.3f}  {recalls}")
    print(f"  {name:24} {spent:.1f} s of processor time", flush=True)


def count_frames(paths: Iterable[Path]) -> int:
    """Counts the frames of clips by decoding them, on one thread."""
    count = 0
    for path in paths:
        with open_video(path) as video:
            count += sum(1 for _ in decode_frames(video))
    return count


def measure_pictures(data: Path, work: Path, names: list[str]) -> None:
    """Prints what each tool finds in the pictures."""
    folder = work / "pictures"
    folder.mkdir()
    truth = {name: {0: labelled} for name, labelled in read_pictures(data, folder).items()}
    print(f"{len(truth)} pictures")
    for name in (name for name in names if name in {**COMMANDS, **RIVALS}):
        boxes, spent = search_all(name, folder, work)
        print_tallies(name, tally_all(truth, boxes), spent)


def measure_clips(data: Path, work: Path, names: list[str]) -> None:
    """Prints what each tool finds in the clips, every frame of which is searched."""
    truth = {path.name: frames for path, frames in read_clips(data)}
    started = time.process_time()
    frames = count_frames(sorted((data / "clips").iterdir()))
    print(f"{len(truth)} clips, {frames} frames, decoded in {time.process_time() - started:.1f} s")
    for name in names:
        boxes, spent = search_all(name, data / "clips", work)
        print_tallies(name, tally_all(truth, boxes), spent)
        print(f"  {name:24} {frames / spent:.0f} frames per second of processor time", flush=True)


def measure_film(film: Path, work: Path) -> None:
    """Prints the processor time of the whole command, beside that of decoding every frame."""
    before = spent_seconds()
    frames = count_frames([film])
    decoding = spent_seconds() - before
    print(f"{film.name}: {frames} frames, decoded in {decoding:.1f} s")
    for rate in ("10", "all"):
        before = spent_seconds()
        run_ferbeam(film, work / f"film {rate}", "--sample-fps", rate, "--workers", "1")
        spent = spent_seconds() - before
        print(
            f"  --sample-fps {rate:3}  {spent:.1f} s, {decoding / spent:.2f} of it for decoding, "
            f"{frames / spent:.0f} frames per second of processor time",
            flush=True,
        )


def main() -> None:
    """Measures DATA."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    known = [*COMMANDS, *RIVALS, *(["fer"] if PYTHON.exists() else [])]
    parser.add_argument("--tools", nargs="+", choices=known, default=known)
    parser.add_argument("--only", choices=["pictures", "clips"])
    parser.add_argument("--film", type=Path, help="measures the speed on this film alone")
    chosen = parser.parse_args()
    limit_threads()
    with tempfile.TemporaryDirectory() as work:
        if chosen.film:
            measure_film(chosen.film, Path(work))
            return
        if chosen.only != "clips":
            measure_pictures(chosen.data, Path(work), chosen.tools)
        if chosen.only != "pictures":
            measure_clips(chosen.data, Path(work), chosen.tools)


if __name__ == "__main__":
    main()
