"""A committed span: what detection found in it, and its scores, as one Arrow table."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fer_core.detect_faces import Detections
from fer_core.emotions import EMOTIONS, NAMES
from fer_core.records import FACES, FAILURES, FRAMES, SCORE_COLUMNS, SPAN
from fer_core.tracking.descriptors import (
    LOOKS_SIZE,
    SCENE_SIZE,
    Descriptors,
)


def span_table(found: Detections, scores: NDArray[np.float32]) -> pa.Table:
    """Puts detections and their scores, float32 (n, 7), into one committed row.

    Raises:
        ValueError: there is not one row of scores for each face.
    """
    if scores.shape != (len(found.faces), len(EMOTIONS)):
        raise ValueError(f"scores {scores.shape} for {len(found.faces)} faces")
    best = scores.argmax(axis=1)
    faces = []
    for row, values, index in zip(found.faces, scores, best, strict=True):
        named = dict(zip(SCORE_COLUMNS, values.tolist(), strict=True))
        shown = {"emotion": NAMES[index], "confidence": float(values[index])}
        faces.append({**row, **shown, **named})
    failures = [failure._asdict() for failure in found.failures]
    rows: dict[str, list[object]] = {
        "faces": [faces],
        "frames": [found.frames],
        "failures": [failures],
        "looks": [[row.tobytes() for row in found.marks.looks]],
        "scenes": [[row.tobytes() for row in found.marks.scenes]],
        "sure": [found.marks.sure.tolist()],
    }
    return pa.table(rows, schema=SPAN)


def span_rows(tables: Iterable[pa.Table]) -> dict[str, pa.Table]:
    """Takes committed spans apart again into the rows of their three tables, in their order."""
    spans = list(tables)
    rows = {}
    for name, schema in (("faces", FACES), ("frames", FRAMES), ("failures", FAILURES)):
        parts = [chunk.flatten() for span in spans for chunk in span[name].chunks]
        arrays = [part.flatten() for part in parts]
        rows[name] = pa.Table.from_batches(
            [pa.RecordBatch.from_arrays(columns, schema=schema) for columns in arrays],
            schema=schema,
        )
    return rows


def span_descriptors(tables: Iterable[pa.Table]) -> Descriptors:
    """Takes from committed spans what was noted of their faces and frames, in their order."""
    spans = list(tables)
    sure = [flag for span in spans for flags in span["sure"].to_pylist() for flag in flags]
    return Descriptors(
        _bytes_of(spans, "looks", LOOKS_SIZE),
        _bytes_of(spans, "scenes", SCENE_SIZE),
        np.array(sure, np.bool_),
    )


def _bytes_of(spans: list[pa.Table], name: str, size: int) -> NDArray[np.uint8]:
    """Returns a column of bytes, `size` for each of its rows, as uint8 (n, size)."""
    rows = [chunk.flatten() for span in spans for chunk in span[name].chunks]
    joined = b"".join(value for part in rows for value in part.to_pylist())
    return np.frombuffer(joined, np.uint8).reshape(-1, size)
