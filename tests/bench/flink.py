"""`make bench-flink`: the same work on Flink and locally, and a look at 1,000 workers."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq

from ferbeam.output.tables import COUNTS_KEY
from tests.bench.clips import make_face_clip
from tests.bench.growth import make_clock
from tests.bench.memory import POLL_SECONDS, run_watched
from tests.bench.scaling import (
    SPAN_LENGTHS,
    Measured,
    draw_scaling,
    print_choices,
    simulate_all,
)
from tests.flink.cluster import RunningCluster, start_cluster, stop_cluster

WORK = ("decode", "detect", "classify")
CLUSTER_PARTS = {"jobmanager": "job manager", "taskmanager": "task managers", "workers": "workers"}
"""By their names in the state of a cluster."""
ROOT = Path(__file__).resolve().parents[2]


def measure(
    name: str, media: Path, output: Path, *options: str, cluster: RunningCluster | None = None
) -> dict[str, Any]:
    """Runs an analysis and returns what it took.

    Returns:
        `wall` seconds of the command; and of the processor, which others do not prolong: `work`
        in decoding, detection and classification, `rest` in the other stages, all workers
        together, and `parts` of all processes, those of the cluster included.
    """
    words = ["analyze", str(media), str(output), "--overlay", "none", *options]
    with ClusterWatch(cluster) as watch:
        run = run_watched(words)
    parts = {**run.parts, **watch.parts()}
    told = json.loads((output / "run.json").read_text())
    seconds = told["seconds"]
    work = sum(seconds[stage] for stage in WORK)
    rest = sum(value for stage, value in seconds.items() if stage not in (*WORK, "whole"))
    own = ", ".join(f"{part} {value:.1f}" for part, value in parts.items())
    print(
        f"{name:22} {run.seconds:6.1f} s wall; processor: {work:.1f} s of work; {own}", flush=True
    )
    return {
        **{"name": name, "wall": run.seconds, "work": work, "rest": rest, "rows": told["rows"]},
        "parts": parts,
    }


class ClusterWatch(threading.Thread):
    """Notes the processor time of the parts of a cluster, for a block.

    Often, for who has forked a worker is not told what it took.
    """

    def __init__(self, cluster: RunningCluster | None) -> None:
        super().__init__(daemon=True)
        self._state = cluster.state if cluster else {}
        self._spent: dict[tuple[str, int], tuple[float, float]] = {}
        self._ended = threading.Event()

    def __enter__(self) -> ClusterWatch:
        self._look()
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        """Looks until the block is left."""
        while not self._ended.wait(POLL_SECONDS):
            self._look()

    def parts(self) -> dict[str, float]:
        """Returns the seconds that each part took."""
        found: dict[str, float] = {}
        for (part, _), (first, last) in self._spent.items():
            found[part] = found.get(part, 0.0) + last - first
        return found

    def _look(self) -> None:
        for name, number in self._state.items():
            part = CLUSTER_PARTS.get(name.rstrip("0123456789"))
            for process in _family_of(number) if part else ():
                with suppress(psutil.NoSuchProcess):
                    user, system, *_ = process.cpu_times()
                    now = user + system
                    first = now if not self.is_alive() else 0.0
                    known, _ = self._spent.setdefault((str(part), process.pid), (first, now))
                    self._spent[str(part), process.pid] = known, now


def _family_of(number: int) -> list[psutil.Process]:
    try:
        first = psutil.Process(number)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


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
        results.append(measure(f"flink, {workers}", media, output, *own, cluster=cluster))
    assert len({json.dumps(result["rows"]) for result in results}) == 1
    spans = 2 * seconds / SPAN_LENGTHS[0]
    flink = results[-2]
    start = max(0.0, sum(flink["parts"].values()) - flink["work"] - flink["rest"])
    each = max(0.0, results[0]["rest"] - results[1]["rest"]) / spans
    return results, Measured(per_frame, start, each)


def print_table(results: list[dict[str, Any]]) -> None:
    """Prints wall time, and processor time: in all, and what is not in decoding to classifying."""
    print("\n| run | wall | processor | outside decode + detect + classify |\n|---|---|---|---|")
    for result in results:
        whole = sum(result["parts"].values())
        told = f"{result['wall']:.1f} s | {whole:.1f} s | {whole - result['work']:.1f} s"
        print(f"| {result['name']} | {told}, {100 * (1 - result['work'] / whole):.0f} % |")


def main() -> None:
    """Measures, simulates and draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="length of each of two clips")
    parser.add_argument("--plot", type=Path, default=ROOT / "out/bench/scaling.svg")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(make_clock(Path(folder)))  # of the workers, too, which the pool forks
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
