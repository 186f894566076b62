"""`make bench`: what each step costs, and what the pipeline adds to a bare loop of them."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import pyarrow.parquet as pq

from fer_core.classify import Classifier
from fer_core.detect_faces import SampledFrame, detect_faces
from fer_core.detection.detector import Detector, limit_threads, load_detector
from fer_core.detection.detector_settings import DEFAULT
from fer_core.model import find_model_dir, load_classifier
from fer_core.video.frames import read_spans
from fer_core.video.index import index_video
from fer_core.video.spans import plan_spans
from ferbeam.output.tables import COUNTS_KEY
from tests.bench.clips import make_face_clip
from tests.bench.memory import Watched, run_watched

SAMPLE_FPS = 10


def time_loop(
    clip: Path,
    detector: Detector | None,
    classify: Classifier | None,
    sample_fps: Fraction | None = Fraction(SAMPLE_FPS),
) -> float:
    """Returns the samples per second of a bare loop over the spans of a clip."""
    start, count = time.perf_counter(), 0
    for reading in plan_spans(index_video(clip), sample_fps, 10):
        frames = (
            SampledFrame(
                clip.name,
                frame.frame_index,
                frame.timestamp_ms,
                frame.grey,
                starts_segment=frame.starts_segment,
            )
            for frame in read_spans(clip, reading)
        )
        if detector is None:
            count += sum(1 for _ in frames)
            continue
        found = detect_faces(frames, detector)
        count += len(found.frames)
        if classify is not None:
            classify(found.crops)
    return count / (time.perf_counter() - start)


def bare_loops(clip: Path) -> dict[str, float]:
    """Returns the samples per second of three loops without a pipeline."""
    detector = load_detector(DEFAULT)
    classify = load_classifier(find_model_dir(), "litert")
    return {
        "decode": time_loop(clip, None, None),
        "decode + detect": time_loop(clip, detector, None),
        "decode + detect + classify": time_loop(clip, detector, classify),
    }


def run_pipeline(clip: Path, workers: int, output: Path, fps: float) -> tuple[float, Watched]:
    """Runs the analysis; returns samples per second from plan to last commit, and its memory.

    Not from the first commit: Beam holds a span back until the next has been detected.
    """
    arguments = ["analyze", str(clip), str(output), "--overlay", "none", "--workers", str(workers)]
    watched = run_watched([*arguments, "--sample-fps", str(fps)])
    commits = sorted(
        (path.stat().st_mtime, json.loads(pq.read_schema(path).metadata[COUNTS_KEY])["frames"])
        for path in (output / ".spans").glob("*.parquet")
    )
    planned = max(path.stat().st_mtime for path in (output / ".spans/plans").glob("*.json"))
    return sum(frames for _, frames in commits) / (commits[-1][0] - planned), watched


def print_speeds(folder: Path, seconds: int, rounds: int) -> None:
    """Prints the speeds on one clip, the best of several rounds."""
    clip = make_face_clip(folder / "speed.mp4", (640, 360), seconds)
    best: dict[str, float] = {}
    for turn in range(rounds):
        speeds = bare_loops(clip)
        for workers in (1, 2):
            output = folder / f"speed-{workers}-{turn}"
            speeds[f"pipeline, {workers} workers"], _ = run_pipeline(
                clip, workers, output, SAMPLE_FPS
            )
        best = {name: max(speed, best.get(name, 0.0)) for name, speed in speeds.items()}
    bare = best["decode + detect + classify"]
    print(f"\n640x360, one face, {seconds} s at {SAMPLE_FPS} samples/s, best of {rounds}")
    print(f"{'':<28}{'samples/s':>10}{'of bare loop':>14}")
    for name, speed in best.items():
        print(f"{name:<28}{speed:>10.1f}{speed / bare:>14.2f}")


def run_with_copies(clip: Path, workers: int, output: Path) -> dict[str, float]:
    """Runs the analysis with emoji; returns seconds of the command, and of link to join."""
    options = ["--workers", str(workers), "--sample-fps", str(SAMPLE_FPS)]
    watched = run_watched(["analyze", str(clip), str(output), "--overlay", "emoji", *options])
    committed = max(path.stat().st_mtime for path in (output / ".spans").glob("*.parquet"))
    (joined,) = (path.stat().st_mtime for path in (output / ".spans/copies").glob("*.json"))
    return {"whole command": watched.seconds, "link, render, join": joined - committed}


def print_rendering(folder: Path, seconds: int, rounds: int) -> None:
    """Prints what two workers gain on one video with its annotated copy, the best of several."""
    clip = make_face_clip(folder / "copies.mp4", (640, 360), seconds)
    best: dict[int, dict[str, float]] = {}
    for turn in range(rounds):
        for workers in (1, 2):
            taken = run_with_copies(clip, workers, folder / f"copies-{workers}-{turn}")
            known = best.get(workers, taken)
            best[workers] = {part: min(value, known[part]) for part, value in taken.items()}
    print(f"\n640x360, one face, {seconds} s, with emoji: seconds, best of {rounds}")
    for part, one in best[1].items():
        two = best[2][part]
        print(f"{part:<28}{one:>8.1f}, two workers {two:.1f}: {one / two:.2f} times (bar 1.6)")


def print_memory(folder: Path) -> None:
    """Prints the peak memory of each process on 1080p, for one minute and for ten, with emoji."""
    print("\n1080p, one face, 1 sample/s, emoji: peak memory of each process in MB")
    for minutes in (1, 10):
        clip = make_face_clip(folder / f"memory-{minutes}.mp4", (1920, 1080), 60 * minutes)
        for workers in (1, 2):
            output = folder / f"memory-{minutes}-{workers}"
            options = ["--workers", str(workers), "--sample-fps", "1"]
            watched = run_watched(["analyze", str(clip), str(output), *options])
            peaks = ", ".join(f"{name} {peak:.0f}" for name, peak in watched.peaks.items())
            print(f"{minutes:>2} min, {workers} workers: {peaks}; {watched.seconds:.0f} s")


def main() -> None:
    """Prints the whole bench."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="length of the clip")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--skip-memory", action="store_true")
    arguments = parser.parse_args()
    limit_threads()
    with tempfile.TemporaryDirectory() as name:
        print_speeds(Path(name), arguments.seconds, arguments.rounds)
        print_rendering(Path(name), 4 * arguments.seconds, arguments.rounds)
        if not arguments.skip_memory:
            print_memory(Path(name))


if __name__ == "__main__":
    main()
