"""`make bench-tracks`: how well faces keep their tracks, and what linking an hour costs."""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fer_core.committed_span import span_descriptors, span_rows, span_table
from fer_core.detect_faces import SampledFrame, detect_faces
from fer_core.detection.detector import Detector, limit_threads, load_detector
from fer_core.detection.detector_settings import DEFAULT
from fer_core.emotions import EMOTIONS
from fer_core.faces import Box
from fer_core.records import FACES, FRAMES, SCORE_COLUMNS
from fer_core.tracking.descriptors import LOOKS_SIZE, SCENE_SIZE, Descriptors
from fer_core.tracking.doubtful import Found, part_doubtful
from fer_core.tracking.tracks import BOX_COLUMNS, link_tracks
from fer_core.video.frames import read_spans
from fer_core.video.index import index_video
from fer_core.video.spans import plan_spans
from tests.bench.generated import ENCOUNTERS, SCENARIOS, Truth, make_clip
from tests.bench.generated.identity import Identities, Tracked, score_tracks

SAMPLE_FPS = 10
SPAN_S = 3.0
"""Short, so that every clip is linked across spans."""

KNOWN = {**SCENARIOS, **ENCOUNTERS}
BY = ("tracks", "people", "boxes")
"""Tracks, the people that they are joined to, or tracks that are linked by boxes alone."""

HOUR_FRAMES, HOUR_FACES = 3600 * SAMPLE_FPS, 5


def track_clip(path: Path, detector: Detector, by: str = "tracks") -> list[Tracked]:
    """Finds and links the faces of a clip as the pipeline does, without classifying them.

    Args:
        path: the clip.
        detector: of faces.
        by: what tells who is who, one of BY.
    """
    spans = []
    for reading in plan_spans(index_video(path), Fraction(SAMPLE_FPS), SPAN_S):
        frames = (
            SampledFrame(
                path.name,
                frame.frame_index,
                frame.timestamp_ms,
                frame.grey,
                starts_segment=frame.starts_segment,
            )
            for frame in read_spans(path, reading)
        )
        found = detect_faces(frames, detector)
        even = np.full((len(found.faces), len(EMOTIONS)), 1 / len(EMOTIONS), np.float32)
        spans.append(span_table(found, even))
    rows = span_rows(spans)
    sure, _ = part_doubtful(Found(rows["faces"], rows["frames"], span_descriptors(spans)))
    marks = None if by == "boxes" else sure.marks
    faces, _ = link_tracks(sure.faces, sure.frames, marks)
    return list(_group(faces, rows["frames"], "person_id" if by == "people" else "track_id"))


def _group(faces: pa.Table, frames: pa.Table, column: str) -> list[Tracked]:
    """Gathers the rows of each sampled frame; a track is what this column says."""
    boxes: dict[int, list[Box]] = {}
    tracks: dict[int, list[int]] = {}
    for row in faces.select(["frame_index", column, *BOX_COLUMNS]).to_pylist():
        index = row["frame_index"]
        boxes.setdefault(index, []).append(Box(*(row[name] for name in BOX_COLUMNS)))
        tracks.setdefault(index, []).append(row[column])
    times = zip(frames["frame_index"].to_pylist(), frames["timestamp_ms"].to_pylist(), strict=True)
    return [Tracked(index, ms, boxes.get(index, []), tracks.get(index, [])) for index, ms in times]


def score_seed(
    folder: Path, name: str, seed: int, seconds: float, by: str = "tracks"
) -> Identities:
    """Makes the clip of a scenario and a seed, and scores its tracks."""
    path = folder / f"{name}-{seed}.mp4"
    truth: Truth = make_clip(path, KNOWN[name], seed, seconds)
    identities = score_tracks(truth, track_clip(path, load_detector(DEFAULT), by))
    path.unlink()
    return identities


def link_hour() -> tuple[int, float, float, float]:
    """Links an hour with five faces.

    Returns:
        Its rows, the seconds, those of the processor, and the peak memory in MB.
    """
    faces, frames, marks = _make_hour(np.random.default_rng(1))
    start, busy = time.perf_counter(), time.process_time()
    link_tracks(faces, frames, marks)
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return len(faces), seconds, busy, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _make_hour(rng: np.random.Generator) -> tuple[pa.Table, pa.Table, Descriptors]:
    """Draws faces that sway around places so near that they meet; every twelfth is missed."""
    found = rng.random((HOUR_FRAMES, HOUR_FACES)) > 1 / 12
    frame, person = (np.asarray(axis, np.int64) for axis in np.nonzero(found))
    times, count = np.arange(HOUR_FRAMES), found.sum(axis=1)
    frames = _make_table(
        FRAMES,
        {
            "frame_index": 3 * times,
            "timestamp_ms": times * 1000 // SAMPLE_FPS,
            "face_count": count,
        },
    )
    sway = 60 * np.sin(frame / SAMPLE_FPS / 3 + person)
    scores = rng.dirichlet(np.ones(len(EMOTIONS)), len(frame)).astype(np.float32)
    faces = _make_table(
        FACES,
        {
            "frame_index": 3 * frame,
            "timestamp_ms": frame * 1000 // SAMPLE_FPS,
            "face_index": np.arange(len(frame)) - np.repeat(np.cumsum(count) - count, count),
            "box_x": np.rint(100 + 110 * person + sway + rng.normal(0, 2, len(frame))),
            "box_y": np.rint(150 + rng.normal(0, 2, len(frame))),
            "box_width": np.full(len(frame), 90),
            "box_height": np.full(len(frame), 90),
            "confidence": scores.max(axis=1),
            **{name: scores[:, place] for place, name in enumerate(SCORE_COLUMNS)},
        },
    )
    return faces, frames, _draw_marks(rng, person)


def _make_table(schema: pa.Schema, values: dict[str, NDArray[np.generic]]) -> pa.Table:
    """Makes a table of some columns; texts are all the same, other numbers 0, the rest is null."""
    count = len(values["frame_index"])
    columns = []
    for field in schema:
        if field.name in values:
            columns.append(pa.array(values[field.name]).cast(field.type, safe=False))
        elif field.nullable:
            columns.append(pa.nulls(count, field.type))
        else:
            rest = "hour.mp4" if pa.types.is_string(field.type) else 0
            columns.append(pa.array([rest] * count, field.type))
    return pa.table(columns, schema=schema)


def _draw_marks(rng: np.random.Generator, person: NDArray[np.int64]) -> Descriptors:
    """Draws looks of their own for people, with some noise, in one scene."""
    looks = rng.integers(0, 236, (HOUR_FACES, LOOKS_SIZE), np.uint8)[person]
    looks += rng.integers(1, 20, looks.shape, np.uint8)
    scenes = np.full((HOUR_FRAMES, SCENE_SIZE), 100, np.uint8)
    return Descriptors(looks, scenes, np.ones(len(looks), np.bool_))


def main() -> None:
    """Prints the whole bench."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seeds", default="1-20", help="first and last, as 1-20")
    parser.add_argument("--seconds", type=float, default=8, help="length of a clip")
    parser.add_argument("--scenario", choices=list(KNOWN), action="append")
    parser.add_argument("--by", choices=BY, default=BY[0], help="what tells who is who")
    arguments = parser.parse_args()
    limit_threads()
    first, last = map(int, arguments.seeds.split("-"))
    print(f"{last - first + 1} clips each of {arguments.seconds:g} s at {SAMPLE_FPS} samples/s")
    print(f"{'':<14}{'people':>8}{'tracks':>8}{'switches':>10}{'fragments':>11}{'after 1 s':>11}")
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.scenario or ENCOUNTERS:
            total = Identities()
            for seed in range(first, last + 1):
                total += score_seed(Path(folder), name, seed, arguments.seconds, arguments.by)
            print(
                f"{name:<14}{total.people:>8}{total.tracks:>8}{total.switches:>10}"
                f"{total.fragments:>11}{total.later:>11}",
                flush=True,
            )
    with multiprocessing.get_context("spawn").Pool(1) as pool:  # its memory is its own
        rows, seconds, busy, peak = pool.apply(link_hour)
    print(f"an hour with {HOUR_FACES} faces, {rows} rows: {seconds:.1f} s", end="")
    print(f" ({busy:.1f} s of the processor), peak {peak:.0f} MB")


if __name__ == "__main__":
    main()
