"""`ferbeam export`: a table or view as a file, or the expressions as other programs annotate."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fer_core.errors import UsageError
from ferbeam.output.folder import Output
from ferbeam.query.annotations import ANNOTATIONS, OF_ONE_VIDEO, Annotated, read_annotated
from ferbeam.query.answers import FORMATS, write_answer
from ferbeam.query.main_person import warn_of_main
from ferbeam.query.study import Study
from ferbeam.query.tables import NO_STUDY, check_view, open_tables
from ferbeam.query.targets import refuse_own_files, whole_file
from ferbeam.query.viewers import no_video
from ferbeam.stores import is_uri

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FACES = "faces"
"""The table that is written where no view is named."""


@dataclass(frozen=True)
class Export:
    """What is to be written, and where to.

    Attributes:
        path: of the file or a URI; `*` in it stands for the name of each video.
        view: table or view; None for `faces`, or for what the ending says.
        media: the only videos, for expressions over time; all where none is named.
        lang: of the names of emotions there, `en` or `fr`.
        study: what the views are asked with.
    """

    path: str
    view: str | None = None
    media: Sequence[str] = ()
    lang: str = "en"
    study: Study = NO_STUDY

    @property
    def ending(self) -> str:
        """Of the file, in small letters."""
        return Path(self.path).suffix.lower()


def export_run(output: Output, export: Export) -> list[str]:
    """Writes a table or view of a finished run, or its expressions over time; returns the files.

    Raises:
        UsageError: the file would be of no known format, or lie among those of the run; or there
            is no such view or video.
    """
    _check_target(export)
    refuse_own_files(output, export.path)
    with open_tables(output, export.study) as tables:
        warn_of_main(tables, export.view or FACES)
        if export.ending in ANNOTATIONS:
            return _export_annotations(tables, output, export)
        form = export.ending.removeprefix(".")
        write_answer(tables, f"SELECT * FROM {export.view or FACES}", form, export.path)
        return [export.path]


def _check_target(export: Export) -> None:
    """Refuses a file whose ending is of no format, and what does not go with the ending.

    Raises:
        UsageError: with what would be right.
    """
    path, ending, view = export.path, export.ending, export.view
    if ending.removeprefix(".") not in FORMATS and ending not in ANNOTATIONS:
        known = [*(f".{form}" for form in FORMATS), *ANNOTATIONS]
        raise UsageError(f"{path}: ends in none of {', '.join(known)}")
    if ending in ANNOTATIONS and view is not None:
        raise UsageError(f"{path}: holds the view expressions; --view is for tables such as .csv")
    if ending not in ANNOTATIONS and export.media:
        raise UsageError(f"{path}: holds all media; --media is for {', '.join(ANNOTATIONS)}")
    if view is not None:
        check_view(view)


def _export_annotations(tables: DuckDBPyConnection, output: Output, export: Export) -> list[str]:
    videos = read_annotated(tables, export.media)
    missing = sorted({*export.media} - {video.media for video in videos})
    if missing:
        names = tables.execute("SELECT media FROM media WHERE kind = 'video'").fetchall()
        raise UsageError(no_video(missing[0], (str(name) for (name,) in names)))
    if not videos:
        raise UsageError("OUTPUT holds no video, whose expressions over time could be written")
    shared = list(_share_out(export.path, videos))
    for path, _ in shared:
        refuse_own_files(output, path)
    return [_write(*each, export.lang) for each in shared]


def _share_out(path: str, videos: list[Annotated]) -> Iterator[tuple[str, list[Annotated]]]:
    """Yields each file with the videos in it."""
    if "*" in path:
        for video in videos:
            if {"", ".", ".."} & set(video.media.split("/")):
                raise UsageError(f"{video.media}: would lie elsewhere; name it with --media")
            yield path.replace("*", video.media), [video]
    elif len(videos) > 1 and Path(path).suffix.lower() in OF_ONE_VIDEO:
        raise UsageError(
            f"{path}: holds one video, there are {len(videos)}; choose one with --media NAME, or "
            "write '*' where the name of each should stand, quoted"
        )
    else:
        yield path, videos


def _write(path: str, videos: Sequence[Annotated], lang: str) -> str:
    data = ANNOTATIONS[Path(path).suffix.lower()](videos, lang)
    if not is_uri(path):
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with whole_file(path) as attempt, open(attempt, "wb") as file:
        file.write(data)
    return path
