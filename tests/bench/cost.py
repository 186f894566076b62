"""`make bench-cost`: the processor time of an hour of video, and what that costs on Dataflow."""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.clips import make_face_clip

SECONDS = 60
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


def per_hour(clips: tuple[Path, Path], scratch: Path, name: str, *options: str) -> float:
    """Returns vCPU-hours for an hour of video: a long clip less a short one, so without the start.

    Args:
        clips: a short one, and one that is longer by SECONDS.
        scratch: where tables go.
        name: of this measurement.
        options: of `analyze`.
    """
    short, long = (
        processor_seconds(clip, scratch / f"{name}-{at}", *options) for at, clip in enumerate(clips)
    )
    return (long - short) / SECONDS


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vcpu-hour", type=float, default=VCPU_HOUR)
    parser.add_argument("--memory-hour", type=float, default=MEMORY_HOUR)
    given = parser.parse_args()
    price = given.vcpu_hour + given.memory_hour
    print("| video | copies | vCPU-hours per hour of video | dollars |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for name, size in SIZES.items():
            clips = tuple(
                make_face_clip(scratch / f"{name}-{length}.mp4", size, length)
                for length in (10, 10 + SECONDS)
            )
            for overlay in ("none", "emoji"):
                pair = (clips[0], clips[1])
                hours = per_hour(pair, scratch, name + overlay, "--overlay", overlay)
                print(f"| {name} | {overlay} | {hours:.2f} | {hours * price:.3f} |", flush=True)


if __name__ == "__main__":
    main()
