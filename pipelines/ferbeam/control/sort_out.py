"""Which of the listed media have to be done, for all others are as the last run found them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping

from fer_core.records import SPAN_VERSION
from ferbeam.analysis.elements import Medium
from ferbeam.analysis.list_media import Listing, group_key, group_media
from ferbeam.control.request import AnalysisRequest
from ferbeam.output.folder import Output
from ferbeam.output.known_media import KnownMedium
from ferbeam.output.listed_media import Listed, ListedMedium
from ferbeam.output.read_tables import read_tables
from ferbeam.output.run_file import Run
from ferbeam.output.table_parts import NOWHERE
from ferbeam.output.tables import digest
from ferbeam.settings import RENDER_VERSION
from ferbeam.versions import version_of


def known_for(request: AnalysisRequest) -> str:
    """Returns what decides, beside the media and the settings of the rows, what comes out."""
    render = request.settings.render
    looks = None if render is None else render.key_parts()
    versions = RENDER_VERSION, SPAN_VERSION, version_of("ferbeam")
    return digest(looks, request.settings.people, versions)


def sort_out(
    request: AnalysisRequest,
    listing: Listing,
    known: Mapping[str, KnownMedium],
    redo: Collection[str],
) -> Listed:
    """Says of all media whether they have to be done, and groups those that have.

    Args:
        request: the run.
        listing: what INPUT holds.
        known: what the last run has noted of its media.
        redo: media to be done even if they are unchanged.
    """
    same = {
        medium.name: note
        for medium in listing.media
        if (note := known.get(medium.name)) is not None
        and (note.size, note.mtime_ns) == (medium.size, medium.mtime_ns)
    }
    done = {name for name, note in same.items() if note.settled and name not in redo}
    todo = [medium for medium in listing.media if medium.name not in done]
    groups = {m.name: group_key(group) for group in _group(todo, same) for m in group}
    media = [_list(m, groups.get(m.name), known.get(m.name)) for m in listing.media]
    return Listed(media, listing.failures, known_for(request))


def _group(todo: list[Medium], same: Mapping[str, KnownMedium]) -> Iterator[tuple[Medium, ...]]:
    """Groups media: the unchanged with whom they were planned, for of those there are spans."""
    planned: dict[str, list[Medium]] = {}
    fresh: list[Medium] = []
    for medium in todo:
        key = same[medium.name].planned if medium.name in same else ""
        (planned.setdefault(key, []) if key else fresh).append(medium)
    yield from map(tuple, planned.values())
    yield from group_media(fresh)


def _list(medium: Medium, group: str | None, note: KnownMedium | None) -> ListedMedium:
    place = (NOWHERE, "") if note is None else (note.part, note.planned)
    path = os.fsencode(medium.path)
    own = (medium.name, path, medium.kind, medium.size, medium.mtime_ns)
    return ListedMedium(*own, group or "", group is not None, *place)


def forget_left(output: Output, known: Mapping[str, KnownMedium], listed: Listed) -> None:
    """Forgets which copies are in place of a group that a medium leaves, as it changes or goes.

    Else they would be taken for those of the same media, should these come together again.
    """
    stay = {medium.media for medium in listed.media if not medium.todo}
    left = {note.planned for name, note in known.items() if name not in stay}
    left -= {medium.group for medium in listed.media}
    there = {*output.list_names(".spans", "copies")} if left else set()
    output.remove(*(output.copies_path(group) for group in left if f"{group}.json" in there))


def find_lost_copies(output: Output, run: Run) -> Iterator[str]:
    """Yields the media of a finished run whose copies are not there any more."""
    there = set(output.list_files("annotated"))
    media = read_tables(output, run, "media", ["media", "annotated"])
    for name, copy in zip(*(column.to_pylist() for column in media.columns), strict=True):
        if copy is not None and copy not in there:
            yield name
