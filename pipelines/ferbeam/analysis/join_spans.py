"""Joins the rendered spans of a medium to its copy, and writes what its tables tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import msgspec
import pyarrow as pa

from fer_core.drawing.sheet import compose_sheet
from fer_core.errors import FerError, MediaError
from fer_core.media import identity_of
from fer_core.records import FAILURES, MEDIA, Failure
from fer_core.video.join import join_spans
from ferbeam.analysis.blame import Work, blame
from ferbeam.analysis.changed_media import find_changed, leave_out
from ferbeam.analysis.elements import LinkedGroup, RenderedSpan
from ferbeam.analysis.render_span import making_copy, noting, read_tiles
from ferbeam.guard.apart import STALL_SECONDS, RaisedError, run_apart
from ferbeam.guard.watchdog import beat
from ferbeam.output.copy_sums import with_sums
from ferbeam.output.costs import Costs, sum_costs, timed
from ferbeam.output.folder import Output, copy_name, sheet_name
from ferbeam.output.notes import Copies
from ferbeam.output.start_marks import StartMarks
from ferbeam.output.tables import TableFiles, write_rows
from ferbeam.settings import RenderSettings
from ferbeam.stores.sources import open_source


def join_group(
    output: Output,
    linked: LinkedGroup,
    rendered: Iterable[RenderedSpan],
    render: RenderSettings | None,
) -> TableFiles:
    """Puts the copies of a group in place, and writes its tables `media` and `failures`.

    Raises:
        FerError: a rendered span is missing.
    """
    costs: Costs = {}
    parts = sorted({part.index: part for part in rendered}.values(), key=lambda part: part.index)
    failures = [failure for part in parts for failure in part.failures]
    made = linked.copied or Copies()
    changed = find_changed(linked.opened)
    if changed:
        linked = leave_out(output, linked, changed)
        names = {failure.media for failure in changed}
        failures = [*changed, *(one for one in failures if one.media not in names)]
    if render is not None and linked.copied is None and linked.media:
        with timed(costs, "join") as counts:
            made = _make_copies(output, linked, parts, render, failures)
            counts["media"] = len(linked.media)
    media = _name_copies(linked, failures) if render is not None else linked.media
    lacking = [Failure(*row) for row in made.lacking]
    told = [*failures[len(changed) :], *lacking]
    with timed(costs, "link"):
        files = _write_rest(output, linked, _tell_sums(media, made), told)
    costs = sum_costs([linked.files.costs, costs, *(part.costs for part in parts)])
    files = replace(files, settled=not made.failed, unopened=tuple(changed))
    return replace(files, costs=costs, copies_key=made.key)


def _make_copies(
    output: Output,
    linked: LinkedGroup,
    parts: list[RenderedSpan],
    render: RenderSettings,
    failures: list[Failure],
) -> Copies:
    """Joins the copy of a video and notes which copies are made, and what they lack."""
    first = linked.media[0]
    name, video = str(first["media"]), first["kind"] == "video"
    if len(parts) != linked.render_total:
        raise FerError(f"{name}: {len(parts)} of {linked.render_total} rendered spans arrived")
    made = Copies(sums={name: value for part in parts for name, value in part.sums.items()})
    if video and not failures:
        with noting(failures, name):
            made = _join_guarded(output, linked, parts, render.lang)
    made = msgspec.structs.replace(made, key=linked.copies_key, failed=bool(failures))
    output.write_json(output.made_path(made.key), msgspec.to_builtins(made))
    if video and not failures:
        output.remove(*(output.rendered_path(part.key) for part in parts))
        output.remove(*(output.tiles_path(part.key) for part in parts))
    return made


def _join_guarded(
    output: Output, linked: LinkedGroup, parts: list[RenderedSpan], lang: str
) -> Copies:
    """Joins a video's copy: here, or apart where that has ended a worker (sound is decoded).

    Raises:
        MediaError: it ended that process, too, or raised again.
    """
    name, key = str(linked.media[0]["media"]), f"join-{linked.copies_key}"
    marks = StartMarks(output)
    # Sound that has to be decoded takes a second for some minutes.
    limit_s = STALL_SECONDS + float(str(linked.media[0]["duration_ms"])) / 10_000
    work = (output, linked, parts, lang)

    def join_apart() -> Copies:
        made: Copies
        try:
            (made,) = run_apart(_join_video, *work, limit_s=limit_s)
            return made
        except RaisedError as raised:
            raise MediaError(blame(name, linked.opened[0].path, raised.error)) from raised

    made = Work(key, "joining", name, limit_s).do(
        marks, lambda: next(_join_video(*work)), join_apart
    )
    marks.end(key)
    return made


def _join_video(
    output: Output, linked: LinkedGroup, parts: list[RenderedSpan], lang: str
) -> Iterator[Copies]:
    """Makes a video's copy and its contact sheet; yields the one note of them."""
    beat()
    name, sums = str(linked.media[0]["media"]), {}
    copy, sheet = copy_name("video", name), sheet_name(name)
    with making_copy(output, linked.copies_key, copy) as attempt:
        with ExitStack() as opened:
            source = opened.enter_context(open_source(linked.opened[0].path))
            paths = [output.checked(output.rendered_path(part.key)) for part in parts]
            sources = [opened.enter_context(open_source(path)) for path in paths]
            joined = join_spans(source, sources, attempt)
        sums[copy] = identity_of(attempt)
        tiles = [tile for part in parts for tile in read_tiles(output, part.key)]
        drawn = compose_sheet(name, tiles, lang, linked.people - len(tiles))
        sums[sheet] = sha256(drawn).hexdigest()
        with making_copy(output, linked.copies_key, sheet) as beside:
            Path(beside).write_bytes(drawn)
    frames = int(str(linked.media[0]["frame_count"]))
    lost = list(joined.lost_sound)
    if joined.frame_count < frames:
        lost.append(f"{frames - joined.frame_count} of {frames} frames could not be decoded")
    told = (f"{name}: its annotated copy is not complete: {reason}" for reason in lost)
    yield Copies(sums=sums, lacking=[Failure(name, "render", "MediaError", why) for why in told])


def _name_copies(linked: LinkedGroup, failures: list[Failure]) -> list[dict[str, object]]:
    """Fills the column `annotated` of every medium that has a copy."""
    without = {failure.media for failure in failures}
    named = []
    for row in linked.media:
        lost = row["kind"] == "image" and row["frames_lost"]  # a picture that cannot be decoded
        name = copy_name(str(row["kind"]), str(row["media"]))
        without_copy = lost or row["media"] in without
        named.append({**row, "annotated": None if without_copy else name})
    return named


def _tell_sums(media: list[dict[str, object]], made: Copies) -> pa.Table:
    """Makes the table `media`, which tells the sums of the copies that its rows name."""
    return pa.Table.from_pylist([with_sums(row, made.sums) for row in media], schema=MEDIA)


def _write_rest(
    output: Output, linked: LinkedGroup, media: pa.Table, failures: list[Failure]
) -> TableFiles:
    """Writes the tables that tell of the copies, too."""
    rows = [failure._asdict() for failure in [*linked.failures, *failures]]
    tables = {
        "media": media,
        "failures": pa.Table.from_pylist(rows, schema=FAILURES),
    }
    rest = write_rows(output, linked.files.group, tables)
    files = linked.files
    return replace(
        files,
        tables={**files.tables, **rest.tables},
        rows={**files.rows, **rest.rows},
        names=tuple(media["media"].to_pylist()),
    )
