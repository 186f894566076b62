"""A study whose curves are known: twelve viewers in two groups, drawn as tables, without pixels.

The faces come as detection leaves them, with what they look like beside; tracks and people are
linked by ferbeam. One viewer leaves and returns, one has a passer-by, one is recorded with a
variable frame rate, and one recording is broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fer_core.emotions import NAMES
from fer_core.records import FACES, FRAMES, MEDIA, SCORE_COLUMNS
from fer_core.shown_time import fill_shown
from fer_core.tracking.descriptors import LOOKS_SIZE, SCENE_SIZE, Descriptors
from fer_core.tracking.tracks import link_tracks
from tests.pipelines.finished import ORIGIN, Tables, make_failure, write_finished

Floats = NDArray[np.float64]
VIEWERS, SECONDS, BROKEN = 12, 30, "p11.mp4"
LEAVES, PASSED, VARIABLE = "p02.mp4", "p03.mp4", "p04.webm"
HAPPY, SAD, ANGRY, NEUTRAL = (NAMES.index(name) for name in ("happy", "sad", "angry", "neutral"))
RISE_S, PLANTED = 4.0, (14, 19)
"""The first group smiles more in the seconds from the one to the other, after so long a rise."""


@dataclass(frozen=True)
class Viewer:
    """One of the twelve.

    Attributes:
        media: the recording.
        group: `film` or `talk`.
        offset_ms: where in the recording the stimulus begins.
        level: how much more the viewer smiles than others, always.
    """

    media: str
    group: str
    offset_ms: int
    level: float

    def happy(self, seconds: Floats) -> Floats:
        """Returns the true score of happy at times of the stimulus."""
        first, last = PLANTED
        rise = np.clip((seconds - first + RISE_S) / RISE_S, 0, 1)
        fall = np.clip((last + 1 + RISE_S - seconds) / RISE_S, 0, 1)
        return np.asarray(0.2 + self.level + 0.4 * (self.group == "film") * rise * fall, np.float64)

    def sad(self, seconds: Floats) -> Floats:
        """Returns the true score of sad, in both groups alike."""
        return np.asarray(0.15 + 0.05 * np.sin(seconds / 3) + self.level / 4, np.float64)

    def mean_of(self, name: str, second: float, length_s: float = 1) -> float:
        """Returns the true mean of a score from a second of the stimulus on."""
        moments = second + (np.arange(1000) + 0.5) / 1000 * length_s
        return float(getattr(self, name)(moments).mean())


def draw_viewers() -> list[Viewer]:
    """Draws the twelve."""
    rng = np.random.default_rng(28)
    names = [f"p{number:02}.mp4" for number in range(VIEWERS)]
    names[int(VARIABLE[1:3])] = VARIABLE
    return [
        Viewer(name, ("film", "talk")[number % 2], int(rng.integers(0, 4000)), rng.normal(0, 0.02))
        for number, name in enumerate(names)
    ]


def write_study(output: Path) -> list[Viewer]:
    """Writes an OUTPUT of the study, with its lists of viewers and markers beside it."""
    viewers = draw_viewers()
    media = [
        make_failure(BROKEN, "is empty") if one.media == BROKEN else _record(one, seed)
        for seed, one in enumerate(viewers)
    ]
    write_finished(output, media)
    rows = [f"{one.media};{one.group};{one.offset_ms}" for one in viewers]
    listed = "\n".join(["media;group;offset_ms", *rows])
    (output.parent / "list.csv").write_text(listed, encoding="cp1252")
    (output.parent / "marks.csv").write_text("name,start_ms,end_ms\njoke,14000,20000\n")
    return viewers


def _record(viewer: Viewer, seed: int) -> Tables:
    """Returns the tables of the recording of a viewer, linked as the pipeline does."""
    rng = np.random.default_rng([28, seed])
    end = viewer.offset_ms + 1000 * SECONDS
    steps = rng.integers(40, 180, end // 40) if viewer.media == VARIABLE else np.full(end, 100)
    times = np.concatenate([[0], np.cumsum(steps)])
    times = times[times < end]
    rows: list[dict[str, Any]] = []
    looks: list[NDArray[np.uint8]] = []
    counts = np.zeros(len(times), np.int64)
    people = rng.integers(20, 220, (2, LOOKS_SIZE), np.uint8)
    people[:, -1] = 1
    for index, ms in enumerate(times.tolist()):
        for person in _seen(viewer, ms):
            scores = _scores(viewer, (ms - viewer.offset_ms) / 1000, person, rng)
            rows.append(_face(viewer.media, (index, ms, int(counts[index])), person, scores))
            noise = rng.integers(-3, 4, LOOKS_SIZE)
            looks.append((people[person] + np.append(noise[:-1], 0)).astype(np.uint8))
            counts[index] += 1
    faces = pa.Table.from_pylist(rows, FACES)
    frames = {
        "media": [viewer.media] * len(times),
        "frame_index": np.arange(len(times)),
        "timestamp_ms": times,
        "shown_ms": pa.nulls(len(times), pa.int64()),
        "status": np.where(counts > 0, "ok", "no_face"),
        "face_count": counts.astype(np.int32),
    }
    every = pa.table(frames, FRAMES)
    scenes = np.full((len(times), SCENE_SIZE), 90, np.uint8)
    marks = Descriptors(np.stack(looks), scenes, np.ones(len(looks), np.bool_))
    faces, tracks = link_tracks(faces, every, marks)
    faces, every = fill_shown(faces, every, end)
    count = len(set(tracks.track_id.tolist()))
    medium = _medium(viewer.media, end, counts, count)
    return {"faces": faces, "frames": every, "media": pa.Table.from_pylist([medium], MEDIA)}


def _seen(viewer: Viewer, ms: int) -> list[int]:
    """Returns who is seen at a time of the recording: the viewer is 0, from left to right."""
    away = viewer.media == LEAVES and 8000 <= ms < 14000
    passing = viewer.media == PASSED and 4000 <= ms < 12000
    return [*([] if away else [0]), *([1] if passing else [])]


def _scores(viewer: Viewer, second: float, person: int, rng: np.random.Generator) -> Floats:
    scores = np.full(len(NAMES), 0.01)
    if person:
        scores[ANGRY] = 1 - scores.sum() + scores[ANGRY]
        return scores
    at = np.array([max(second, 0.0)])
    scores[HAPPY], scores[SAD] = viewer.happy(at)[0], viewer.sad(at)[0]
    scores[[HAPPY, SAD]] += rng.normal(0, 0.01, 2)
    scores[NEUTRAL] = 1 - scores.sum() + scores[NEUTRAL]
    return scores


def _face(media: str, place: tuple[int, int, int], person: int, scores: Floats) -> dict[str, Any]:
    index, ms, number = place
    best = int(scores.argmax())
    known = {field.name: 1.0 for field in FACES if field.type == pa.float32()}
    return {
        **known,
        **{"media": media, "frame_index": index, "timestamp_ms": ms, "face_index": number},
        **{"box_x": 200 + 250 * person, "box_y": 120, "box_width": 90, "box_height": 90},
        **{"emotion": NAMES[best], "confidence": float(scores[best])},
        **dict(zip(SCORE_COLUMNS, scores.tolist(), strict=True)),
        **{"smoothed_emotion": None, "smoothed_confidence": None},
    }


def _medium(name: str, end: int, counts: NDArray[np.int64], tracks: int) -> dict[str, Any]:
    known: dict[str, Any] = {field.name: None for field in MEDIA if field.nullable}
    return {
        **known,
        **{"media": name, "kind": "video", "codec": "h264", "width": 640, "height": 360},
        **{"rotation": 0, "frame_rate": 10.0, "duration_ms": end, "frame_count": len(counts)},
        **{"frames_sampled": len(counts), "frames_with_faces": int((counts > 0).sum())},
        **{"frames_lost": 0, "face_count": int(counts.sum()), "track_count": tracks},
        "has_audio": False,
        **ORIGIN,
    }
