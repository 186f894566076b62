"""`make bench-peers`: ferbeam beside the `fer` package and the classic tutorial's script."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fer_core.detection.detector import limit_threads
from fer_core.learn.dataset import read_data
from tests.bench.generated import SCENARIOS, Score, paste_clip
from tests.bench.peers.recall import (
    FULL,
    HARD,
    Clip,
    find_faces,
    make_clips,
    mean_false,
    mean_recall,
    score_all,
)
from tests.bench.peers.runs import PYTHON
from tests.bench.peers.speed import Speed, compare_decoding, compare_tools, compare_workers

Faces: TypeAlias = "NDArray[np.uint8] | None"
"""Those of DATA, uint8 (n, 48, 48)."""

SEEDS = (7, 8)
"""Never used for tuning, nor in tests."""
HARD_SEEDS = tuple(range(7, 15))
"""Likewise, of the scenarios that have a bar of their own: two clips differ too much."""
SCENARIOS_SHOWN = tuple(name for name in SCENARIOS if name != "calm_10_1080p")
"""A full scan of every frame of that one takes as long as of all others together."""


def main() -> None:
    """Prints the whole bench, or the parts asked for."""
    arguments = _parse()
    if not PYTHON.exists():
        raise SystemExit("the rivals are not installed: run `make bench-peers`")
    limit_threads()
    print("ferbeam beside fer and the classic tutorial; this takes about 40 minutes", flush=True)
    faces = read_data(arguments.data, arguments.part).crops if arguments.data else None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.clip:
            print_own_clip(folder, arguments, faces)
            return
        for part in arguments.parts:
            PARTS[part](folder, arguments, faces)
            sys.stdout.flush()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-peers", description=main.__doc__)
    parser.add_argument("--data", type=Path, help="DATA: the last seed, or --clip, has its faces")
    parser.add_argument("--part", default="valid", help="part of DATA")
    parser.add_argument("--clip", type=Path, help="a video of your own, with faces of DATA in it")
    parser.add_argument("--scenarios", nargs="+", default=SCENARIOS_SHOWN, choices=SCENARIOS)
    parser.add_argument("--seeds", nargs="+", type=int, help="of the scenarios")
    parser.add_argument("--seconds", type=int, default=120, help="of the clips for speed")
    parser.add_argument("--rival-seconds", type=int, default=0, help="of them for rivals; 0: all")
    parser.add_argument("--clip-s", type=float, default=8.0, help="seconds of the others")
    parser.add_argument("--step", type=int, default=5, help="every so many frames are scored")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument(
        "--parts", nargs="+", default=list(PARTS), choices=list(PARTS), help="what is measured"
    )
    arguments = parser.parse_args()
    if arguments.clip and not arguments.data:
        parser.error("--clip needs --data, whose faces are pasted in")
    return arguments


def _ratio(what: str, value: float, bar: float, aim: float) -> None:
    print(f"  {what:<66}{value:>7.2f}   bar {bar}, aim {aim}")


def print_tools(folder: Path, arguments: argparse.Namespace, _: Faces) -> None:
    """Prints the speed, start-up and memory of every tool on one clip."""
    speeds = compare_tools(folder, arguments.seconds, arguments.rival_seconds, arguments.rounds)
    frames = arguments.seconds * 25
    print(f"\n{arguments.seconds} s of 640x360 with one face, every frame, whole command")
    print(f"{'':<12}{'frames/s':>10}{'seconds':>10}{'start-up s':>12}{'peak MB':>10}")
    for name, speed in speeds.items():
        told = _reckoned(speed, frames)
        print(
            f"{name:<12}{frames / speed.whole_s:>10.1f}{speed.whole_s:>10.1f}"
            f"{speed.start_s:>12.1f}{speed.memory_mb:>10.0f}{told}"
        )
    own = speeds["ferbeam"].whole_s
    _ratio("frames/s against fer", speeds["fer"].whole_s / own, 6, 12)
    _ratio("frames/s against the tutorial", speeds["tutorial"].whole_s / own, 15, 40)


def _reckoned(speed: Speed, frames: int) -> str:
    if 0 < speed.measured < frames:
        return f"   (run on {speed.measured} frames, the rest reckoned at their speed)"
    return ""


def print_decoding(folder: Path, arguments: argparse.Namespace, _: Faces) -> None:
    """Prints what the pipeline takes beside plain decoding."""
    seconds = compare_decoding(folder, arguments.seconds, arguments.rounds)
    print(f"\n{arguments.seconds} s of 720p with one face, 10 samples/s, one worker: seconds")
    for name, value in seconds.items():
        print(f"  {name:<40}{value:>8.2f}")
    decode = seconds["decode"]
    _ratio("decoding every frame against the whole command", decode / seconds["command"], 0.5, 0.8)
    _ratio("... against plan to last commit", decode / seconds["plan to last commit"], 0.5, 0.8)


def print_workers(folder: Path, arguments: argparse.Namespace, _: Faces) -> None:
    """Prints what a second worker gains, and what the pipeline costs."""
    part = folder / "workers"
    part.mkdir()
    results = compare_workers(part, arguments.seconds, arguments.rounds)
    print("\n640x360 with one face, every frame, one worker and two: seconds")
    for name, times in results.items():
        print(f"  {name}: " + ", ".join(f"{key} {value:.2f}" for key, value in times.items()))
    for name, times in results.items():
        for run in ("command", "plan to last commit"):
            _ratio(f"two workers, {name}, {run}", times[f"{run}, 1"] / times[f"{run}, 2"], 1.7, 1.9)
    long = results["long clip"]
    inner = long["bare loop"] / long["plan to last commit, 1"]
    _ratio("bare loop against one worker, plan to last commit", inner, 0.85, 0.95)


def print_recall(folder: Path, arguments: argparse.Namespace, faces: Faces) -> None:
    """Prints recall and false faces of every detector."""
    scenarios = {
        name: arguments.seeds or (HARD_SEEDS if name in HARD else SEEDS)
        for name in arguments.scenarios
    }
    clips = make_clips(folder / "clips", scenarios, arguments.clip_s, faces)
    step = arguments.step
    scores = score_all(clips, find_faces(clips, folder, step), step)
    print("\nrecall and false faces per frame; people are chosen whose face the cascade knows")
    used = sorted({str(tuple(seeds)) for seeds in scenarios.values()})
    print(f"seeds {', '.join(used)}, {arguments.clip_s:g} s each")
    print(f"{'':<18}" + "".join(f"{name:>20}" for name in scores))
    for scenario in scores[FULL]:
        print(f"{scenario:<18}" + "".join(_told(found[scenario]) for found in scores.values()))
    _print_means(scores)
    own, full = scores["ferbeam"], scores[FULL]
    _ratio("recall against the full scan", mean_recall(own) / mean_recall(full), 1.0, 1.1)
    hard = [name for name in HARD if name in own]
    if not hard:
        return
    gained = mean_recall(own, hard) / mean_recall(full, hard)
    _ratio("recall, tilted and blurred, against the full scan", gained, 1.2, 1.5)


def _told(score: Score) -> str:
    recall = f"{score.recall:.3f}" if score.faces else "-"
    return f"{recall:>12}{score.false_per_frame:>8.2f}"


def _print_means(scores: Mapping[str, Mapping[str, Score]]) -> None:
    means = [(mean_recall(found), mean_false(found)) for found in scores.values()]
    print(f"{'mean':<18}" + "".join(f"{recall:>12.3f}{false:>8.2f}" for recall, false in means))


def print_own_clip(folder: Path, arguments: argparse.Namespace, faces: Faces) -> None:
    """Prints recall on a user's clip; its own faces are not known, so false ones mean little."""
    assert faces is not None
    path = folder / "clips" / "own-1.mp4"
    path.parent.mkdir()
    truth = paste_clip(path, arguments.clip, SEEDS[0], arguments.seconds, faces)
    scores = score_all(
        [Clip(path, truth)], find_faces([Clip(path, truth)], folder, arguments.step), arguments.step
    )
    print("\nyour clip with pasted faces: recall (its own faces count as false)")
    for name, found in scores.items():
        print(f"{name:<18}{_told(found['own'])}")


PARTS = {
    "speed": print_tools,
    "decode": print_decoding,
    "workers": print_workers,
    "recall": print_recall,
}


if __name__ == "__main__":
    main()
