"""What a person sees at the end of a run: one line per medium, and where the output lies."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fer_core.emotions import emotion_named
from ferbeam.output.folder import Output
from ferbeam.output.read_tables import read_row_groups, read_tables
from ferbeam.output.run_file import Run
from ferbeam.shell_words import join_words
from ferbeam.terminal.failures import reason_of
from ferbeam.text import count_of, printable, show_left_out

SHOWN_MEDIA = 30
COUNTS = {
    "frames": "frames_sampled",
    "with faces": "frames_with_faces",
    "lost": "frames_lost",
    "faces": "face_count",
}
"""Columns, and those of `media` that they show; lost only where a frame was."""
ROOMY = 72
"""Columns of a terminal in which all of these have room beside the names of media."""
WIDEST_SHARE = len("## surprise 100 %")
"""A share is never broken: a terminal would leave some of its digits out."""


def describe_summary(output: Output, run: Run) -> dict[str, Any]:
    """Returns what a run came to, for programs; single media are in the tables."""
    failures = read_tables(output, run, "failures", ["stage"])["stage"].to_pylist()
    return {
        "output": output.root,
        "started": run.started,
        "seconds": run.seconds["whole"],
        "rows": run.rows,
        "failures_by_stage": dict(Counter(failures)),
        "left_out": run.left_out,
        "annotated": _find_copies(output, read_tables(output, run, "media", ["annotated"])),
    }


def print_summary(console: Console, output: Output, run: Run) -> None:
    """Prints what a run has found."""
    every = read_tables(output, run, "media").sort_by("media")
    count, media = every.num_rows, every.slice(0, SHOWN_MEDIA).to_pylist()
    emotions = _time_emotions(output, run, [row["media"] for row in media])
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("medium", overflow="fold", min_width=12)
    counts = dict(COUNTS)
    if not pc.any(pc.greater(every["frames_lost"], 0)).as_py():
        del counts["lost"]
    if console.width < ROOMY:
        del counts["with faces"]
    for name in counts:
        table.add_column(name, justify="right")
    table.add_column("mostly (of faces)", width=WIDEST_SHARE)
    for row in media:
        faces = emotions.get(row["media"], Counter())
        cells = [str(row[key]) for key in counts.values()]
        table.add_row(escape(printable(row["media"])), *cells, _dominant(faces))
    if media:
        console.print(table)
    if count > SHOWN_MEDIA:
        console.print(f"... and {count - SHOWN_MEDIA} more media")
    rows, seconds = run.rows, run.seconds["whole"]
    counted = {"medium": count, "frame": rows["frames"], "face": rows["faces"]}
    found = ", ".join(count_of(number, what) for what, number in counted.items())
    console.print(f"{found} in {seconds:.1f} s")
    _print_failures(console, read_tables(output, run, "failures").to_pylist())
    if left_out := show_left_out(run.left_out):
        console.print(escape(left_out), soft_wrap=True, highlight=False)
    console.print(f"tables: {escape(printable(output.root))}", soft_wrap=True)
    if copies := _find_copies(output, every):
        console.print(f"annotated copies: {escape(printable(copies))}", soft_wrap=True)
    name = escape(join_words([output.root]))
    if run.rows["failures"]:
        console.print(f"how to put them right: ferbeam failures {name}", soft_wrap=True)
    if media:
        console.print(f"look at it: ferbeam report {name}", soft_wrap=True)


def _find_copies(output: Output, media: pa.Table) -> str | None:
    """Returns where the annotated copies lie, None where there are none."""
    return output.path("annotated") if media["annotated"].null_count < len(media) else None


def _time_emotions(output: Output, run: Run, media: list[str]) -> dict[str, Counter[str]]:
    """Adds up for how long each medium shows a face with each emotion; a picture counts as 1 ms."""
    times: dict[str, Counter[str]] = {}
    names, columns = pa.array(media, pa.string()), ["media", "shown_ms", "emotion"]
    for file in run.tables["faces"]:
        for part in read_row_groups(output, run, file, columns):
            own = part.filter(pc.is_in(part["media"], names)).to_pydict()
            for medium, shown_ms, emotion in zip(*(own[name] for name in columns), strict=True):
                times.setdefault(medium, Counter())[emotion] += shown_ms or 1
    return times


def _dominant(times: Counter[str]) -> str:
    """Names the emotion that faces show for the longest, and its share of their time."""
    if not times:
        return "-"
    name, shown_ms = max(times.items(), key=lambda item: (item[1], item[0]))
    return f"{emotion_named(name).emoji} {name} {100 * shown_ms / times.total():.0f} %"


def _print_failures(console: Console, failures: list[dict[str, Any]]) -> None:
    if not failures:
        return
    plural = "" if len(failures) == 1 else "s"
    console.print(f"{len(failures)} failure{plural}, all in the table failures/:", style="yellow")
    for row in failures[:SHOWN_MEDIA]:
        line = f"  {row['media']} ({row['stage']}): {reason_of(row['media'], row['message'])}"
        console.print(escape(printable(line)), soft_wrap=True, highlight=False)
