"""What a person sees at the end of a run: one line per medium, and where the output lies."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fer_core.emotions import emotion_named
from ferbeam.output.folder import Output
from ferbeam.output.read_tables import read_table_file, read_tables
from ferbeam.output.run_file import Run
from ferbeam.text import printable

SHOWN_MEDIA = 30


def print_summary(console: Console, output: Output, run: Run) -> int:
    """Prints what a run has found; returns the number of failures."""
    media = read_tables(output, run, "media").sort_by("media").to_pylist()
    emotions = _emotion_counts(output, run)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("medium", overflow="fold")
    for name in ("frames", "with faces", "lost", "faces"):
        table.add_column(name, justify="right")
    table.add_column("dominant emotion")
    for row in media[:SHOWN_MEDIA]:
        counts = [row[key] for key in ("frames_sampled", "frames_with_faces", "frames_lost")]
        faces = emotions.get(row["media"], Counter())
        cells = [str(value) for value in (*counts, row["face_count"])]
        table.add_row(escape(printable(row["media"])), *cells, _dominant(faces))
    console.print(table)
    if len(media) > SHOWN_MEDIA:
        console.print(f"... and {len(media) - SHOWN_MEDIA} more media")
    rows, seconds = run.rows, run.seconds["whole"]
    console.print(
        f"{len(media)} media, {rows['frames']} frames, {rows['faces']} faces in {seconds:.1f} s"
    )
    _print_failures(console, read_tables(output, run, "failures").to_pylist())
    console.print(f"tables: {escape(output.root)}", soft_wrap=True)
    if run.render:
        console.print(f"annotated copies: {escape(output.path('annotated'))}", soft_wrap=True)
    if media:
        name = shlex.quote(output.root)
        console.print(f"look at it: ferbeam report {escape(name)}", soft_wrap=True)
    return int(rows["failures"])


def _emotion_counts(output: Output, run: Run) -> dict[str, Counter[str]]:
    """Counts the faces of each medium by emotion."""
    counts: dict[str, Counter[str]] = {}
    # Not with Arrow's group_by: it imports pandas where that is installed, 0.3 s for nothing.
    for file in run.tables["faces"]:
        faces = read_table_file(output, run, file, ["media", "emotion"])
        pairs = zip(faces["media"].to_pylist(), faces["emotion"].to_pylist(), strict=True)
        for (medium, emotion), count in Counter(pairs).items():
            counts.setdefault(medium, Counter())[emotion] += count
    return counts


def _dominant(faces: Counter[str]) -> str:
    """Names the emotion of most faces and its share of them."""
    if not faces:
        return "-"
    name, count = max(faces.items(), key=lambda item: (item[1], item[0]))
    return f"{emotion_named(name).emoji} {name} {100 * count / faces.total():.0f} %"


def _print_failures(console: Console, failures: list[dict[str, Any]]) -> None:
    if not failures:
        return
    plural = "" if len(failures) == 1 else "s"
    console.print(f"{len(failures)} failure{plural}, all in the table failures/:", style="yellow")
    for row in failures[:SHOWN_MEDIA]:
        line = f"  {row['media']} ({row['stage']}): {row['message']}"
        console.print(escape(printable(line)), soft_wrap=True, highlight=False)
