"""Plans what is rendered of a medium, and by which key it is known."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import numpy as np

from fer_core.drawing.sheet import MAX_TILES
from fer_core.tracking.tracks import TrackScores
from ferbeam.analysis.elements import LinkedGroup, Moment, Span, SpanToRender
from ferbeam.output.copy_sums import is_copy
from ferbeam.output.folder import Output
from ferbeam.output.notes import Copies, read_copies, read_made
from ferbeam.output.tables import digest
from ferbeam.settings import RENDER_VERSION, RenderSettings

NEUTRAL = 4


def plan_rendering(
    output: Output,
    spans: list[Span],
    tracks: list[TrackScores],
    drawn: list[TrackScores],
    linked: LinkedGroup,
    settings: RenderSettings,
) -> tuple[LinkedGroup, list[SpanToRender]]:
    """Plans what is to be rendered of a group; nothing where its copies are there already.

    Args:
        output: where copies are kept.
        spans: of the group.
        tracks: of each medium, of which the contact sheet tells.
        drawn: these, and what else is drawn.
        linked: the group.
        settings: of the copies.
    """
    video = spans[0].media[0].info.kind == "video"
    if video:
        tasks = _plan_video(spans, find_moments(tracks[0]), drawn[0])
    else:
        tasks = _plan_pictures(spans[0], tracks, linked)
    keyed = [replace(task, key=_render_key(task, spans, settings)) for task in tasks]
    people = len(np.unique(tracks[0].person_id)) if video else 0
    copies_key = digest(spans[0].group, [task.key for task in keyed], people)
    copied = find_copies(output, spans[0].group, copies_key)
    group = replace(
        linked, render_total=len(keyed), people=people, copies_key=copies_key, copied=copied
    )
    if copied is not None:
        return group, []
    return group, [replace(task, copies_key=copies_key) for task in keyed]


def find_copies(output: Output, group: str, key: str) -> Copies | None:
    """Finds the copies of a key, in place or made by a run that was interrupted; None without."""
    placed = read_copies(output, group)
    if placed.key == key:
        there = all(output.exists(output.path(name)) for name in placed.sums)
        return placed if there and not placed.failed else None
    made = read_made(output, key)
    if made is None or made.failed:
        return None
    # A run that was killed while it put them in place has left some of them there.
    return made if all(_is_made(output, key, *each) for each in made.sums.items()) else None


def _is_made(output: Output, key: str, name: str, sha256: str) -> bool:
    if output.exists(output.made_path(key, name)):
        return True
    return is_copy(output, name, sha256)


def _plan_video(
    spans: list[Span], moments: list[Moment], tracks: TrackScores
) -> list[SpanToRender]:
    """Plans a span to render for every reading, with the tracks that are seen in it."""
    tasks: list[SpanToRender] = []
    for span in spans:
        if (stretch := span.stretch) is None:
            continue
        aside = tracks.cover_reach_ms
        first, end = stretch.first_ms, stretch.end_ms
        seen = tracks.between(first - aside, end + aside)
        inside = (moment for moment in moments if first <= moment.timestamp_ms < end)
        task = SpanToRender("", span.group, len(tasks), span.media, (seen,), tuple(inside), stretch)
        tasks.append(task)
    return tasks


def _plan_pictures(
    span: Span, tracks: list[TrackScores], linked: LinkedGroup
) -> list[SpanToRender]:
    """Plans the copies of the pictures that could be decoded as one span to render."""
    rows = zip(span.media, tracks, linked.media, strict=True)
    shown = [(medium, own) for medium, own, row in rows if not row["frames_lost"]]
    if not shown:
        return []
    media, own = zip(*shown, strict=True)
    return [SpanToRender("", span.group, 0, media, own)]


def digest_tracks(tracks: TrackScores) -> str:
    """Returns what stands for tracks: the same for the same faces at the same times."""
    columns = (tracks.timestamp_ms, tracks.track_id, tracks.boxes, tracks.scores, tracks.looked_ms)
    times = (tracks.gap_ms, tracks.interval_ms)
    return digest([sha256(column.tobytes()).hexdigest() for column in columns], times)


def find_moments(tracks: TrackScores) -> list[Moment]:
    """Finds the most expressive moment of each person: where the smoothed face is least neutral.

    Returns:
        The moments by time; of those who are seen the most where there are many.
    """
    order = np.lexsort((tracks.scores[:, NEUTRAL], tracks.person_id))
    people, first, counts = np.unique(
        tracks.person_id[order], return_index=True, return_counts=True
    )
    most = np.argsort(-counts, kind="stable")[:MAX_TILES]
    faces = order[first]
    moments = [
        Moment(int(tracks.timestamp_ms[at]), int(tracks.track_id[at]), int(person))
        for at, person in zip(faces[most], people[most], strict=True)
    ]
    return sorted(moments)


def _render_key(task: SpanToRender, spans: list[Span], settings: RenderSettings) -> str:
    rows = [span.key for span in spans] if task.stretch is None else [task.stretch, task.moments]
    media = [(medium.name, medium.identity) for medium in task.media]
    drawn = [digest_tracks(own) for own in task.tracks]
    return digest(RENDER_VERSION, settings.key_parts(), rows, media, drawn)
