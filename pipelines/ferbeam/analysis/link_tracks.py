"""Gathers the committed spans of a medium, links its faces into tracks and writes their tables."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from fer_core.committed_span import span_descriptors, span_rows
from fer_core.errors import FerError
from fer_core.records import DECODE_ERROR, OK, Failure
from fer_core.shown_time import fill_shown
from fer_core.tracking.doubtful import Found, part_doubtful
from fer_core.tracking.tracks import TrackScores, link_tracks
from ferbeam.analysis.elements import LinkedGroup, OpenMedium, Span, SpanToRender
from ferbeam.analysis.plan_rendering import plan_rendering
from ferbeam.output.costs import SECONDS, Costs, sum_costs, timed
from ferbeam.output.folder import Output
from ferbeam.output.read_tables import read_span
from ferbeam.output.tables import COUNTS_KEY, write_rows
from ferbeam.settings import RenderSettings, Told


def link_group(
    output: Output, spans: Iterable[Span], render: RenderSettings | None, told: Told
) -> tuple[LinkedGroup, list[SpanToRender]]:
    """Writes the faces and frames of one medium (or span of pictures) from its committed spans.

    Args:
        output: where they were committed.
        spans: references to all of them, some perhaps twice.
        render: of the annotated copies, None for no copies.
        told: what the settings say of the media.

    Returns:
        The group, and what is to be rendered of it.

    Raises:
        FerError: a span is missing, or the counts of one do not add up.
    """
    costs: Costs = {}
    with timed(costs, "link") as counts:
        ordered = sorted({span.index: span for span in spans}.values(), key=lambda at: at.index)
        linked, tasks = _link_spans(output, ordered, render, told)
        counts.update(media=len(linked.media), rows=sum(linked.files.rows.values()))
    spent = [span.costs for span in ordered if span.costs is not None]
    files = replace(linked.files, costs=sum_costs([costs, *spent]))
    return replace(linked, files=files), tasks


def _link_spans(
    output: Output, ordered: list[Span], render: RenderSettings | None, told: Told
) -> tuple[LinkedGroup, list[SpanToRender]]:
    first = ordered[0]
    if len(ordered) != first.total:
        raise FerError(f"{first.media[0].name}: {len(ordered)} of {first.total} spans arrived")
    committed = [read_span(output, span.key) for span in ordered]
    tables = span_rows(committed)
    _check_counts(ordered, tables)
    tracks, doubtful = _link_media(first.media, tables, committed, told.people)
    files = write_rows(output, first.group, {name: tables[name] for name in ("faces", "frames")})
    known = zip(ordered, committed, strict=True)
    earlier = sum_costs(_costs_of(table) for span, table in known if span.costs is None)
    linked = LinkedGroup(
        replace(files, earlier=earlier),
        [
            {**_media_row(*pair, tables["frames"]), **told.origin}
            for pair in zip(first.media, tracks, strict=True)
        ],
        [Failure(**row) for row in tables["failures"].to_pylist()],
        first.media,
    )
    if render is None:
        return linked, []
    drawn = tracks
    if render.overlay == "cover" and doubtful is not None:
        hidden = link_tracks(doubtful.faces, doubtful.frames, doubtful.marks)[1]
        drawn = [tracks[0].beside(hidden)]
    return plan_rendering(output, ordered, tracks, drawn, linked, render)


def _link_media(
    media: tuple[OpenMedium, ...],
    tables: dict[str, pa.Table],
    committed: list[pa.Table],
    people: int | None,
) -> tuple[list[TrackScores], Found | None]:
    """Fills the columns of the tracks and of the time.

    Returns:
        The tracks of each medium, and what of a video is in doubt, and has no row.
    """
    marks = span_descriptors(committed) if media[0].info.kind == "video" else None
    linked, sampled, tracks, doubtful = [], [], [], None
    for medium in media:
        faces, frames = (_rows_of(tables[name], medium.name) for name in ("faces", "frames"))
        track = None
        if marks is not None:
            found, doubtful = part_doubtful(Found(faces, frames, marks))
            faces, frames, marks, track = found.faces, found.frames, found.marks, found.track
        table, own = link_tracks(faces, frames, marks, people, track)
        ends_ms = medium.info.duration_ms if medium.info.kind == "video" else None
        table, frames = fill_shown(table, frames, ends_ms)
        linked.append(table)
        sampled.append(frames)
        tracks.append(own)
    tables["faces"], tables["frames"] = map(pa.concat_tables, (linked, sampled))
    return tracks, doubtful


def _rows_of(table: pa.Table, medium: str) -> pa.Table:
    return table.filter(pc.equal(table["media"], medium))


def _costs_of(committed: pa.Table) -> Costs:
    """Reads from a committed span what it cost; of the commit itself only that it was one."""
    counts = json.loads(committed.schema.metadata[COUNTS_KEY])
    return {**counts.get("costs", {}), "commit": {SECONDS: 0.0, "spans": 1}}


def _check_counts(spans: list[Span], tables: dict[str, pa.Table]) -> None:
    """Checks that every planned frame has its row, and every face its frame."""
    planned = sum(span.frame_total for span in spans)
    name = spans[0].media[0].name
    if tables["frames"].num_rows != planned:
        raise FerError(f"{name}: {tables['frames'].num_rows} of {planned} frames have a row")
    counted = pc.sum(tables["frames"]["face_count"]).as_py() or 0
    if tables["faces"].num_rows != counted:
        raise FerError(f"{name}: {tables['faces'].num_rows} face rows, frames count {counted}")


def _media_row(medium: OpenMedium, tracks: TrackScores, frames: pa.Table) -> dict[str, object]:
    """Builds the row of a medium from its facts, its tracks and its rows of `frames`."""
    own = _rows_of(frames, medium.name)
    statuses = Counter(own["status"].to_pylist())
    info = medium.info
    return {
        "media": medium.name,
        "sha256": medium.sha256,
        "kind": info.kind,
        "codec": info.codec,
        "width": info.width,
        "height": info.height,
        "rotation": info.rotation,
        "frame_rate": info.frame_rate,
        "duration_ms": info.duration_ms,
        "frame_count": medium.frame_count - statuses[DECODE_ERROR],
        "frames_sampled": own.num_rows,
        "frames_with_faces": statuses[OK],
        "frames_lost": statuses[DECODE_ERROR],
        "face_count": pc.sum(own["face_count"]).as_py() or 0,
        "track_count": len(set(tracks.track_id.tolist())),
        "has_audio": info.has_audio,
        "annotated": None,
        "notes": info.notes,
    }
