"""How the processor time of each stage of a run grows with the number of media."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path

from tests.bench.memory import Watched

CLOCK = "import time\n\ntime.perf_counter = time.process_time\n"
"""Makes what `run.json` tells of stages seconds of the processor, which others do not prolong."""
COMMAND = "the command: list, sort out, put in place"
JOB = "the job: import Beam, hand out work"
OUTSIDE = "workers, outside the stages"
LINEAR, SMALL = 1.2, 0.02
"""A stage is linear whose last slope is no more than so many times its first; what takes a smaller
share of a further medium is not judged."""
Spent = dict[int, dict[str, float]]
"""Media to the seconds of each stage."""


def make_clock(folder: Path) -> dict[str, str]:
    """Returns the environment in which the stages of a run are told in processor time."""
    (folder / "sitecustomize.py").write_text(CLOCK)
    return {"PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}


def stages_of(run: Watched, output: Path) -> dict[str, float]:
    """Returns the seconds of the processor of each stage, and of what is in none."""
    told = json.loads((output / "run.json").read_text())["seconds"]
    stages = {name: own for name, own in told.items() if name != "whole" and own}
    outside = run.parts.get("worker", 0.0) - sum(stages.values())
    beside = {OUTSIDE: outside, JOB: run.parts["job"], COMMAND: run.parts["command"]}
    return {**stages, **beside}


def grow(spent: Spent) -> dict[str, tuple[float, float]]:
    """Returns, by stage, its slope at the largest sizes, and how many times the first that is.

    Slopes are milliseconds for each further medium; with two sizes, the first is of the smaller.
    """
    sizes = sorted(spent)
    pairs = list(pairwise(sizes)) if len(sizes) > 2 else [(0, sizes[0]), (sizes[0], sizes[-1])]
    found = {}
    for stage in spent[sizes[-1]]:
        seconds = {0: 0.0, **{size: spent[size].get(stage, 0.0) for size in sizes}}
        slopes = [1000 * (seconds[b] - seconds[a]) / max(1, b - a) for a, b in pairs]
        found[stage] = slopes[-1], slopes[-1] / slopes[0] if slopes[0] > 0 else 1.0
    return found


def find_worst(growth: dict[str, tuple[float, float]]) -> str | None:
    """Names the stage that grows worst, by the time that more than linear growth adds."""
    whole = sum(slope for slope, _ in growth.values())
    added = {
        stage: slope * (1 - 1 / times)
        for stage, (slope, times) in growth.items()
        if times > LINEAR and slope > SMALL * whole
    }
    return max(added, key=lambda stage: added[stage], default=None)


def print_growth(what: str, spent: Spent) -> None:
    """Prints a row for each stage: seconds per 1,000 media at each size, and its slope."""
    sizes, growth = sorted(spent), grow(spent)
    whole = sum(slope for slope, _ in growth.values())
    head = "".join(f"{size:>9,}" for size in sizes)
    print(f"\nprocessor seconds per 1,000 {what:<13}{head}   each further   of linear")
    for stage, (slope, times) in growth.items():
        each = "".join(f"{1000 * spent[n].get(stage, 0.0) / n:>9.2f}" for n in sizes)
        judged = f"{times:>9.2f}" if slope > SMALL * whole else f"{'-':>9}"
        print(f"{stage:<41}{each}{slope:>12.2f} ms{judged}")
    most = max(growth, key=lambda stage: growth[stage][0])
    worst = find_worst(growth)
    grows = f"{worst} grows worst" if worst else f"each is linear within {LINEAR - 1:.0%}"
    print(f"{whole:.1f} ms for each further; {most} takes most; {grows}", flush=True)
