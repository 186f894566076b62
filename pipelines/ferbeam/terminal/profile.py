"""`ferbeam profile`: what a run spent its time on, as `run.json` tells it."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from ferbeam.output.costs import STAGES


def print_profile(console: Console, run: dict[str, Any]) -> None:
    """Prints a row for each stage: the workers' seconds, their share, and what they did."""
    seconds, wall, workers = run["seconds"], run["wall"], run["workers"]
    spent = sum(seconds[stage] for stage in STAGES)
    # What the workers could have worked; where nobody knows their number, what they have.
    whole = seconds["whole"] * workers if workers else spent
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("stage")
    for name in ("seconds", "share", "count"):
        table.add_column(name, justify="right")
    for name in ("of", "each"):
        table.add_column(name, justify="right" if name == "each" else "left")
    table.add_column("also counted")
    for stage in STAGES:
        counts = run["counts"][stage]
        table.add_row(stage, *_share(seconds[stage], whole), *_counted(counts, seconds[stage]))
    if workers:
        idle = workers * wall["run"] - spent
        table.add_row("waiting", *_share(idle, whole))
        table.add_row("start, end", *_share(whole - spent - idle, whole))
        table.add_row("all", *_share(whole, whole), style="bold")
    console.print(table)
    parts = ", ".join(f"{name} {value:.1f}" for name, value in wall.items())
    many = f"{workers} worker{'s' if workers > 1 else ''} for " if workers else ""
    console.print(f"{many}{seconds['whole']:.1f} s on the clock: {parts}", soft_wrap=True)
    _print_earlier(console, run["earlier"])


def _share(seconds: float, whole: float) -> tuple[str, str]:
    return f"{seconds:,.2f}", f"{100 * seconds / whole:.1f} %" if whole else "-"


def _counted(counts: dict[str, float], seconds: float) -> tuple[str, str, str, str]:
    """Returns a stage's count, its unit, the milliseconds of one, and what else it counted."""
    (unit, count), *others = counts.items()
    each = f"{1000 * seconds / count:,.2f} ms" if count else "-"
    return f"{count:,}", unit, each, ", ".join(f"{value:,} {name}" for name, value in others)


def _print_earlier(console: Console, earlier: dict[str, Any]) -> None:
    spans, frames = earlier["counts"]["commit"]["spans"], earlier["counts"]["decode"]["frames"]
    if spans:
        seconds = sum(earlier["seconds"].values())
        console.print(
            f"not in these figures: {spans:,} spans ({frames:,} frames) that were committed before,"
            f" in {seconds:,.1f} s of workers; analyze --overwrite measures them anew",
            soft_wrap=True,
        )
