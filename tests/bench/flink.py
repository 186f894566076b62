"""`make bench-flink`: the same work on Flink and locally, and a look at 1,000 workers."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from ferbeam.output.tables import COUNTS_KEY
from tests.bench.clips import make_face_clip
from tests.bench.scaling import (
    SPAN_LENGTHS,
    Measured,
    draw_scaling,
    print_choices,
    simulate_all,
)
from tests.flink.cluster import RunningCluster, start_cluster, stop_cluster
from tests.pipelines.jobs import analyze

WORK = ("decode", "detect", "classify")
ROOT = Path(__file__).resolve().parents[2]


def measure(name: str, media: Path, output: Path, *options: str) -> dict[str, Any]:
    """Runs an analysis and returns what it took.

    Returns:
        `wall` seconds of the command, `work` seconds in decoding, detection and classification,
        `rest` seconds of the other stages, all workers together.
    """
    began = time.monotonic()
    run = analyze(media, output, "--overlay", "none", *options)
    wall = time.monotonic() - began
    seconds = run["seconds"]
    work = sum(seconds[stage] for stage in WORK)
    rest = sum(value for stage, value in seconds.items() if stage not in (*WORK, "whole"))
    print(f"{name:24} {wall:7.1f} s wall, {work:7.1f} s of work", flush=True)
    return {"name": name, "wall": wall, "work": work, "rest": rest, "rows": run["rows"]}


def span_seconds(output: Path) -> list[float]:
    """Returns the seconds that each committed span took, per frame."""
    found = []
    for path in (output / ".spans").glob("*.parquet"):
        counts = json.loads(pq.read_schema(path).metadata[COUNTS_KEY])
        seconds = sum(counts["costs"][stage]["seconds"] for stage in WORK)
        found.append(seconds / max(1, counts["frames"]))
    return found


def run_all(folder: Path, seconds: int, cluster: RunningCluster) -> tuple[Any, Measured]:
    """Runs the same media on every set-up; returns the results and what the simulation needs."""
    media = folder / "media"
    media.mkdir()
    for number in range(2):
        make_face_clip(media / f"clip{number}.mp4", (640, 360), seconds)
    results, per_frame = [], list[float]()
    for length in SPAN_LENGTHS:
        output = folder / f"span{length}"
        options = ("--span-s", str(length), "--workers", "1")
        results.append(measure(f"local, 1, spans {length} s", media, output, *options))
        per_frame += span_seconds(output)
    results.append(measure("local, 2", media, folder / "local2", "--workers", "2"))
    for workers in (1, 2):
        output, own = folder / f"flink{workers}", cluster.options(workers)
        results.append(measure(f"flink, {workers}", media, output, *own))
    assert len({json.dumps(result["rows"]) for result in results}) == 1
    spans = 2 * seconds / SPAN_LENGTHS[0]
    flink = results[-2]
    start = max(0.0, flink["wall"] - flink["work"] - flink["rest"])
    each = max(0.0, results[0]["rest"] - results[1]["rest"]) / spans
    return results, Measured(per_frame, start, each)


def print_table(results: list[dict[str, Any]]) -> None:
    """Prints wall time, and the share of it outside decoding, detection and classification."""
    print("\n| run | wall | outside decode + detect + classify |\n|---|---|---|")
    for result in results:
        workers = 2 if result["name"].endswith(", 2") else 1
        outside = 1 - result["work"] / workers / result["wall"]
        print(f"| {result['name']} | {result['wall']:.1f} s | {100 * outside:.0f} % |")


def main() -> None:
    """Measures, simulates and draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="length of each of two clips")
    parser.add_argument("--plot", type=Path, default=ROOT / "out/bench/scaling.svg")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cluster = start_cluster(Path(folder) / "flink")
        try:
            results, measured = run_all(Path(folder), options.seconds, cluster)
        finally:
            stop_cluster(cluster)
    print_table(results)
    print(f"\nload of the machine: {os.getloadavg()[2]:.1f} on {os.cpu_count()} cores")
    curves = simulate_all(measured)
    for name, curve in curves.items():
        text = ", ".join(f"{workers}: {speed:.1f}" for workers, speed in curve.items())
        print(f"{name}, times as fast as one worker: {text}")
    print_choices(measured)
    options.plot.parent.mkdir(parents=True, exist_ok=True)
    options.plot.write_text(draw_scaling(curves), encoding="utf-8")
    print(f"plot: {options.plot}")


if __name__ == "__main__":
    main()
