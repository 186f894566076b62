"""Checks the rows of `frames` and `faces` of one group, against each other and each by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fer_core.emotions import NAMES
from fer_core.records import SCORE_COLUMNS, STATUSES
from fer_core.shown_time import MOST_SHOWN_MS
from ferbeam.verify.findings import Findings

SEEN_WITHIN = {
    "roll": (-180, 180),
    "yaw": (-90, 90),
    "sharpness": (0, np.finfo(np.float32).max),
    "brightness": (0, 255),
}
TOLERANCE = 1e-3
"""How far the sum of seven scores may be from 1."""


@dataclass(frozen=True)
class Columns:
    """A table with its names as numbers.

    Attributes:
        table: the table.
        media: int64 (rows,): the number of the medium of each row.
        names: the names by number.
    """

    table: pa.Table
    media: NDArray[np.int64]
    names: list[str]

    def numbers(self, name: str) -> NDArray[np.int64]:
        """Returns a column of whole numbers, -1 where it is null."""
        return numbers_of(self.table[name])

    def place(self, row: int) -> str:
        """Says in words which frame a row is of."""
        frame = self.table["frame_index"][row].as_py()
        face = f" face {self.table['face_index'][row]}" if "face_index" in self.names_of() else ""
        return f"{self.names[self.media[row]]} frame {frame}{face}"

    def names_of(self) -> list[str]:
        """Returns the names of the columns."""
        names: list[str] = self.table.schema.names
        return names


def numbers_of(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Returns a column of whole numbers as int64, -1 where it is null."""
    return np.asarray(pc.fill_null(column, -1).cast(pa.int64()).to_numpy(), np.int64)


def number_names(columns: list[pa.ChunkedArray]) -> tuple[list[NDArray[np.int64]], list[str]]:
    """Numbers the names in columns alike: int64 (rows,) for each, and the names by number."""
    chunks = [chunk for column in columns for chunk in column.chunks]
    joined = pa.chunked_array(chunks, pa.string()).combine_chunks()
    encoded = pc.dictionary_encode(joined)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = numbers_of(encoded.indices)
    cuts = np.cumsum([len(column) for column in columns])[:-1]
    return np.split(codes, cuts), encoded.dictionary.to_pylist()


def match_names(column: pa.ChunkedArray, known: tuple[str, ...]) -> NDArray[np.int64]:
    """Returns the position of each value among those that are known, else -1."""
    return numbers_of(pc.index_in(column, pa.array(known, pa.string())))


def check_frames(findings: Findings, frames: Columns) -> None:
    """Checks that statuses go with counts, and that time goes on from frame to frame."""
    status = match_names(frames.table["status"], STATUSES)
    count = frames.numbers("face_count")
    wrong = (status < 0) | (count < 0) | ((status == 0) != (count > 0))
    findings.flag("frame-status", wrong, frames.place)
    index, time = frames.numbers("frame_index"), frames.numbers("timestamp_ms")
    order = np.lexsort((index, frames.media))
    same = np.diff(frames.media[order]) == 0
    again = same & (np.diff(index[order]) == 0)
    findings.flag("frame-twice", again, lambda at: frames.place(order[at + 1]))
    back = (time < 0) | (index < 0)
    back[order[1:]] |= same & (np.diff(time[order]) < 0)
    findings.flag("frame-time", back, frames.place)
    shown = frames.numbers("shown_ms")
    wrong = (shown == 0) | (shown > MOST_SHOWN_MS)
    wrong[order[1:]] |= same & ((shown[order[1:]] < 0) != (shown[order[:-1]] < 0))
    findings.flag("frame-shown", wrong, frames.place)


def check_faces(findings: Findings, frames: Columns, faces: Columns) -> None:
    """Checks that every face has its frame, every frame its faces, and that they are numbered."""
    frame_keys, face_keys = _frame_keys(frames, faces)
    order = np.argsort(frame_keys, kind="stable")
    at = np.searchsorted(frame_keys[order], face_keys)
    known = at < len(order)
    known[known] = frame_keys[order][at[known]] == face_keys[known]
    frame_of = order[at[known]]
    wrong = ~known
    for name in ("timestamp_ms", "shown_ms"):
        wrong[known] |= faces.numbers(name)[known] != frames.numbers(name)[frame_of]
    findings.flag("face-frame", wrong, faces.place)
    held = np.bincount(frame_of, minlength=len(order))
    counted = frames.numbers("face_count")
    findings.flag(
        "face-count",
        held != counted,
        lambda row: f"{frames.place(row)}: face_count {counted[row]}, {held[row]} rows",
    )
    number = faces.numbers("face_index")
    order = np.lexsort((number, face_keys))
    first = np.diff(face_keys[order], prepend=-1) != 0
    starts = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    wrong = number[order] != np.arange(len(order)) - starts
    findings.flag("face-number", wrong, lambda row: faces.place(order[row]))


def _frame_keys(frames: Columns, faces: Columns) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Gives each frame of each medium a number, the same in both tables."""
    index = np.concatenate([frames.numbers("frame_index"), faces.numbers("frame_index")])
    known, ranks = np.unique(index, return_inverse=True)
    keys = np.concatenate([frames.media, faces.media]) * max(1, len(known)) + ranks.reshape(-1)
    return keys[: len(frames.media)], keys[len(frames.media) :]


def check_seen(findings: Findings, faces: Columns) -> None:
    """Checks how well faces are seen: both angles or none, and all within what can be."""
    table = faces.table
    known = [pc.is_valid(table[name]).to_numpy() for name in ("roll", "yaw")]
    right = known[0] == known[1]
    for name, (least, most) in SEEN_WITHIN.items():
        values = pc.fill_null(table[name], 0).to_numpy()
        right &= (values >= least) & (values <= most)
    findings.flag("face-seen", ~right, faces.place)


def check_scores(findings: Findings, faces: Columns) -> None:
    """Checks scores, the emotion they say, and what is known of the track."""
    table = faces.table
    scores = np.stack([table[name].to_numpy() for name in SCORE_COLUMNS], axis=1)
    with np.errstate(invalid="ignore"):
        inside = ((scores >= 0) & (scores <= 1)).all(axis=1)
        sums = np.abs(scores.sum(axis=1, dtype=np.float64) - 1) <= TOLERANCE
    findings.flag("face-scores", ~(inside & sums), faces.place)
    best = np.nan_to_num(scores, nan=-1.0).max(axis=1, initial=-1)
    named = match_names(table["emotion"], NAMES)
    own = np.take_along_axis(scores, np.maximum(named, 0)[:, None], axis=1)[:, 0]
    right = (named >= 0) & (own == best) & (table["confidence"].to_numpy() == best)
    findings.flag("face-emotion", ~right, faces.place)
    _check_tracks(findings, faces)


def _check_tracks(findings: Findings, faces: Columns) -> None:
    """Checks what is known of the track: all or nothing, and that a track is of one person."""
    table = faces.table
    track, person = faces.numbers("track_id"), faces.numbers("person_id")
    smoothed = match_names(table["smoothed_emotion"], NAMES)
    sureness = pc.fill_null(table["smoothed_confidence"], -1).to_numpy()
    linked = (track >= 0) & (person >= 0) & (smoothed >= 0)
    linked &= (sureness >= 0) & (sureness <= 1 + TOLERANCE)
    told = ("track_id", "person_id", "smoothed_emotion", "smoothed_confidence")
    unlinked = np.logical_and.reduce([pc.is_null(table[name]).to_numpy() for name in told])
    findings.flag("face-track", ~(linked | unlinked), faces.place)
    order = np.lexsort((person, track, faces.media))
    same = (np.diff(faces.media[order]) == 0) & (np.diff(track[order]) == 0)
    parted = same & (np.diff(person[order]) != 0)
    findings.flag("face-person", parted, lambda at: faces.place(order[at + 1]))


def check_boxes(
    findings: Findings, faces: Columns, width: NDArray[np.int64], height: NDArray[np.int64]
) -> None:
    """Checks that boxes lie inside their frame.

    Args:
        findings: what is found is added to.
        faces: the rows.
        width: int64 (media,): of the frames of each medium, by its number; -1 where unknown.
        height: the same.
    """
    x, y, w, h = (faces.numbers(f"box_{part}") for part in ("x", "y", "width", "height"))
    inside = (x >= 0) & (y >= 0) & (w > 0) & (h > 0)
    inside &= (x + w <= width[faces.media]) & (y + h <= height[faces.media])
    unknown = width[faces.media] < 0
    findings.flag("face-box", ~(inside | unknown), faces.place)
