"""`make bench-end-to-end`: how much accuracy is lost between labelled crops and the whole product.

Labelled pictures are enlarged, set with their own border into frames of H.264 videos, and analysed
by the command as a user calls it; the same network also sees the pictures themselves. The share
found depends on the border, which is made up, as well as on the faces.

Both expect emotions as often as the network has learnt them, since the pictures are of the kind it
learnt from; a user's own are not, so that the command's own default is another prior.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import NAMES
from fer_core.errors import DataError, FerError
from fer_core.faces import Box
from fer_core.learn.copies import copies_of
from fer_core.learn.dataset import read_data
from fer_core.learn.labels import LabelledFaces, majority_labels
from fer_core.model import find_model_dir, load_classifier
from fer_core.prior import LEARNT, PRIORS
from ferbeam.output.folder import Output
from ferbeam.output.read_tables import read_tables
from ferbeam.output.run_file import load_run
from tests.bench.matching import FoundFace, Matches, lost_accuracy, match_faces, mean
from tests.bench.memory import run_watched
from tests.bench.mosaic import (
    COLUMNS,
    FRAME_SIZE,
    LARGEST,
    ROWS,
    SMALLEST,
    choose_places,
    write_videos,
)

FRAMES_EACH = 60
"""Frames in a video."""


@dataclass(frozen=True)
class Subject:
    """The pictures measured.

    Attributes:
        crops: uint8 (n, 48, 48).
        truth: int64 (n,), the emotion of each.
        note: one line on what was left out.
    """

    crops: NDArray[np.uint8]
    truth: NDArray[np.int64]
    note: str


def choose_pictures(data: Path, part: str, most: int | None, seed: int) -> Subject:
    """Reads the pictures that have one true emotion and were not trained on.

    Args:
        data: a folder in one of the formats of `read_data`.
        part: `valid` or `test`.
        most: how many pictures to draw at random; None: all.
        seed: of the draw.

    Raises:
        DataError: the part cannot be read, or nothing of it is left.
    """
    faces = read_data(data, part)
    truth = majority_labels(faces.votes) if faces.votes.any() else faces.labels
    copies, note = _find_copies(data, faces)
    keep = np.flatnonzero((truth >= 0) & ~copies)
    if not len(keep):
        raise DataError(f"{part}: no picture with an emotion of its own is left")
    keep = np.random.default_rng(seed).permutation(keep)[:most]
    return Subject(faces.crops[keep], truth[keep], note)


def _find_copies(data: Path, faces: LabelledFaces) -> tuple[NDArray[np.bool_], str]:
    """Marks pictures that are identical to a training picture, and says how many there are."""
    try:
        copies = copies_of(faces, read_data(data, "train"))
    except DataError as error:
        return np.zeros(len(faces), bool), f"copies of training pictures unknown ({error})"
    return copies, f"{int(copies.sum()):,} identical to a training picture left out"


def read_faces(output: Path, videos: list[str], frames: int) -> list[FoundFace]:
    """Reads the faces of a finished run.

    Args:
        output: the OUTPUT folder.
        videos: their names, in order.
        frames: how many frames they hold together.

    Raises:
        RuntimeError: the run does not have every frame.
    """
    folder = Output(str(output))
    run = load_run(folder)
    read = read_tables(folder, run, "frames")
    lost = read["status"].to_pylist().count("decode_error")
    if read.num_rows != frames or lost:
        raise RuntimeError(f"{read.num_rows} frames analysed, {lost} lost; {frames} were written")
    first = {name: FRAMES_EACH * number for number, name in enumerate(videos)}
    return [
        FoundFace(
            first[row["media"]] + row["frame_index"],
            Box(row["box_x"], row["box_y"], row["box_width"], row["box_height"]),
            NAMES.index(row["emotion"]),
        )
        for row in read_tables(folder, run, "faces").to_pylist()
    ]


def analyze_pictures(
    crops: NDArray[np.uint8], folder: Path, seed: int, options: list[str]
) -> tuple[Matches, float]:
    """Puts pictures through the whole product.

    Args:
        crops: uint8 (n, 48, 48).
        folder: an empty one to work in.
        seed: of sizes and positions.
        options: of the command, which model and prior.

    Returns:
        What became of the pictures, and how many seconds the command took.
    """
    places = choose_places(len(crops), seed)
    source, output = folder / "videos", folder / "output"
    source.mkdir()
    videos = write_videos(source, crops, places, FRAMES_EACH)
    every_frame = ["--sample-fps", "all", "--overlay", "none"]
    watched = run_watched(["analyze", str(source), str(output), *every_frame, *options])
    faces = read_faces(output, videos, places[-1].frame + 1)
    return match_faces(places, faces), watched.seconds


def print_emotions(
    truth: NDArray[np.int64],
    found: NDArray[np.bool_],
    crops_right: NDArray[np.bool_],
    whole_right: NDArray[np.bool_],
) -> None:
    """Prints shares found and accuracies, for each emotion and for all."""
    print(f"\n{'':<10}{'':>9}{'':>7}{'share':>8}{'crops:':>9}{'those':>9}{'end to end:':>13}")
    print(f"{'':<10}{'pictures':>9}{'found':>7}{'found':>8}{'all':>9}{'found':>9}{'found':>13}")
    rows = [(name, truth == index) for index, name in enumerate(NAMES)]
    for name, these in [*rows, ("all", np.ones(len(truth), bool))]:
        here = these & found
        line = (
            f"{name:<10}{these.sum():>9,}{here.sum():>7,}{mean(found[these]):>8.3f}"
            f"{mean(crops_right[these]):>9.4f}{mean(crops_right[here]):>9.4f}"
            f"{mean(whole_right[here]):>13.4f}"
        )
        print(line.replace("nan", "  -"))


def print_figures(subject: Subject, predicted: NDArray[np.int64], matches: Matches) -> None:
    """Prints the whole comparison.

    Args:
        subject: the pictures.
        predicted: int64 (n,), what the network reads from the crops themselves.
        matches: what became of them in the product.
    """
    found = matches.found
    right, whole_right = predicted == subject.truth, matches.emotions == subject.truth
    print_emotions(subject.truth, found, right, whole_right)
    print(f"\n{'false faces (centre in no picture)':<40}{matches.false_faces:,}")
    print(f"{'second faces (smaller, in a picture)':<40}{matches.second_faces:,}")
    if not found.any():
        print("no face was found: nothing to compare")
        return
    low, middle, high = np.nanpercentile(matches.widths, (10, 50, 90))
    print(f"{'box width in pixels of the picture':<40}{middle:.1f} (median)", end="")
    print(f", {low:.1f} to {high:.1f} (10-90 %)")
    values, bounds = lost_accuracy(right, whole_right, found)
    names = ("end to end minus crops of those found", "end to end minus crops of all")
    for name, value, (low, high) in zip(names, values, bounds.T, strict=True):
        print(f"{name:<40}{value:+.4f}  (95 %: {low:+.4f} to {high:+.4f})")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.end_to_end", description=__doc__)
    parser.add_argument("data", type=Path, metavar="DATA", help="folder that `ferbeam train` takes")
    parser.add_argument("--model", type=Path, help="model folder; without it the shipped one")
    parser.add_argument("--prior", choices=PRIORS, default=LEARNT, help=f"else {LEARNT}")
    parser.add_argument("--part", choices=("valid", "test"), default="valid")
    parser.add_argument("--pictures", type=int, help="how many, drawn at random; without it all")
    parser.add_argument("--seed", type=int, default=0, help="of the draw, sizes and positions")
    arguments = parser.parse_args()
    if arguments.pictures is not None and arguments.pictures < 1:
        parser.error(f"--pictures: is {arguments.pictures}, at least 1 is needed")
    return arguments


def main() -> None:
    """Prints the whole bench."""
    arguments = _arguments()
    try:
        classify = load_classifier(arguments.model or find_model_dir(), prior=arguments.prior)
        subject = choose_pictures(
            arguments.data, arguments.part, arguments.pictures, arguments.seed
        )
    except FerError as error:
        raise SystemExit(f"bench: {error}") from error
    print(f"{arguments.part}: {len(subject.crops):,} pictures; {subject.note}", flush=True)
    options = ["--prior", arguments.prior]
    options += ["--model", str(arguments.model.resolve())] if arguments.model else []
    with tempfile.TemporaryDirectory() as name:
        matches, seconds = analyze_pictures(subject.crops, Path(name), arguments.seed, options)
    size = "x".join(map(str, FRAME_SIZE))
    print(
        f"enlarged {SMALLEST:g}-{LARGEST:g} times, {COLUMNS * ROWS} to a frame of {size}, H.264; "
        f"analysed in {seconds:.0f} s; prior {arguments.prior}"
    )
    predicted = classify(subject.crops).argmax(axis=1)
    print_figures(subject, predicted, matches)


if __name__ == "__main__":
    main()
