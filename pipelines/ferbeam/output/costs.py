"""What the steps of a run cost: seconds of workers, and how much was done in them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, NamedTuple

SECONDS = "seconds"
COST_STAGES = {
    "list": "media",
    "probe": "media",
    "plan": "spans",
    "decode": "frames",
    "detect": "frames",
    "classify": "faces",
    "commit": "spans",
    "link": "media",
    "render": "frames",
    "join": "media",
    "gather": "media",
    "merge": "rows",
}
"""The stages of a run in their order, and what each of them counts first."""

Costs = dict[str, dict[str, float]]
"""Stage to its `seconds` and its counts by what was counted, such as `frames`."""


def add_cost(costs: Costs, stage: str, seconds: float, **counts: float) -> None:
    """Adds seconds and counts to those of a stage."""
    own = costs.setdefault(stage, {})
    for name, value in {SECONDS: seconds, **counts}.items():
        own[name] = own.get(name, 0) + value


@contextmanager
def timed(costs: Costs, stage: str) -> Iterator[dict[str, float]]:
    """Adds the seconds of a block to those of a stage, and the counts put into what it gives."""
    counts: dict[str, float] = {}
    start = time.perf_counter()
    yield counts
    add_cost(costs, stage, time.perf_counter() - start, **counts)


def sum_costs(parts: Iterable[Costs]) -> Costs:
    """Adds costs up."""
    total: Costs = {}
    for part in parts:
        for stage, values in part.items():
            add_cost(total, stage, **values)
    return total


class Clock(NamedTuple):
    """When a run came how far, in seconds since 1970.

    Attributes:
        began: the command started the job.
        ordered: the command had listed INPUT and claimed OUTPUT, and told the job what to do.
        built: the job had imported everything and built the pipeline.
        gathered: the last step of the pipeline was done.
        ended: the command saw the job end.
        checked: the command had checked what the job left.
    """

    began: float
    ordered: float
    built: float
    gathered: float
    ended: float
    checked: float

    def wall(self) -> dict[str, float]:
        """Returns the parts of the whole run one after the other, in seconds."""
        names = ("claim", "start", "run", "stop", "check")
        parts = zip(names, pairwise(self), strict=True)
        return {name: round(end - begin, 3) for name, (begin, end) in parts}


def describe_costs(
    costs: Costs, earlier: Costs, clock: Clock, workers: int | None
) -> dict[str, Any]:
    """Puts together what `run.json` tells of seconds and counts.

    Args:
        costs: of this run.
        earlier: of the spans that were committed before it.
        clock: when it came how far.
        workers: number of worker processes, None if a runner decides on it.

    Returns:
        `seconds` of the stages, summed over the workers, and of the whole on the clock; `counts`
        of the stages; `wall`, the parts of the whole; `workers`; and `earlier`, the seconds and
        counts of what an earlier run had committed, which are in none of the others.
    """
    return {
        "workers": workers,
        "seconds": {"whole": round(clock.checked - clock.began, 3), **_seconds(costs)},
        "wall": clock.wall(),
        "counts": _counts(costs),
        "earlier": {"seconds": _seconds(earlier), "counts": _counts(earlier)},
    }


def _seconds(costs: Costs) -> dict[str, float]:
    return {stage: round(costs.get(stage, {}).get(SECONDS, 0.0), 3) for stage in COST_STAGES}


def _counts(costs: Costs) -> dict[str, dict[str, float]]:
    """Returns the counts of every stage, what it counts first in front."""
    counts = {}
    for stage, unit in COST_STAGES.items():
        own = {unit: 0, **costs.get(stage, {})}
        counts[stage] = {name: value for name, value in own.items() if name != SECONDS}
    return counts
