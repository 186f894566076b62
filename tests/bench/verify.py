"""Measures `ferbeam verify` on an OUTPUT of a million faces: python -m tests.bench.verify."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa

from fer_core.emotions import NAMES
from fer_core.records import SCHEMA_VERSION, SCORE_COLUMNS, TABLES
from ferbeam.output.folder import Output, encode_table
from ferbeam.verify.verify_output import verify_output

PER_FRAME = 2
"""Faces of a frame."""


def make_output(root: Path, media: int, frames: int) -> None:
    """Writes the tables of videos with `frames` sampled frames each, and `run.json`."""
    output = Output(str(root))
    files: dict[str, list[str]] = {name: [] for name in TABLES}
    sums = {}
    for number in range(media):
        tables = _tables_of(f"videos/{number:05d}.mp4", frames, np.random.default_rng(number))
        for name, table in tables.items():
            file = f"{name}/{number:032x}-00000000.parquet"
            data = encode_table(table)
            output.write(output.path(file), data)
            files[name].append(file)
            sums[file] = sha256(data).hexdigest()
    rows = {"faces": media * frames * PER_FRAME, "frames": media * frames}
    run = {
        "rows": {**rows, "media": media, "failures": 0},
        "tables": files,
        "sums": sums,
        "schema_version": SCHEMA_VERSION,
        "counts": {"list": {"media": media}},
        "render": None,
    }
    output.write_json(output.path("run.json"), run)


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
        "face_index": np.tile(np.arange(PER_FRAME, dtype=np.int32), frames),
        "track_id": np.tile(np.arange(PER_FRAME, dtype=np.int32), frames),
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
        "status": ["ok"] * frames,
        "face_count": np.full(frames, PER_FRAME, np.int32),
    }
    facts = (name, "0" * 64, "video", "h264", 640, 360, 0, 10.0, frames * 100)
    counts = (frames, frames, frames, 0, count, PER_FRAME, False, None)
    medium = dict(zip(TABLES["media"].names, (*facts, *counts), strict=True))
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
