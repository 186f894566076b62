"""`ferbeam profile`: what a run spent its time on, as `run.json` tells it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from ferbeam.output.costs import COST_STAGES
from ferbeam.output.run_file import Counts, Earlier, Run


def print_profile(console: Console, run: Run) -> None:
    """Prints a row for each stage: the workers' seconds, their share, and what they did."""
    seconds, wall, workers = run.seconds, run.wall, run.workers
    spent = sum(seconds.get(stage, 0.0) for stage in COST_STAGES)
    # What the workers could have worked; where nobody knows their number, what they have.
    whole = seconds["whole"] * workers if workers else spent
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("stage")
    for name in ("seconds", "share", "count"):
        table.add_column(name, justify="right")
    for name in ("of", "each"):
        table.add_column(name, justify="right" if name == "each" else "left")
    table.add_column("also counted")
    for stage, unit in COST_STAGES.items():
        counts = run.counts.get(stage) or {unit: 0}
        own = seconds.get(stage, 0.0)
        table.add_row(stage, *_share(own, whole), *_counted(counts, own))
    if workers:
        idle = workers * wall.get("run", 0.0) - spent
        table.add_row("waiting", *_share(idle, whole))
        table.add_row("start, end", *_share(whole - spent - idle, whole))
        table.add_row("all", *_share(whole, whole), style="bold")
    console.print(table)
    parts = ", ".join(f"{name} {value:.1f}" for name, value in wall.items())
    many = f"{workers} worker{'s' if workers > 1 else ''} for " if workers else ""
    console.print(f"{many}{seconds['whole']:.1f} s on the clock: {parts}", soft_wrap=True)
    _print_earlier(console, run.earlier)


def _share(seconds: float, whole: float) -> tuple[str, str]:
    return f"{seconds:,.2f}", f"{100 * seconds / whole:.1f} %" if whole else "-"


def _counted(counts: Counts, seconds: float) -> tuple[str, str, str, str]:
    """Returns a stage's count, its unit, the milliseconds of one, and what else it counted."""
    (unit, count), *others = counts.items()
    each = f"{1000 * seconds / count:,.2f} ms" if count else "-"
    return f"{count:,}", unit, each, ", ".join(f"{value:,} {name}" for name, value in others)


def _print_earlier(console: Console, earlier: Earlier) -> None:
    spans = earlier.counts.get("commit", {}).get("spans", 0)
    frames = earlier.counts.get("decode", {}).get("frames", 0)
    if spans:
        seconds = sum(earlier.seconds.values())
        console.print(
            f"not in these figures: {spans:,} spans ({frames:,} frames) that were committed before,"
            f" in {seconds:,.1f} s of workers; analyze --overwrite measures them anew",
            soft_wrap=True,
        )
