"""How fast ferbeam and its rivals go through the same clips, start-up and all."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import av

from fer_core.classify import Classifier
from fer_core.detection.detector import Detector, load_detector
from fer_core.detection.detector_settings import DEFAULT
from fer_core.model import find_model_dir, load_classifier
from tests.bench.clips import make_face_clip
from tests.bench.generated import SCENARIOS, make_clip
from tests.bench.peers.runs import ALL_FRAMES, RIVALS, commit_seconds, run_ferbeam, run_rival
from tests.bench.pipeline import time_loop

SEED = 1


@dataclass(frozen=True)
class Speed:
    """What one tool took for a clip.

    Attributes:
        whole_s: wall time of the command.
        start_s: of that, before and after the frames: wall time on a clip of one second.
        memory_mb: peak resident memory of all its processes.
        measured: frames it was run on; the rest is reckoned at the same speed.
    """

    whole_s: float
    start_s: float
    memory_mb: float
    measured: int


def compare_tools(folder: Path, seconds: int, rival_seconds: int, rounds: int) -> dict[str, Speed]:
    """Runs every tool on one clip, 640x360 with one face; every frame, best of several rounds."""
    clip, second = folder / "clip.mp4", folder / "second.mp4"
    rate = make_clip(clip, SCENARIOS["calm_1"], SEED, seconds).rate
    make_clip(second, SCENARIOS["calm_1"], SEED, 1)
    frames = seconds * rate
    most = rival_seconds * rate if rival_seconds else ALL_FRAMES
    speeds = {"ferbeam": _time_ferbeam(clip, second, folder, rounds)}
    for name in RIVALS:
        starts = [run_rival(name, [second], folder).watched.seconds for _ in range(rounds)]
        runs = [run_rival(name, [clip], folder, most=most) for _ in range(rounds)]
        best = min(runs, key=lambda run: run.whole_s(frames))
        memory = sum(best.watched.peaks.values())
        speeds[name] = Speed(best.whole_s(frames), min(starts), memory, best.frames)
    return speeds


def _time_ferbeam(clip: Path, second: Path, folder: Path, rounds: int) -> Speed:
    best, start, memory = float("inf"), float("inf"), 0.0
    for turn in range(rounds):
        output = folder / f"ferbeam-{turn}"
        watched = run_ferbeam(clip, output, "--sample-fps", "all")
        short = run_ferbeam(second, folder / f"short-{turn}", "--sample-fps", "all")
        best, start = min(best, watched.seconds), min(start, short.seconds)
        memory = sum(watched.peaks.values())
    return Speed(best, start, memory, 0)


def compare_decoding(folder: Path, seconds: int, rounds: int) -> dict[str, float]:
    """Times 720p at 10 samples/s with one worker, and plain decoding of every frame; in seconds."""
    clip = folder / "clip720.mp4"
    make_clip(clip, SCENARIOS["calm_1_720p"], SEED, seconds)
    best: dict[str, float] = {}
    for turn in range(rounds):
        output = folder / f"decoding-{turn}"
        times = {"decode": _time_decoding(clip)}
        times["command"] = run_ferbeam(clip, output, "--workers", "1").seconds
        times["plan to last commit"] = commit_seconds(output)
        best = {name: min(value, best.get(name, value)) for name, value in times.items()}
    return best


def _time_decoding(clip: Path) -> float:
    """Decodes every frame on one thread."""
    start = time.perf_counter()
    with av.open(str(clip)) as video:
        video.streams.video[0].thread_type = "NONE"
        for _ in video.decode(video=0):
            pass
    return time.perf_counter() - start


def compare_workers(folder: Path, seconds: int, rounds: int) -> dict[str, dict[str, float]]:
    """Times 8 equal clips and one five times as long, with one worker and with two.

    Returns:
        By what was analysed, and by worker and part of the run, the seconds it took.
    """
    long, eight = folder / "long", folder / "eight"
    for part in (long, eight):
        part.mkdir()
    make_face_clip(long / "clip.mp4", (640, 360), 5 * seconds)
    make_face_clip(eight / "0.mp4", (640, 360), seconds)
    for number in range(1, 8):
        shutil.copy(eight / "0.mp4", eight / f"{number}.mp4")
    results: dict[str, dict[str, float]] = {"8 clips": {}, "long clip": {}}
    for turn in range(rounds):
        for name, source in (("8 clips", eight), ("long clip", long)):
            for workers in (1, 2):
                output = folder / f"{name}-{workers}-{turn}"
                options = ("--sample-fps", "all", "--workers", str(workers))
                times = {
                    f"command, {workers}": run_ferbeam(source, output, *options).seconds,
                    f"plan to last commit, {workers}": commit_seconds(output),
                }
                for key, value in times.items():
                    results[name][key] = min(value, results[name].get(key, value))
    results["long clip"]["bare loop"] = min(
        time_bare_loop(long / "clip.mp4") for _ in range(rounds)
    )
    return results


def time_bare_loop(clip: Path) -> float:
    """Returns the seconds of a loop over every frame with the job's own detector and network."""
    detector: Detector = load_detector(DEFAULT)
    classify: Classifier = load_classifier(find_model_dir(), "litert")
    start = time.perf_counter()
    time_loop(clip, detector, classify, None)
    return time.perf_counter() - start
