"""Plans what is rendered of a medium, and renders it: a stretch of a video, or pictures."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fer_core.detections import Failure
from fer_core.drawing.overlay import Overlay, OverlaySettings
from fer_core.drawing.picture_copy import copy_picture
from fer_core.drawing.sheet import MAX_TILES, Tile, cut_tile
from fer_core.errors import MediaError
from fer_core.shown import ShownFace
from fer_core.tracking.motion import faces_at
from fer_core.tracking.tracks import Tracks
from fer_core.video.render import Drawing, render_span
from pipelines.costs import Costs, timed
from pipelines.elements import (
    LinkedGroup,
    OpenMedium,
    RenderedSpan,
    Span,
    SpanToRender,
    digest,
)
from pipelines.output import Output, copy_name
from pipelines.settings import RenderSettings
from pipelines.sources import open_source

_NAMES_AT_FAULT = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)

RENDER_VERSION = 1
"""Changes whenever the same tracks and settings come out drawn or encoded in another way."""
NEUTRAL = 4
HOLD_MS = 1000
"""How long a cover stays before the first and after the last sample of a track."""
TILE = pa.schema(
    [
        ("track_id", pa.int32()),
        ("timestamp_ms", pa.int64()),
        ("emotion", pa.int32()),
        ("confidence", pa.float32()),
        ("width", pa.int32()),
        ("pixels", pa.binary()),
    ]
)
"""What a rendered part keeps for the contact sheet: a row for each moment."""


def plan_rendering(
    output: Output,
    spans: list[Span],
    tracks: list[Tracks],
    linked: LinkedGroup,
    settings: RenderSettings,
) -> tuple[LinkedGroup, list[SpanToRender]]:
    """Plans what is to be rendered of a group; nothing where its copies are there already."""
    video = spans[0].media[0].info.kind == "video"
    tasks = _plan_video(spans, tracks[0]) if video else _plan_pictures(spans[0], tracks, linked)
    keyed = [replace(task, key=_render_key(task, spans, settings)) for task in tasks]
    copies_key = digest([task.key for task in keyed])
    note = output.read_json(output.copies_path(spans[0].group)) or {}
    copied = note.get("key") == copies_key and all(
        output.exists(output.path(name)) for name in note["copies"]
    )
    group = replace(linked, render_total=len(keyed), copies_key=copies_key, copied=copied)
    if copied:
        group = replace(group, lacking=[Failure(*row) for row in note["lacking"]])
    return group, [] if copied else keyed


def _plan_video(spans: list[Span], tracks: Tracks) -> list[SpanToRender]:
    """Plans a span to render for every reading, with the tracks that are seen in it."""
    moments = find_moments(tracks)
    tasks: list[SpanToRender] = []
    for span in spans:
        if (stretch := span.stretch) is None:
            continue
        aside = max(HOLD_MS, tracks.gap_ms)
        first, end = stretch.first_ms, stretch.end_ms
        seen = tracks.between(first - aside, end + aside)
        inside = (moment for moment in moments if first <= moment[1] < end)
        task = SpanToRender("", span.group, len(tasks), span.media, (seen,), tuple(inside), stretch)
        tasks.append(task)
    return tasks


def _plan_pictures(span: Span, tracks: list[Tracks], linked: LinkedGroup) -> list[SpanToRender]:
    """Plans the copies of the pictures that could be decoded as one span to render."""
    rows = zip(span.media, tracks, linked.media, strict=True)
    shown = [(medium, own) for medium, own, row in rows if not row["frames_lost"]]
    if not shown:
        return []
    media, own = zip(*shown, strict=True)
    return [SpanToRender("", span.group, 0, media, own)]


def digest_tracks(tracks: Tracks) -> str:
    """Returns what stands for tracks: the same for the same faces at the same times."""
    columns = (tracks.timestamp_ms, tracks.track_id, tracks.boxes, tracks.scores)
    times = (tracks.gap_ms, tracks.interval_ms)
    return digest([sha256(column.tobytes()).hexdigest() for column in columns], times)


def find_moments(tracks: Tracks) -> list[tuple[int, int]]:
    """Finds the most expressive moment of each track: where its smoothed face is least neutral.

    Returns:
        Track and time in milliseconds, by time; of the longest tracks where there are many.
    """
    order = np.lexsort((tracks.scores[:, NEUTRAL], tracks.track_id))
    found, first, counts = np.unique(tracks.track_id[order], return_index=True, return_counts=True)
    longest = np.argsort(-counts, kind="stable")[:MAX_TILES]
    times = tracks.timestamp_ms[order][first]
    moments = [(int(found[at]), int(times[at])) for at in longest]
    return sorted(moments, key=lambda moment: (moment[1], moment[0]))


def _render_key(task: SpanToRender, spans: list[Span], settings: RenderSettings) -> str:
    rows = [span.key for span in spans] if task.stretch is None else [task.stretch, task.moments]
    media = [(medium.name, medium.identity) for medium in task.media]
    drawn = [digest_tracks(own) for own in task.tracks]
    return digest(RENDER_VERSION, settings.key_parts(), rows, media, drawn)


def load_overlay(settings: RenderSettings) -> Overlay:
    """Loads what draws the faces, for one thread."""
    avatars = None if settings.avatars is None else Path(settings.avatars)
    return Overlay(OverlaySettings(settings.overlay, settings.lang, avatars))


def render_task(output: Output, task: SpanToRender, overlay: Overlay, quality: int) -> RenderedSpan:
    """Renders pictures into their copies, or a stretch of a video into a part of its copy.

    What the bytes cause is a failure of the medium; a part that is committed already is kept.
    """
    costs: Costs = {}
    failures: list[Failure] = []
    with timed(costs, "render") as counts:
        if task.stretch is None:
            for medium, tracks in zip(task.media, task.tracks, strict=True):
                with noting(failures, medium.name):
                    _copy_picture(output, medium, tracks, overlay)
            counts["frames"] = len(task.media) - len(failures)
        elif not output.exists(output.rendered_path(task.key)):
            start_ms = None if task.stretch.start_pts is None else int(task.stretch.first_ms)
            with noting(failures, task.media[0].name, start_ms):
                counts["frames"] = _render_stretch(output, task, overlay, quality)
    return RenderedSpan(task.key, task.group, task.index, tuple(failures), costs)


def _copy_picture(output: Output, medium: OpenMedium, tracks: Tracks, overlay: Overlay) -> None:
    faces = faces_at(tracks, 0)
    with open_source(medium.path) as source:
        drawn = copy_picture(source, lambda canvas: overlay.draw(canvas, faces))
    output.write(output.path(copy_name("image", medium.name)), drawn)


def _render_stretch(output: Output, task: SpanToRender, overlay: Overlay, quality: int) -> int:
    """Renders a part of a video's copy; returns its number of frames."""
    assert task.stretch is not None
    tiles: list[dict[str, object]] = []
    drawing = _drawing_of(task, overlay, tiles)
    with output.making(output.rendered_path(task.key)) as attempt:
        with open_source(task.media[0].path) as source:
            count = render_span(source, task.stretch, attempt, drawing, quality)
        table = pa.Table.from_pylist(tiles, schema=TILE)
        output.write_table(output.tiles_path(task.key), table)
    return count


def _drawing_of(task: SpanToRender, overlay: Overlay, tiles: list[dict[str, object]]) -> Drawing:
    """Says what is drawn on a stretch of a video, and fills in what the contact sheet shows."""
    tracks, hold_ms = task.tracks[0], HOLD_MS if overlay.settings.kind == "cover" else 0

    def look_at(timestamp_ms: int, pixels: NDArray[np.uint8], faces: Sequence[ShownFace]) -> None:
        for at, face in enumerate(faces):
            if (face.track_id, timestamp_ms) in task.moments:
                tile = cut_tile(pixels, faces, at, overlay)
                what = (face.emotion, face.confidence, tile.shape[1], tile.tobytes())
                row = (face.track_id, timestamp_ms, *what)
                tiles.append(dict(zip(TILE.names, row, strict=True)))

    return Drawing(
        find=lambda timestamp_ms: faces_at(tracks, timestamp_ms, hold_ms),
        draw=overlay.draw,
        moments={moment for _, moment in task.moments},
        look_at=look_at,
    )


def read_tiles(output: Output, key: str) -> list[Tile]:
    """Reads what a rendered part has for the contact sheet."""
    tiles = []
    for row in output.read_table(output.tiles_path(key)).to_pylist():
        pixels = np.frombuffer(row.pop("pixels"), np.uint8).reshape(-1, row.pop("width"), 3)
        tiles.append(Tile(pixels, **row))
    return tiles


@contextmanager
def noting(failures: list[Failure], medium: str, timestamp_ms: int | None = None) -> Iterator[None]:
    """Notes what keeps a medium from having its copy: its bytes, or a name no file can have."""
    try:
        yield
    except (MediaError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _NAMES_AT_FAULT:
            raise
        message = f"it has no annotated copy: {error}"
        name = type(error).__name__
        failures.append(Failure(medium, "render", name, message, timestamp_ms=timestamp_ms))
