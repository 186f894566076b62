"""Opens the media of a group and plans their spans, from the files and the settings alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from fer_core.errors import MediaError
from fer_core.pictures import probe_picture
from fer_core.records import SPAN_VERSION, Failure
from fer_core.video.index import VideoIndex, index_video
from fer_core.video.spans import plan_spans
from fer_core.video.stretches import plan_stretches
from ferbeam.analysis.blame import Work, blame
from ferbeam.analysis.changed_media import CHANGED, is_as_listed
from ferbeam.analysis.elements import Medium, OpenMedium, ReadTask, Span
from ferbeam.analysis.list_media import group_key
from ferbeam.guard.apart import STALL_SECONDS, run_without_lost
from ferbeam.guard.watchdog import beat
from ferbeam.output.folder import Output
from ferbeam.output.notes import read_plan
from ferbeam.output.start_marks import StartMarks
from ferbeam.output.tables import digest
from ferbeam.settings import RowSettings
from ferbeam.stores.sources import identify, open_source

SLOWEST_BYTES = 2_000_000
"""Bytes per second at which any medium can be indexed, also over a slow network."""


class Opened(NamedTuple):
    """A medium that opened, with its packet index if it is a video."""

    medium: OpenMedium
    video: VideoIndex | None


def open_group(
    group: tuple[Medium, ...], settings: RowSettings, output: Output
) -> tuple[list[Opened], list[Failure], list[str]]:
    """Opens every medium of a group: here, or apart where that has ended a worker.

    The identity of a medium that an earlier run met with the same size and time of change is
    taken from its plan.

    Returns:
        The media that opened, the failures of the others, and those of them that may be the
        machine's.

    Raises:
        OSError: the machine, not the file, is at fault.
    """
    plan = read_plan(output, group_key(group))
    known = {(name, size, time): identity for name, size, time, identity in plan.media}
    identities = [known.get((medium.name, medium.size, medium.mtime_ns)) for medium in group]
    key = "probe-" + digest([(m.name, m.size, m.mtime_ns) for m in group])
    limit_s = STALL_SECONDS + max(medium.size for medium in group) / SLOWEST_BYTES
    lost: dict[str, str] = {}

    def open_apart() -> list[Opened | Failure]:
        names, limit = [medium.name for medium in group], limit_s
        work = (open_media, group, settings, identities)
        return run_without_lost(
            *work, names=names, lost=lost, blame=_blame_in(group), limit_s=limit
        )

    marks = StartMarks(output)
    found = Work(key, "opening", group[0].name, limit_s).do(
        marks, lambda: list(open_media(group, settings, identities, lost)), open_apart
    )
    if not lost:  # else the next run opens them apart at once
        marks.end(key)
    opened = [each for each in found if isinstance(each, Opened)]
    return opened, [each for each in found if isinstance(each, Failure)], list(lost)


def _blame_in(group: tuple[Medium, ...]) -> Callable[[int, Exception], str]:
    return lambda at, error: blame(group[at].name, group[at].path, error)


def open_media(
    group: tuple[Medium, ...],
    settings: RowSettings,
    identities: list[str | None],
    lost: dict[str, str],
) -> Iterator[Opened | Failure]:
    """Opens one medium after the other.

    Args:
        group: the media.
        settings: the settings that change rows.
        identities: of the media, where they are known.
        lost: media that are not to be opened, and why.
    """
    for at, (medium, identity) in enumerate(zip(group, identities, strict=True)):
        beat(at)
        try:
            if medium.name in lost:
                raise MediaError(f"{medium.name}: {lost[medium.name]}")
            yield _open_medium(medium, settings, identity)
        except MediaError as error:
            yield Failure(medium.name, "probe", "MediaError", str(error))


def _open_medium(medium: Medium, settings: RowSettings, identity: str | None) -> Opened:
    with open_source(medium.path) as source:
        index, frame_count = None, 1
        if medium.kind == "image":
            info = probe_picture(source, settings.max_pixels)
        if medium.kind == "video" or info.pictures > 1:
            index = index_video(source, settings.max_pixels)
            info, frame_count = index.info, len(index.pts)
        identity = identify(source, identity)
    if not is_as_listed(medium):
        raise MediaError(f"{medium.name}: {CHANGED}")
    opened = OpenMedium(
        medium.name, medium.path, identity, info, frame_count, medium.size, medium.mtime_ns
    )
    return Opened(opened, index)


def split_group(
    group: tuple[Medium, ...], opened: list[Opened]
) -> Iterator[tuple[tuple[Medium, ...], list[Opened]]]:
    """Takes animations and pages out of a group of pictures: each is planned as a video is."""
    moving = {each.medium.name for each in opened if each.video is not None}
    still = tuple(medium for medium in group if medium.name not in moving)
    if still:
        yield still, [each for each in opened if each.video is None]
    for medium in group:
        if medium.name in moving:
            yield (medium,), [each for each in opened if each.medium.name == medium.name]


def plan_group(
    group: tuple[Medium, ...], opened: list[Opened], settings: RowSettings, span_s: float
) -> list[ReadTask]:
    """Plans the readings of a group of media: of one video, or of one span of pictures."""
    media = tuple(medium for medium, _ in opened)
    key = group_key(group)
    rows = {**settings.flat(), "span": SPAN_VERSION}
    if not media:
        return []
    index = opened[0].video
    if index is None:
        names = [(medium.name, medium.identity) for medium in media]
        return [(Span(digest(names, rows), key, 0, 1, media, len(media)),)]
    readings = plan_spans(index, settings.sample_fps, span_s)
    total = sum(len(reading) for reading in readings)
    planned: list[ReadTask] = []
    position = 0
    for reading, stretch in zip(readings, plan_stretches(index, readings), strict=True):
        spans = []
        for at, video in enumerate(reading):
            row_key = digest(media[0].name, media[0].identity, video.pts, rows)
            span = Span(row_key, key, position, total, media, len(video.pts), video)
            spans.append(replace(span, stretch=None if at else stretch))
            position += 1
        planned.append(tuple(spans))
    return planned


def plan_or_fail(
    group: tuple[Medium, ...], opened: list[Opened], settings: RowSettings, span_s: float
) -> tuple[list[Opened], list[ReadTask], list[Failure]]:
    """Does what `plan_group` does; whatever it raises for a medium makes that a failure."""
    try:
        return opened, plan_group(group, opened, settings, span_s), []
    except Exception as error:  # noqa: BLE001  (it does no more than count, with a medium's numbers)
        name = group[0].name
        reason = f"{name}: it cannot be planned ({type(error).__name__}: {error}): convert it"
        return [], [], [Failure(name, "probe", "MediaError", reason)]


def write_plan(
    output: Output, group: tuple[Medium, ...], opened: list[Opened], readings: list[ReadTask]
) -> None:
    """Writes the plan of a group: for the progress, and the identities for a later run."""
    listed = {medium.name: medium for medium in group}
    media = []
    for medium, _ in opened:
        found = listed[medium.name]
        media.append([medium.name, found.size, found.mtime_ns, medium.identity])
    spans = {span.key: span.frame_total for reading in readings for span in reading}
    plan: dict[str, Any] = {
        "media": media,
        "listed": len(group),
        "spans": spans,
        "readings": len(readings),
    }
    output.write_json(output.plan_path(group_key(group)), plan)
