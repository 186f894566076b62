"""Finished runs without any media behind them: tables of made-up faces, and their `run.json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fer_core.emotions import NAMES
from fer_core.model import find_model_dir, load_card
from fer_core.records import FACES, FRAMES, MEDIA, SCHEMA_VERSION, SCORE_COLUMNS, TABLES
from fer_core.shown_time import fill_shown
from ferbeam.output.folder import Output, encode_table
from ferbeam.output.run_file import Earlier, ModelUsed, Run, write_run

Tables = dict[str, pa.Table]
STEP_MS = 100
OF_MEDIA = ("media", "failures")
"""The tables that hold a row of each listed medium."""
ORIGIN: dict[str, Any] = {
    "run_id": "a",
    "analysed_at": datetime(2026, 11, 1),
    "model": "0" * 64,
    "detector": "0" * 64,
}
"""Columns of `media` that tell where its rows come from."""


def make_video(
    name: str, samples: int, tracks: int = 1, seed: int = 0, copy: bool = True
) -> Tables:
    """Returns the tables of a video of ten samples a second.

    All its faces drift from one emotion to the next; none is seen in the fifth tenth.
    """
    rng = np.random.default_rng(seed)
    ms = np.arange(samples, dtype=np.int64) * STEP_MS
    seen = (ms < 0.4 * ms.max(initial=0)) | (ms >= 0.5 * ms.max(initial=0))
    away = np.abs((np.linspace(0, 7, samples) + rng.uniform(0, 7))[:, None] % 7 - np.arange(7))
    strength = 6 * np.exp(-np.minimum(away, 7 - away))
    faces = [FACES.empty_table()]
    for track in range(tracks):
        scores = np.exp(strength + rng.normal(0, 0.4, (samples, 7)))
        scores /= scores.sum(axis=1, keepdims=True)
        faces.append(_faces(name, ms[seen], scores[seen].astype(np.float32), track))
    found = np.where(seen, tracks, 0)
    frames = {
        "media": [name] * samples,
        "frame_index": np.arange(samples),
        "timestamp_ms": ms,
        "shown_ms": pa.nulls(samples, pa.int64()),
        "status": np.where(found > 0, "ok", "no_face"),
        "face_count": found.astype(np.int32),
    }
    medium = _medium(name, "video", found, tracks)
    if not copy:
        medium["annotated"] = None
    shown = fill_shown(
        pa.concat_tables(faces), pa.table(frames, FRAMES), int(medium["duration_ms"])
    )
    return {
        **dict(zip(("faces", "frames"), shown, strict=True)),
        "media": pa.Table.from_pylist([medium], MEDIA),
    }


def hold_frames(video: Tables, ms: list[int], duration_ms: int) -> Tables:
    """Returns a video whose samples are shown from other times on."""
    times = dict(zip(video["frames"]["timestamp_ms"].to_pylist(), ms, strict=True))
    for name in ("faces", "frames"):
        at = video[name].schema.get_field_index("timestamp_ms")
        moved = [times[old] for old in video[name]["timestamp_ms"].to_pylist()]
        video[name] = video[name].set_column(
            at, TABLES[name].field(at), pa.array(moved, pa.int64())
        )
    video["faces"], video["frames"] = fill_shown(video["faces"], video["frames"], duration_ms)
    (row,) = video["media"].to_pylist()
    video["media"] = pa.Table.from_pylist([{**row, "duration_ms": duration_ms}], TABLES["media"])
    return video


def break_track(video: Tables, ms: int) -> Tables:
    """Returns a video of one face that is followed anew from a time on, as the same person."""
    faces = video["faces"]
    later = pc.greater_equal(faces["timestamp_ms"], ms).cast(pa.int32())
    at = FACES.get_field_index("track_id")
    (row,) = video["media"].to_pylist()
    return {
        **video,
        "faces": faces.set_column(at, FACES.field(at), later),
        "media": pa.Table.from_pylist([{**row, "track_count": 2}], MEDIA),
    }


def leave_early(video: Tables, track: int, ms: int) -> Tables:
    """Returns a video in which one of several faces is seen only before a time."""
    faces, frames = video["faces"], video["frames"]
    gone = pc.and_(pc.equal(faces["track_id"], track), pc.greater_equal(faces["timestamp_ms"], ms))
    left = faces.filter(pc.invert(gone))
    there = Counter(left["frame_index"].to_pylist())
    counts = pa.array([there[frame] for frame in frames["frame_index"].to_pylist()], pa.int32())
    at = FRAMES.get_field_index("face_count")
    (row,) = video["media"].to_pylist()
    return {
        "faces": left,
        "frames": frames.set_column(at, FRAMES.field(at), counts),
        "media": pa.Table.from_pylist([{**row, "face_count": len(left)}], MEDIA),
    }


def make_picture(name: str, emotions: tuple[str, ...] = ()) -> Tables:
    """Returns the tables of a picture with a face for each of these emotions."""
    faces = [
        _faces(name, np.zeros(1, np.int64), np.eye(7, dtype=np.float32)[[NAMES.index(one)]], number)
        for number, one in enumerate(emotions)
    ]
    count = np.array([len(emotions)])
    frames = {"media": name, "frame_index": 0, "timestamp_ms": 0, "face_count": len(emotions)}
    status = "ok" if emotions else "no_face"
    return {
        "faces": pa.concat_tables([FACES.empty_table(), *faces]),
        "frames": pa.Table.from_pylist([{**frames, "status": status}], FRAMES),
        "media": pa.Table.from_pylist([_medium(name, "image", count, len(emotions))], MEDIA),
    }


def make_failure(name: str, message: str) -> Tables:
    """Returns the table of a medium that could not be opened."""
    row = {"media": name, "stage": "probe", "error": "MediaError", "message": message}
    return {"failures": pa.Table.from_pylist([row], TABLES["failures"])}


def write_finished(output: Path, media: Iterable[Tables], render: Any = None) -> Path:
    """Writes the tables of media into an OUTPUT, and `run.json`; pictures share a file."""
    listed: dict[str, list[str]] = {name: [] for name in TABLES}
    rows = dict.fromkeys(TABLES, 0)
    sums: dict[str, str] = {}
    names: set[str] = set()
    for number, tables in enumerate(_share_files(media)):
        for name, table in tables.items():
            file = f"{name}/{number:06}.parquet"
            (output / name).mkdir(parents=True, exist_ok=True)
            data = encode_table(table.cast(TABLES[name]))
            (output / file).write_bytes(data)
            listed[name].append(file)
            sums[file] = sha256(data).hexdigest()
            rows[name] += table.num_rows
        names.update(*(tables[name]["media"].to_pylist() for name in OF_MEDIA if name in tables))
    card = load_card(find_model_dir())
    run = Run(
        command="ferbeam analyze clips out",
        belongs_to={"INPUT": "/some/clips", "sample_fps": "10", "detector": "haar"},
        render=render,
        span_s=10,
        model=ModelUsed(name=card.name, sha256=card.sha256_for("litert")),
        schema_version=SCHEMA_VERSION,
        versions={"ferbeam": "1.0"},
        started="2026-11-01T10:00:00Z",
        workers=2,
        seconds={"whole": 1.0},
        wall={},
        counts={"list": {"media": len(names)}},
        earlier=Earlier(seconds={}, counts={}),
        rows=rows,
        tables={name: tuple(files) for name, files in listed.items()},
        sums=sums,
    )
    output.mkdir(parents=True, exist_ok=True)
    write_run(Output(str(output)), run)
    return output


def _share_files(media: Iterable[Tables]) -> Iterator[Tables]:
    """Puts the tables of all pictures together, at the end."""
    pictures: list[Tables] = []
    for one in media:
        if "media" in one and one["media"]["kind"][0].as_py() == "image":
            pictures.append(one)
        else:
            yield one
    if pictures:
        yield {name: pa.concat_tables([one[name] for one in pictures]) for name in pictures[0]}


def _faces(name: str, ms: Any, scores: Any, track: int) -> pa.Table:
    best = scores.argmax(axis=1)
    count = len(ms)
    names = np.array(NAMES)[best]
    whole = {part: np.full(count, 40, np.int32) for part in ("x", "y", "width", "height")}
    columns = {
        "media": np.full(count, name, object),
        "frame_index": ms // STEP_MS,
        "timestamp_ms": ms,
        "shown_ms": pa.nulls(count, pa.int64()),
        "face_index": np.full(count, track, np.int32),
        "track_id": np.full(count, track, np.int32),
        "person_id": np.full(count, track, np.int32),
        **{f"box_{part}": values for part, values in whole.items()},
        "detector_score": pa.nulls(count, pa.float32()),
        "roll": np.zeros(count, np.float32),
        "yaw": np.zeros(count, np.float32),
        "sharpness": np.ones(count, np.float32),
        "brightness": np.full(count, 120, np.float32),
        "emotion": names,
        "confidence": scores.max(axis=1),
        **dict(zip(SCORE_COLUMNS, scores.T, strict=True)),
        "smoothed_emotion": names,
        "smoothed_confidence": scores.max(axis=1),
    }
    return pa.table(columns, FACES)


def _medium(name: str, kind: str, found: Any, tracks: int) -> dict[str, Any]:
    video = kind == "video"
    samples = len(found)
    return {
        **{"media": name, "sha256": None, "kind": kind, "codec": "h264" if video else "png"},
        **{"width": 640, "height": 360, "rotation": 0, "frame_rate": 10.0 if video else None},
        "duration_ms": samples * STEP_MS if video else 0,
        "frame_count": samples,
        "frames_sampled": samples,
        "frames_with_faces": int((found > 0).sum()),
        "frames_lost": 0,
        "face_count": int(found.sum()),
        "track_count": tracks,
        "has_audio": False,
        "annotated": f"annotated/{name}" + (".mp4" if video else ""),
        "notes": None,
        **ORIGIN,
    }
