"""The Arrow schemas of the output tables; the one place where columns are named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

import pyarrow as pa

from fer_core.emotions import NAMES

SCHEMA_VERSION = "2"
"""Changes whenever a column is added, removed or means something else."""

SCORE_COLUMNS: tuple[str, ...] = tuple(f"p_{name}" for name in NAMES)

STATUSES = ("ok", "no_face", "decode_error")
"""What the column `status` of `frames` holds."""
OK, NO_FACE, DECODE_ERROR = STATUSES

FailureStage = Literal["list", "probe", "decode", "detect", "classify", "render"]
FAILURE_STAGES: tuple[FailureStage, ...] = get_args(FailureStage)
"""What the column `stage` of `failures` holds, in the order in which a medium comes to them."""
UNOPENED = FAILURE_STAGES[:2]
"""Stages at which a medium fails that has no row in `media`."""

FailureKind = Literal[
    "Unreadable",  # the system does not give it: gone, or not permitted
    "NoFile",  # a device, pipe or socket
    "LinkLoop",  # a link that leads back to a folder that is listed already
    "TooDeep",  # below more folders than are entered
    "UnsafePath",  # a name by which its copy would lie elsewhere, or nowhere
    "NameTaken",  # shown by the same name as another
    "MediaError",  # its bytes cannot be read
    "DecodeError",  # a frame of it cannot be decoded
    "TooManyFaces",  # more faces in a frame than are kept
]
"""What the column `error` of `failures` holds."""


def _field(name: str, kind: pa.DataType, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable)


def _schema(fields: list[pa.Field]) -> pa.Schema:
    return pa.schema(fields, metadata={"ferbeam.schema_version": SCHEMA_VERSION})


FACES: pa.Schema = _schema(
    [
        _field("media", pa.string()),
        _field("frame_index", pa.int64()),
        _field("timestamp_ms", pa.int64()),
        _field("shown_ms", pa.int64(), nullable=True),
        _field("face_index", pa.int32()),
        _field("track_id", pa.int32(), nullable=True),
        _field("person_id", pa.int32(), nullable=True),
        *(_field(f"box_{part}", pa.int32()) for part in ("x", "y", "width", "height")),
        _field("detector_score", pa.float32(), nullable=True),
        _field("roll", pa.float32(), nullable=True),
        _field("yaw", pa.float32(), nullable=True),
        _field("sharpness", pa.float32()),
        _field("brightness", pa.float32()),
        _field("emotion", pa.string()),
        _field("confidence", pa.float32()),
        *(_field(name, pa.float32()) for name in SCORE_COLUMNS),
        _field("smoothed_emotion", pa.string(), nullable=True),
        _field("smoothed_confidence", pa.float32(), nullable=True),
    ]
)
"""One row per face in a sampled frame."""

FRAMES: pa.Schema = _schema(
    [
        _field("media", pa.string()),
        _field("frame_index", pa.int64()),
        _field("timestamp_ms", pa.int64()),
        _field("shown_ms", pa.int64(), nullable=True),
        _field("status", pa.string()),
        _field("face_count", pa.int32()),
    ]
)
"""One row per sampled frame."""

MEDIA: pa.Schema = _schema(
    [
        _field("media", pa.string()),
        _field("sha256", pa.string(), nullable=True),
        _field("kind", pa.string()),
        _field("codec", pa.string()),
        _field("width", pa.int32()),
        _field("height", pa.int32()),
        _field("rotation", pa.int32()),
        _field("frame_rate", pa.float64(), nullable=True),
        *(
            _field(name, pa.int64())
            for name in (
                "duration_ms",
                "frame_count",
                "frames_sampled",
                "frames_with_faces",
                "frames_lost",
                "face_count",
                "track_count",
            )
        ),
        _field("has_audio", pa.bool_()),
        _field("annotated", pa.string(), nullable=True),
        _field("annotated_sha256", pa.string(), nullable=True),
        _field("sheet_sha256", pa.string(), nullable=True),
        _field("notes", pa.string(), nullable=True),
        _field("run_id", pa.string()),
        _field("analysed_at", pa.timestamp("ms")),
        _field("model", pa.string()),
        _field("detector", pa.string()),
    ]
)
"""One row per input medium that opened."""

FAILURES: pa.Schema = _schema(
    [
        _field("media", pa.string()),
        _field("stage", pa.string()),
        _field("frame_index", pa.int64(), nullable=True),
        _field("timestamp_ms", pa.int64(), nullable=True),
        _field("error", pa.string()),
        _field("message", pa.string()),
    ]
)
"""One row per thing that could not be done."""

TABLES: dict[str, pa.Schema] = {
    "faces": FACES,
    "frames": FRAMES,
    "media": MEDIA,
    "failures": FAILURES,
}


def _rows_of(name: str) -> pa.Field:
    return pa.field(name, pa.list_(pa.struct(list(TABLES[name]))), nullable=False)


def _marks_of(name: str) -> pa.Field:
    return pa.field(name, pa.list_(pa.binary()), nullable=False)


SPAN_VERSION = 7
"""Changes whenever a committed span holds something else; earlier ones are then not read."""

SPAN: pa.Schema = _schema(
    [
        *map(_rows_of, ("faces", "frames", "failures")),
        *map(_marks_of, ("looks", "scenes")),
        _field("sure", pa.list_(pa.bool_())),
    ]
)
"""A committed span: one row that holds the rows of its three tables, so that one file is it all.

Beside them `looks` and `sure`, one for each face, and `scenes`, one for each frame, serve to link
tracks and come into no table.
"""


def fill_columns(rows: pa.Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    """Returns rows of a table with other values in some of their columns."""
    for name, values in columns.items():
        at = rows.schema.get_field_index(name)
        rows = rows.set_column(at, rows.schema.field(at), values)
    return rows


class Failure(NamedTuple):
    """Something that could not be read or done, and why: a row of the table `failures`."""

    media: str
    stage: FailureStage
    error: FailureKind
    message: str
    frame_index: int | None = None
    timestamp_ms: int | None = None
