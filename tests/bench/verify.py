"""Measures `ferbeam verify` on an OUTPUT of a million faces: python -m tests.bench.verify."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from fer_core.emotions import NAMES
from fer_core.records import SCORE_COLUMNS, TABLES
from ferbeam.output.folder import Output
from ferbeam.verify.verify_output import verify_output
from tests.pipelines.finished import ORIGIN, write_finished

PER_FRAME = 2
"""Faces of a frame."""


def make_output(root: Path, media: int, frames: int) -> None:
    """Writes the tables of videos with `frames` sampled frames each, and `run.json`."""
    names = (f"videos/{number:05d}.mp4" for number in range(media))
    videos = (
        _tables_of(name, frames, np.random.default_rng(number)) for number, name in enumerate(names)
    )
    write_finished(root, videos)


def _tables_of(name: str, frames: int, random: np.random.Generator) -> dict[str, pa.Table]:
    """Returns the tables of one video."""
    count = frames * PER_FRAME
    scores = random.dirichlet(np.ones(len(NAMES)), count).astype(np.float32)
    best = scores.argmax(axis=1)
    index = np.arange(frames, dtype=np.int64)
    emotion = np.array(NAMES)[best]
    side = np.full(count, 50, np.int32)
    faces = {
        "media": [name] * count,
        "frame_index": np.repeat(index, PER_FRAME),
        "timestamp_ms": np.repeat(index * 100, PER_FRAME),
        "shown_ms": np.full(count, 100),
        "face_index": np.tile(np.arange(PER_FRAME, dtype=np.int32), frames),
        "track_id": np.tile(np.arange(PER_FRAME, dtype=np.int32), frames),
        "person_id": np.tile(np.arange(PER_FRAME, dtype=np.int32), frames),
        **{f"box_{part}": side for part in ("x", "y", "width", "height")},
        "detector_score": pa.nulls(count, pa.float32()),
        "roll": np.zeros(count, np.float32),
        "yaw": np.zeros(count, np.float32),
        "sharpness": np.ones(count, np.float32),
        "brightness": np.full(count, 120, np.float32),
        "emotion": emotion,
        "confidence": scores.max(axis=1),
        **dict(zip(SCORE_COLUMNS, scores.T, strict=True)),
        "smoothed_emotion": emotion,
        "smoothed_confidence": scores.max(axis=1),
    }
    looked_at = {
        "media": [name] * frames,
        "frame_index": index,
        "timestamp_ms": index * 100,
        "shown_ms": np.full(frames, 100),
        "status": ["ok"] * frames,
        "face_count": np.full(frames, PER_FRAME, np.int32),
    }
    medium = {
        **{"media": name, "kind": "video", "codec": "h264", "width": 640, "height": 360},
        **{"rotation": 0, "frame_rate": 10.0, "duration_ms": frames * 100, "frame_count": frames},
        **{"frames_sampled": frames, "frames_with_faces": frames, "frames_lost": 0},
        **{"face_count": count, "track_count": PER_FRAME, "has_audio": False, **ORIGIN},
    }
    return {
        "faces": pa.table(faces, schema=TABLES["faces"]),
        "frames": pa.table(looked_at, schema=TABLES["frames"]),
        "media": pa.Table.from_pylist([medium], TABLES["media"]),
    }


def main() -> None:
    """Makes the OUTPUT, checks it and prints how long that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=int, default=100)
    parser.add_argument("--frames", type=int, default=5000, help="sampled frames of each")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_output(Path(folder), options.media, options.frames)
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        began, used = time.perf_counter(), time.process_time()
        verified = verify_output(Output(folder))
        seconds, worked = time.perf_counter() - began, time.process_time() - used
    for finding in verified.findings:
        print(finding.line())
    faces = verified.counted["faces"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak //= 1 << 20 if sys.platform == "darwin" else 1 << 10
    print(f"{faces:,} faces in {options.media} media, {size / 1e6:.0f} MB: {seconds:.1f} s")
    print(f"{worked:.1f} s of processor, {faces / seconds:,.0f} faces/s, peak {peak} MB")


if __name__ == "__main__":
    main()
