"""Reads sample_data/truth.json: which faces every sample medium shows, where and when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fer_core.faces import Box


@dataclass(frozen=True)
class Truth:
    """What the sample media show.

    Attributes:
        media: per medium, by its path below sample_data: `kind`, `faces`, and for a video
            `frame_count` and `last_frame_ms`.
        broken: media that cannot be opened.
    """

    media: dict[str, dict[str, Any]]
    broken: tuple[str, ...]

    def faces_at(self, medium: str, timestamp_ms: int) -> list[tuple[Box, str | None]]:
        """Returns the faces that a medium shows at a time, left to right.

        Args:
            medium: its path below sample_data.
            timestamp_ms: 0 for a picture.

        Returns:
            The square around each face, and its emotion: None while it fades into another.
        """
        faces = []
        for face in self.media[medium]["faces"]:
            box = _box_at(face["keyframes"], timestamp_ms)
            if box is not None:
                faces.append((box, _emotion_at(face["emotions"], timestamp_ms)))
        return sorted(faces, key=lambda found: found[0])


def read_truth(path: Path) -> Truth:
    """Reads `truth.json`."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return Truth(content["media"], tuple(content["broken"]))


def _box_at(keyframes: list[dict[str, int]], timestamp_ms: int) -> Box | None:
    """Returns the box at a time, None before the first and after the last keyframe."""
    times = [key["ms"] for key in keyframes]
    if not times[0] <= timestamp_ms <= times[-1]:
        return None
    x, y, width, height = (
        round(float(np.interp(timestamp_ms, times, [key[field] for key in keyframes])))
        for field in ("x", "y", "width", "height")
    )
    return Box(x, y, width, height)


def _emotion_at(emotions: list[dict[str, Any]], timestamp_ms: int) -> str | None:
    """Returns the emotion that is fully shown at a time, None where there is none."""
    for span in emotions:
        if span["from_ms"] <= timestamp_ms <= span["to_ms"]:
            return str(span["emotion"])
    return None
