"""Writes down what a run has come to, for the command that finishes it."""

from __future__ import annotations

import time
from collections.abc import Iterable

from ferbeam.output.costs import Costs, sum_costs, timed
from ferbeam.output.folder import Output
from ferbeam.output.listed_media import Listed, read_listed, write_result
from ferbeam.output.plan_parts import Found, plan_parts


def gather_nothing(output: Output, run_id: str) -> list[int]:
    """Plans the parts of the tables where no medium was to be done; returns their numbers."""
    costs: Costs = {}
    begun = time.time()
    with timed(costs, "list") as counts:
        listed = read_listed(output, run_id)
        counts["media"] = len(listed.media)
    return gather_run(output, run_id, (listed, Found()), [costs], begun)


def gather_run(
    output: Output,
    run_id: str,
    known: tuple[Listed, Found] | None,
    costs: Iterable[Costs],
    built: float,
) -> list[int]:
    """Plans the parts of the tables and writes down what the command needs.

    Args:
        output: where.
        run_id: names the run.
        known: what was listed, and what was found of it; None where no command listed it.
        costs: beside those of the groups.
        built: when the pipeline was, in seconds since 1970.

    Returns:
        The numbers of the parts that are to be written.
    """
    own: Costs = {}
    with timed(own, "gather") as counts:
        numbers = [] if known is None else plan_parts(output, run_id, *known)
        counts["media"] = 0 if known is None else len(known[0].media)
    groups = () if known is None else known[1].groups
    result = {
        "parts": numbers,
        "copies": [(group.group, group.copies_key) for group in groups if group.copies_key],
        "costs": sum_costs([own, *costs, *(group.costs for group in groups)]),
        "earlier": sum_costs(group.earlier for group in groups),
        "built": built,
        "gathered": time.time(),
    }
    write_result(output, run_id, result)
    return numbers
