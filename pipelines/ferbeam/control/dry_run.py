"""What `ferbeam analyze --dry-run` shows: what there is, how long it takes, how much it writes."""

from __future__ import annotations

from functools import partial

from rich.console import Console
from rich.markup import escape

from ferbeam.control.disk_space import free_bytes
from ferbeam.control.estimate import MOST_OPENED, Estimate, estimate_run
from ferbeam.control.list_request import list_request
from ferbeam.control.request import AnalysisRequest
from ferbeam.guard.quiet import quiet_libraries
from ferbeam.output.folder import Output
from ferbeam.text import (
    count_of,
    open_console,
    printable,
    show_left_out,
    show_seconds,
    show_size,
)

SHOWN_FAILURES = 10


def print_estimate(request: AnalysisRequest) -> None:
    """Estimates a run and prints it; nothing is written into OUTPUT.

    Raises:
        UsageError: as of `list_request`.
    """
    console = open_console()
    listed = list_request(request)
    with console.status("listing") as status, quiet_libraries():
        estimate = estimate_run(request, listed, status.update)
    whole = estimate.whole
    shown = f"[bold]{escape(printable(request.input))}[/bold]: {_describe_media(estimate)}"
    tell = partial(console.print, soft_wrap=True)
    tell(shown)
    if left_out := show_left_out(listed.left_out):
        tell(escape(left_out))
    work = f"{count_of(whole.sampled, 'frame')}, in {count_of(whole.spans, 'span')}"
    tell(f"to be looked at: {work}")
    workers = request.runner.workers
    busy = whole.open_seconds + whole.seconds
    tell(
        f"time: about {show_seconds(estimate.seconds)} with {workers} worker"
        f"{'s' * (workers > 1)} here ({show_seconds(busy)} of one worker)"
    )
    if request.settings.render:
        tell(
            f"of it the copies: {show_seconds(estimate.seconds - estimate.seconds_without)}; "
            f"with --overlay none about {show_seconds(estimate.seconds_without)}"
        )
    needed = whole.copy_bytes + whole.table_bytes
    copies = f"copies {show_size(whole.copy_bytes)}, " if request.settings.render else ""
    tell(
        f"space: about {show_size(needed)} in OUTPUT ({copies}"
        f"tables {show_size(whole.table_bytes)}){_describe_disk(request.output, needed)}"
    )
    if estimate.opened < 1:
        tell(f"an estimate from {MOST_OPENED} groups of media spread over all")
    _print_failures(console, estimate)


def _describe_media(estimate: Estimate) -> str:
    whole = estimate.whole
    parts = []
    if whole.videos:
        length = show_seconds(whole.hours * 3600)
        frames = whole.frames - whole.pictures
        parts.append(f"{count_of(whole.videos, 'video')} ({length}, {count_of(frames, 'frame')})")
    if whole.pictures:
        parts.append(count_of(whole.pictures, "picture"))
    return ", ".join(parts) or "nothing that opens"


def _describe_disk(output: Output, needed: float) -> str:
    free = free_bytes(output)
    if free is None:
        return ""
    return f"; {show_size(free)} are free" + (", NOT enough" if free < needed else "")


def _print_failures(console: Console, estimate: Estimate) -> None:
    if not estimate.failures:
        return
    console.print(f"{count_of(len(estimate.failures), 'failure')} to expect:", style="yellow")
    for failure in estimate.failures[:SHOWN_FAILURES]:
        line = f"  {failure.media} ({failure.stage}): {failure.message}"
        console.print(escape(printable(line)), soft_wrap=True)
