"""Labelled pictures for the jobs that learn and measure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fer_core.learn.dataset import read_data
from fer_core.learn.labels import LabelledFaces

Echo = Callable[[str], None]
MOST_SKIPPED_SHOWN = 5


def read_part(data: Path, part: str, echo: Echo) -> LabelledFaces:
    """Reads one part of the data and says what was read and what was skipped."""
    faces = read_data(data, part)
    echo(f"{part}: {len(faces):,} pictures")
    for line in faces.skipped[:MOST_SKIPPED_SHOWN]:
        echo(f"skipped: {line}")
    if len(faces.skipped) > MOST_SKIPPED_SHOWN:
        echo(f"skipped: {len(faces.skipped):,} pictures in all")
    return faces
