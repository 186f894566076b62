"""Rows of `faces` and `frames` as a test writes them down, and linked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from fer_core.emotions import EMOTIONS, NAMES
from fer_core.records import FACES, FRAMES, SCORE_COLUMNS
from fer_core.tracking.descriptors import LOOKS_SIZE, SCENE_SIZE, Descriptors
from fer_core.tracking.tracks import TrackScores, link_tracks

Places = Sequence[tuple[int, int]]
"""Left and top of each face in a frame; all are squares of 60 pixels."""


def make_rows(seen: Sequence[tuple[int, Places]]) -> tuple[pa.Table, pa.Table]:
    """Makes the rows of a video from the time and the faces of each sampled frame."""
    faces, frames = [], []
    for number, (ms, places) in enumerate(seen):
        where = {"media": "a.mp4", "frame_index": 3 * number, "timestamp_ms": ms}
        status = "ok" if places else "no_face"
        frames.append({**where, "status": status, "face_count": len(places)})
        for index, (x, y) in enumerate(places):
            box = {"box_x": x, "box_y": y, "box_width": 60, "box_height": 60}
            told = {"face_index": index, "emotion": NAMES[3], "confidence": 1.0}
            scores = {name: float(name == "p_happy") for name in SCORE_COLUMNS}
            faces.append({**where, **box, **told, **scores})
    assert len(SCORE_COLUMNS) == len(EMOTIONS)
    return pa.Table.from_pylist(faces, FACES), pa.Table.from_pylist(frames, FRAMES)


def make_marks(faces: pa.Table, looks: Sequence[int], scenes: Sequence[int]) -> Descriptors:
    """Makes marks from one grey level for each face and a seed for each frame's scene."""
    faces_look = np.full((len(faces), LOOKS_SIZE), 1, np.uint8)
    faces_look[:, :-1] = np.array(looks, np.uint8)[:, np.newaxis]
    drawn = [np.random.default_rng(seed).integers(1, 255, SCENE_SIZE) for seed in scenes]
    return Descriptors(faces_look, np.array(drawn, np.uint8), np.ones(len(faces), np.bool_))


def tracks_of(
    seen: Sequence[tuple[int, Places]],
    looks: Sequence[int] | None = None,
    scenes: Sequence[int] | None = None,
) -> list[list[int]]:
    """Returns the tracks of the faces of each frame."""
    return _number(seen, looks, scenes, None)["track_id"]


def people_of(
    seen: Sequence[tuple[int, Places]], looks: Sequence[int], people: int | None = None
) -> list[list[int]]:
    """Returns the people of the faces of each frame."""
    return _number(seen, looks, None, people)["person_id"]


def _number(
    seen: Sequence[tuple[int, Places]],
    looks: Sequence[int] | None,
    scenes: Sequence[int] | None,
    people: int | None,
) -> dict[str, list[list[int]]]:
    faces, frames = make_rows(seen)
    count = sum(len(places) for _, places in seen)
    marks = make_marks(faces, looks or [100] * count, scenes or [1] * len(seen))
    linked, _ = link_tracks(faces, frames, marks, people)
    told = {}
    for name in ("track_id", "person_id"):
        numbers = iter(linked[name].to_pylist())
        told[name] = [[next(numbers) for _ in places] for _, places in seen]
    return told


def make_tracks(rows: list[tuple[int, int, float]], interval_ms: float = 100) -> TrackScores:
    """Makes tracks of the time, the track and the left edge of each face."""
    scores = np.zeros((len(rows), 7), np.float32)
    scores[:, 3] = 1
    times = np.array([ms for ms, _, _ in rows], np.int64)
    step = round(interval_ms)
    return TrackScores(
        times,
        np.array([track for _, track, _ in rows], np.int32),
        np.array([track for _, track, _ in rows], np.int32),
        np.array([(x, 20, 50, 60) for _, _, x in rows], np.float32).reshape(-1, 4),
        scores,
        np.stack([times - step, times + step], axis=1),
        1000,
        interval_ms,
    )
