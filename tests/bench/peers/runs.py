"""Runs ferbeam and its rivals on clips, as a user would, and reads what they found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from fer_core.faces import Box
from ferbeam.output.folder import Output
from ferbeam.output.read_tables import read_tables
from ferbeam.output.run_file import load_run
from tests.bench.clips import ROOT
from tests.bench.memory import Watched, run_watched, watch

RIVALS = {
    "fer": "tests/bench/peers/rivals/run_fer.py",
    "tutorial": "tests/bench/peers/rivals/run_tutorial.py",
}
PYTHON = ROOT / ".venv-peers/bin/python"
ALL_FRAMES = 10**9

Boxes: TypeAlias = "dict[int, list[Box]]"
"""By `frame_index`, of the frames that were looked at."""


@dataclass(frozen=True)
class RivalRun:
    """What a rival did.

    Attributes:
        watched: the whole process.
        frames: of all clips, how many it went through.
        loop_s: seconds of that, without start-up.
        boxes: what it found, by the clip's name.
    """

    watched: Watched
    frames: int
    loop_s: float
    boxes: Mapping[str, Boxes]

    def whole_s(self, frames: int) -> float:
        """Returns the seconds for so many frames, those left out at the speed of the rest."""
        rest = max(0, frames - self.frames)
        return self.watched.seconds + rest * self.loop_s / self.frames


def run_rival(
    name: str, clips: Sequence[Path], folder: Path, step: int = 1, most: int = ALL_FRAMES
) -> RivalRun:
    """Runs a rival in its own environment.

    Args:
        name: of `RIVALS`.
        clips: the videos, one after the other in one process.
        folder: where it writes to.
        step: every so many frames are searched.
        most: so many frames of each clip at most.
    """
    path = folder / f"{name}.json"
    command = [PYTHON, ROOT / RIVALS[name], path, step, most, *clips]
    watched = watch([str(part) for part in command])
    found = json.loads(path.read_text(encoding="utf-8"))
    return RivalRun(
        watched,
        sum(entry["frames"] for entry in found.values()),
        sum(entry["seconds"] for entry in found.values()),
        {Path(clip).name: _boxes_of(entry["boxes"]) for clip, entry in found.items()},
    )


def _boxes_of(found: dict[str, list[list[int]]]) -> Boxes:
    return {int(number): [Box(*box) for box in boxes] for number, boxes in found.items()}


def run_ferbeam(source: Path, output: Path, *options: str) -> Watched:
    """Runs `ferbeam analyze` on a clip or a folder."""
    return run_watched(["analyze", str(source), str(output), "--overlay", "none", *options])


def read_boxes(output: Path) -> dict[str, Boxes]:
    """Reads the boxes of a finished run, by medium; frames without a face are there, empty."""
    store = Output(str(output))
    run = load_run(store)
    found: dict[str, Boxes] = {}
    for row in read_tables(store, run, "frames").to_pylist():
        found.setdefault(row["media"], {})[row["frame_index"]] = []
    for row in read_tables(store, run, "faces").to_pylist():
        box = Box(row["box_x"], row["box_y"], row["box_width"], row["box_height"])
        found[row["media"]][row["frame_index"]].append(box)
    return found


def commit_seconds(output: Path) -> float:
    """Returns the seconds from the first plan to the last committed span of a finished run."""
    commits = [path.stat().st_mtime for path in (output / ".spans").glob("*.parquet")]
    plans = [path.stat().st_mtime for path in (output / ".spans/plans").glob("*.json")]
    return max(commits) - min(plans)
