"""Renders a stretch of a video, or pictures: here, or apart where that ended a worker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fer_core.drawing.overlay import Overlay, OverlaySettings
from fer_core.drawing.picture_copy import copy_picture
from fer_core.drawing.sheet import Tile, cut_tile
from fer_core.errors import ForeignError, MediaError, NameRefusedError
from fer_core.media import identity_of
from fer_core.records import Failure, FailureKind
from fer_core.shown_face import ShownFace
from fer_core.tracking.motion import faces_at
from fer_core.video.render import Drawing, render_span
from ferbeam.analysis.blame import Work, blame
from ferbeam.analysis.elements import OpenMedium, RenderedSpan, SpanToRender
from ferbeam.guard.apart import STALL_SECONDS, run_without_lost
from ferbeam.guard.watchdog import beat
from ferbeam.output.costs import Costs, timed
from ferbeam.output.folder import Output, copy_name, sheet_name
from ferbeam.output.start_marks import StartMarks
from ferbeam.settings import RenderSettings
from ferbeam.stores.sources import open_source

TILE = pa.schema(
    [
        ("person_id", pa.int32()),
        ("timestamp_ms", pa.int64()),
        ("emotion", pa.int32()),
        ("confidence", pa.float32()),
        ("width", pa.int32()),
        ("pixels", pa.binary()),
    ]
)
"""What a rendered part keeps for the contact sheet: a row for each moment."""


def load_overlay(settings: RenderSettings) -> Overlay:
    """Loads what draws the faces, for one thread."""
    avatars = None if settings.avatars is None else Path(settings.avatars)
    return Overlay(OverlaySettings(settings.overlay, settings.lang, avatars))


def render_guarded(
    output: Output, task: SpanToRender, overlay: Overlay, settings: RenderSettings
) -> RenderedSpan:
    """Does what `render_task` does, and outlives a decoder that crashes or hangs."""
    marks, key = StartMarks(output), f"render-{task.key}"
    rendered = Work(key, "rendering", task.media[0].name, STALL_SECONDS).do(
        marks,
        lambda: render_task(output, task, overlay, settings.quality, {}),
        lambda: _render_apart(output, task, settings),
    )
    if not rendered.failures:  # else, if it is rendered once more, then apart
        marks.end(key)
    return rendered


def _render_apart(output: Output, task: SpanToRender, settings: RenderSettings) -> RenderedSpan:
    """Renders in a process of its own; a medium that ends it, or makes it raise, has no copy."""
    names = [medium.name for medium in task.media]

    def blame_at(at: int, error: Exception) -> str:
        return blame(task.media[at].name, task.media[at].path, error)

    rendered: RenderedSpan
    work = (_render_alone, output, task, settings)
    (rendered,) = run_without_lost(*work, names=names, lost={}, blame=blame_at)
    return rendered


def _render_alone(
    output: Output, task: SpanToRender, settings: RenderSettings, lost: dict[str, str]
) -> Iterator[RenderedSpan]:
    yield render_task(output, task, load_overlay(settings), settings.quality, lost)


def render_task(
    output: Output, task: SpanToRender, overlay: Overlay, quality: int, lost: Mapping[str, str]
) -> RenderedSpan:
    """Renders pictures into their copies, or a stretch of a video into a part of its copy.

    What the bytes cause is a failure of the medium; a part that is committed already is kept.

    Args:
        output: where the copies go.
        task: what is to be rendered.
        overlay: what draws the faces.
        quality: of H.264.
        lost: media that are not to be read, and why.
    """
    costs: Costs = {}
    failures: list[Failure] = []
    sums: dict[str, str] = {}
    with timed(costs, "render") as counts:
        if task.stretch is None:
            for at, medium in enumerate(task.media):
                beat(at)
                with noting(failures, medium.name):
                    _refuse_lost(medium, lost)
                    sums |= _copy_picture(output, task, at, overlay)
            counts["frames"] = len(task.media) - len(failures)
        elif not output.exists(output.rendered_path(task.key)):
            beat()
            start_ms = None if task.stretch.start_pts is None else int(task.stretch.first_ms)
            with noting(failures, task.media[0].name, start_ms):
                _refuse_lost(task.media[0], lost)
                counts["frames"] = _render_stretch(output, task, overlay, quality)
    return RenderedSpan(task.key, task.group, task.index, tuple(failures), costs, sums)


def _refuse_lost(medium: OpenMedium, lost: Mapping[str, str]) -> None:
    if medium.name in lost:
        raise MediaError(lost[medium.name])


def _copy_picture(output: Output, task: SpanToRender, at: int, overlay: Overlay) -> dict[str, str]:
    """Makes the copy of one of the pictures, and what browsers show of it where they cannot.

    Returns:
        SHA-256 by path below OUTPUT.
    """
    medium, faces = task.media[at], faces_at(task.tracks[at], 0)
    copy, sheet = copy_name("image", medium.name), sheet_name(medium.name)
    with making_copy(output, task.copies_key, copy) as attempt:
        with open(attempt, "wb") as file, open_source(medium.path) as source:
            shown = copy_picture(source, lambda canvas: overlay.draw(canvas, faces), file)
        sums = {copy: identity_of(attempt)}
    if shown is not None:
        with making_copy(output, task.copies_key, sheet) as beside:
            Path(beside).write_bytes(shown)
        sums[sheet] = sha256(shown).hexdigest()
    return sums


@contextmanager
def making_copy(output: Output, key: str, name: str) -> Iterator[str]:
    """Gives a local path to write a copy or sheet to, which is then kept aside.

    Raises:
        ForeignError: what is not ours lies where it is to be put in the end.
    """
    output.refuse_foreign(output.path(name))
    with output.making(output.made_path(key, name)) as attempt:
        yield attempt


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
    tracks, cover = task.tracks[0], overlay.settings.kind == "cover"
    people = {(each.track_id, each.timestamp_ms): each.person_id for each in task.moments}

    def look_at(timestamp_ms: int, pixels: NDArray[np.uint8], faces: Sequence[ShownFace]) -> None:
        for at, face in enumerate(faces):
            person = people.get((face.track_id, timestamp_ms))
            if person is not None:
                tile = cut_tile(pixels, faces, at, overlay)
                confidence = float(face.scores.max())
                what = (face.emotion, confidence, tile.shape[1], tile.tobytes())
                row = (person, timestamp_ms, *what)
                tiles.append(dict(zip(TILE.names, row, strict=True)))

    def find(timestamp_ms: int) -> list[ShownFace]:
        beat()
        return faces_at(tracks, timestamp_ms, cover)

    return Drawing(
        find=find,
        draw=overlay.draw,
        moments={each.timestamp_ms for each in task.moments},
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
    """Notes what keeps a medium from having its copy: its bytes, its name, or what lies there."""
    try:
        yield
    except (MediaError, NameRefusedError, ForeignError) as error:
        message = f"{medium}: it has no annotated copy: {error}"
        kind: FailureKind = "MediaError" if isinstance(error, MediaError) else "UnsafePath"
        failures.append(Failure(medium, "render", kind, message, timestamp_ms=timestamp_ms))
