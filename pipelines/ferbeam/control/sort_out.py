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
    """Says of every group of media whether it has to be done.

    Args:
        request: the run.
        listing: what INPUT holds.
        known: what the last run has noted of its media.
        redo: media to be done even if they are unchanged.
    """
    media: list[ListedMedium] = []
    for group in group_media(listing.media):
        key = group_key(group)
        todo = not all(_is_done(medium, key, known, redo) for medium in group)
        media.extend(_list(medium, key, todo, known) for medium in group)
    return Listed(media, listing.failures, known_for(request))


def _is_done(
    medium: Medium, group: str, known: Mapping[str, KnownMedium], redo: Collection[str]
) -> bool:
    note = known.get(medium.name)
    return (
        note is not None
        and note.settled
        and (note.size, note.mtime_ns, note.group) == (medium.size, medium.mtime_ns, group)
        and medium.name not in redo
    )


def _list(medium: Medium, group: str, todo: bool, known: Mapping[str, KnownMedium]) -> ListedMedium:
    note = known.get(medium.name)
    place = (NOWHERE, "") if note is None else (note.part, note.planned)
    path = os.fsencode(medium.path)
    own = (medium.name, path, medium.kind, medium.size, medium.mtime_ns)
    return ListedMedium(*own, group, todo, *place)


def find_lost_copies(output: Output, run: Run) -> Iterator[str]:
    """Yields the media of a finished run whose copies are not there any more."""
    there = set(output.list_files("annotated"))
    media = read_tables(output, run, "media", ["media", "annotated"])
    for name, copy in zip(*(column.to_pylist() for column in media.columns), strict=True):
        if copy is not None and copy not in there:
            yield name
