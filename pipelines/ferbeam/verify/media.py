"""Checks the rows of `media` and `failures` against those of `frames` and `faces`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fer_core.records import DECODE_ERROR, FAILURE_STAGES, STATUSES, TABLES, UNOPENED
from ferbeam.output.run_file import Run
from ferbeam.verify.findings import Findings
from ferbeam.verify.rows import (
    Columns,
    check_boxes,
    check_faces,
    check_frames,
    check_scores,
    check_seen,
    match_names,
    number_names,
)


@dataclass(frozen=True)
class Copy:
    """A medium as far as its annotated copy is concerned.

    Attributes:
        media: its name.
        kind: `image` or `video`.
        width: pixels.
        height: pixels.
        duration_ms: of the medium.
        frame_count: frames that its copy should have.
        annotated: path of the copy below OUTPUT, None without one.
        run_id: of the run that has analysed it.
        analysed_at: when that run began.
        failed: whether there is a failure of it.
    """

    media: str
    kind: str
    width: int
    height: int
    duration_ms: int
    frame_count: int
    annotated: str | None
    run_id: str
    analysed_at: datetime
    failed: bool


@dataclass
class Tally:
    """What is counted over all groups.

    Attributes:
        rows: of each table.
        opened: media with a row.
        unopened: media that were listed and could not be opened.
        copies: what the copies are checked against.
        whole: whether every table file could be read.
        sums: SHA-256 of the copies and contact sheets, by their paths below OUTPUT.
    """

    rows: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TABLES, 0))
    opened: set[str] = field(default_factory=set)
    unopened: set[str] = field(default_factory=set)
    copies: list[Copy] = field(default_factory=list)
    whole: bool = True
    sums: dict[str, str] = field(default_factory=dict)


def check_group(findings: Findings, tally: Tally, tables: dict[str, pa.Table]) -> None:
    """Checks the four tables of a group, and adds what it holds to the tally."""
    for name, table in tables.items():
        tally.rows[name] += table.num_rows
    numbered, names = number_names([tables[name]["media"] for name in TABLES])
    columns = {
        name: Columns(tables[name], codes, names)
        for name, codes in zip(TABLES, numbered, strict=True)
    }
    frames, faces, media = (columns[name] for name in ("frames", "faces", "media"))
    check_frames(findings, frames)
    check_faces(findings, frames, faces)
    check_scores(findings, faces)
    check_seen(findings, faces)
    width, height = (_by_medium(media, name) for name in ("width", "height"))
    check_boxes(findings, faces, width, height)
    _check_counts(findings, columns)
    _check_facts(findings, media)
    _check_failures(findings, columns)
    _check_names(findings, tally, columns)
    tally.copies.extend(_list_copies(columns))


def _by_medium(media: Columns, name: str) -> NDArray[np.int64]:
    """Returns a column of `media` by the number of the medium, -1 for those without a row."""
    values = np.full(len(media.names), -1, np.int64)
    values[media.media] = media.numbers(name)
    return values


def _check_counts(findings: Findings, columns: dict[str, Columns]) -> None:
    """Counts frames and faces of each medium again."""
    frames, faces, media = (columns[name] for name in ("frames", "faces", "media"))
    many = len(media.names)
    status = match_names(frames.table["status"], STATUSES)
    ok, none, lost = (np.bincount(frames.media[status == at], minlength=many) for at in range(3))
    tracks = np.stack([faces.media, faces.numbers("track_id")])[:, faces.numbers("track_id") >= 0]
    counted = {
        "frames_sampled": ok + none + lost,
        "frames_with_faces": ok,
        "frames_lost": lost,
        "face_count": np.bincount(faces.media, minlength=many),
        "track_count": np.bincount(np.unique(tracks, axis=1)[0], minlength=many),
    }
    for name, values in counted.items():
        own, found = media.numbers(name), values[media.media]
        findings.flag(
            "medium-counts",
            own != found,
            lambda row, name=name, own=own, found=found: (  # type: ignore[misc]
                f"{media.names[media.media[row]]}: {name} is {own[row]}, the rows are {found[row]}"
            ),
        )
    short = media.numbers("frame_count") + lost[media.media] < media.numbers("frames_sampled")
    findings.flag(
        "medium-counts",
        short,
        lambda row: f"{media.names[media.media[row]]}: more frames sampled than it has",
    )


def _check_facts(findings: Findings, media: Columns) -> None:
    """Checks what cannot be, by a medium's row alone."""
    kind = match_names(media.table["kind"], ("image", "video"))
    sized = (media.numbers("width") > 0) & (media.numbers("height") > 0)
    length = media.numbers("duration_ms")
    turned = np.isin(media.numbers("rotation"), (0, 90, 180, 270))
    frames = media.numbers("frame_count") + media.numbers("frames_lost")
    still = (length == 0) & (frames == 1)
    right = sized & turned & (length >= 0) & ((kind == 1) | ((kind == 0) & still))
    findings.flag("medium-facts", ~right, lambda row: media.names[media.media[row]])


def _check_failures(findings: Findings, columns: dict[str, Columns]) -> None:
    """Checks that failures tell a stage and a reason, and name frames that were lost."""
    failures, frames = columns["failures"], columns["frames"]
    stage = match_names(failures.table["stage"], FAILURE_STAGES)
    said = np.array([bool(text) for text in failures.table["message"].to_pylist()], bool)
    lost = match_names(frames.table["status"], STATUSES) == STATUSES.index(DECODE_ERROR)
    places = zip(frames.media[lost].tolist(), frames.numbers("frame_index")[lost], strict=True)
    known = set(places)
    decode = stage == FAILURE_STAGES.index("decode")
    pairs = zip(failures.media.tolist(), failures.numbers("frame_index"), strict=True)
    placed = np.array([pair in known for pair in pairs], bool)
    wrong = (stage < 0) | ~said | (decode & ~placed)
    findings.flag("failure", wrong, lambda row: f"{failures.names[failures.media[row]]}")
    for code in sorted(set(frames.media[lost]) - set(failures.media[decode])):
        findings.add("lost-silently", f"{frames.names[code]}: has frames that were lost")


def _check_names(findings: Findings, tally: Tally, columns: dict[str, Columns]) -> None:
    """Checks that each medium has one row, and that other rows are of media that have one."""
    media, failures = columns["media"], columns["failures"]
    names = [media.names[code] for code in media.media.tolist()]
    stages = failures.table["stage"].to_pylist()
    failed = [failures.names[code] for code in failures.media.tolist()]
    for name in names:
        if name in tally.opened:
            findings.add("medium-twice", name)
        tally.opened.add(name)
    told = list(zip(failed, stages, strict=True))
    tally.unopened |= {name for name, stage in told if stage == "probe"}
    own = set(names)
    others = {media.names[code] for at in ("frames", "faces") for code in columns[at].media}
    others |= {name for name, stage in told if stage not in UNOPENED}
    for name in sorted(others - own):
        findings.add("without-medium", name)
    for name in names:
        if {"", ".", ".."} & set(name.split("/")):
            findings.add("path", f"medium {name}")


def _list_copies(columns: dict[str, Columns]) -> Iterator[Copy]:
    failed = set(columns["failures"].table["media"].to_pylist())
    for row in columns["media"].table.to_pylist():
        facts = {name: row[name] for name in Copy.__dataclass_fields__ if name in row}
        yield Copy(**facts, failed=row["media"] in failed)


def check_tally(findings: Findings, tally: Tally, run: Run) -> None:
    """Checks the counts of `run.json` against the tables of a whole OUTPUT."""
    for name, count in tally.rows.items():
        if run.rows[name] != count:
            findings.add("run-rows", f"{name}: run.json says {run.rows[name]}, there are {count}")
    for name in sorted(tally.opened & tally.unopened):
        findings.add("medium-twice", name)
    listed = run.counts.get("list", {}).get("media")
    found = len(tally.opened | tally.unopened)
    if listed != found:
        findings.add("unaccounted", f"{listed} media were listed, {found} are in the tables")
