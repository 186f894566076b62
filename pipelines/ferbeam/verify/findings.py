"""What the checks of an OUTPUT have found: by kind, with a count and the first example."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferbeam.text import printable

KINDS = {
    "run": "things in run.json that cannot be: its tables cannot be found by it",
    "path": "paths that lead out of OUTPUT, or through a link",
    "file-missing": "files that are not there",
    "file-stray": "files that run.json does not list; analyze removes those that ferbeam wrote",
    "file-damaged": "table files that cannot be read",
    "schema": "table files with other columns or of another version",
    "run-rows": "counts in run.json that the tables do not hold",
    "unaccounted": "counts of listed media that neither `media` nor `failures` holds",
    "medium-twice": "media that have two rows, or failed to open and have one",
    "medium-facts": "media whose kind, size or duration cannot be",
    "medium-counts": "counts in `media` that `frames` and `faces` do not hold",
    "without-medium": "media of rows in other tables that `media` does not hold",
    "frame-twice": "rows in `frames` for a frame that has one already",
    "frame-status": "frames whose status does not go with their face_count",
    "frame-time": "frames that are shown before time 0, or before a frame that comes before them",
    "frame-shown": "frames that are shown for no time or over an hour, or only some of a video",
    "face-count": "frames whose face_count is not their number of rows in `faces`",
    "face-frame": "faces whose frame is not in `frames`, or at another time, or shown for another",
    "face-number": "faces that are not numbered 0, 1, 2, ... in their frame",
    "face-box": "faces whose box is empty or not inside the frame",
    "face-seen": "faces whose roll, yaw, sharpness or brightness cannot be",
    "face-scores": "faces whose scores are not between 0 and 1, or do not sum to 1",
    "face-emotion": "faces whose emotion and confidence are not those of the highest score",
    "face-track": "faces whose track, person or smoothed emotion cannot be",
    "face-person": "tracks of more than one person",
    "failure": "failures that cannot be: of an unknown stage, without a reason or its frame",
    "lost-silently": "media with lost frames, or without a copy, that no failure tells of",
    "copy-missing": "annotated copies or contact sheets that are not there",
    "copy-damaged": "annotated copies or contact sheets that are cut short or damaged",
    "copy-other": "annotated copies or contact sheets that this run has not made: run it again",
    "copy-length": "annotated copies of another length or size than their medium",
}
"""What each kind of finding counts."""


@dataclass
class Finding:
    """A kind of finding.

    Attributes:
        kind: one of KINDS.
        count: how often.
        first: the first of them, in words, printable.
    """

    kind: str
    count: int
    first: str

    def line(self) -> str:
        """Puts it into one line."""
        return f"{self.kind}: {self.count} {KINDS[self.kind]}; first: {self.first}"

    def facts(self) -> dict[str, Any]:
        """Returns what `--json` tells of it."""
        return {
            "kind": self.kind,
            "what": KINDS[self.kind],
            "count": self.count,
            "first": self.first,
        }


class Findings:
    """Collects what is found."""

    def __init__(self) -> None:
        self._found: dict[str, Finding] = {}

    def add(self, kind: str, example: str, count: int = 1) -> None:
        """Adds findings of a kind; only the first example is kept."""
        found = self._found.setdefault(kind, Finding(kind, 0, printable(example)))
        found.count += count

    def flag(self, kind: str, wrong: NDArray[np.bool_], describe: Callable[[int], str]) -> None:
        """Adds those rows of a table that are wrong.

        Args:
            kind: one of KINDS.
            wrong: bool (rows,).
            describe: gives the words for a row.
        """
        if wrong.any():
            self.add(kind, describe(int(wrong.argmax())), int(wrong.sum()))

    def list(self) -> list[Finding]:
        """Lists them in the order of KINDS."""
        return [self._found[kind] for kind in KINDS if kind in self._found]
