"""Puts together what the pages show of each medium."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_core.emotions import Emotion, emotion_named
from ferbeam.output.folder import copy_name, sheet_name
from ferbeam.report.charts import Areas, Tick, draw_areas, time_ticks
from ferbeam.report.figures import show_share, show_time
from ferbeam.report.gather import (
    Row,
    SeenPerson,
    batch_media,
    read_faces,
    read_seen_people,
    read_timed_scores,
    shares_of,
    weigh_shares,
)
from ferbeam.report.pages import STACKED, Pages
from ferbeam.report.places import link_to
from ferbeam.report.timelines import TimedScores, draw_timeline
from ferbeam.text import printable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_ROWS_SHOWN = 20
MOST_FACES_SHOWN = 6
MOST_INTERVALS = 6


@dataclass(frozen=True)
class VideoView:
    """A video as its template shows it.

    Attributes:
        key: names it in its page.
        name: the medium.
        viewer: who watched in it, and of which group; empty where that is not told.
        facts: in words: length, size, samples, people.
        duration_ms: length.
        width: of the copy, pixels.
        height: of the copy, pixels.
        copy: URL of the annotated copy, None without.
        sheet: URL of the contact sheet, None without.
        charted: the timelines of its people.
        ticks: of their axis.
        charts_left: how many have none.
        rows: people of the table.
        rows_left: how many it leaves out.
    """

    key: str
    name: str
    viewer: tuple[str, str]
    facts: list[str]
    duration_ms: int
    width: int
    height: int
    copy: str | None
    sheet: str | None
    charted: list[Areas]
    ticks: list[Tick]
    charts_left: int
    rows: list[SeenPerson]
    rows_left: int

    @property
    def names(self) -> dict[int, str]:
        """The names that were given, by person."""
        return {person.person_id: person.name for person in self.rows}


@dataclass(frozen=True)
class PictureView:
    """A picture as the gallery shows it.

    Attributes:
        name: the medium.
        copy: URL of the annotated copy, None without.
        width: pixels.
        height: pixels.
        faces: emotion and confidence of each, from left to right.
        faces_left: how many more there are.
    """

    name: str
    copy: str | None
    unread: bool
    width: int
    height: int
    faces: list[tuple[Emotion, float]]
    faces_left: int


@dataclass(frozen=True)
class Page:
    """Which page is being put together.

    Attributes:
        pages: the report it belongs to.
        path: of the page below OUTPUT.
    """

    pages: Pages
    path: str

    def link(self, path: str | None) -> str | None:
        """Returns the URL of a path below OUTPUT, as seen from the page."""
        return None if path is None else link_to(path, self.path)


Found = tuple[TimedScores, list[SeenPerson]]


def read_videos(tables: DuckDBPyConnection, videos: Sequence[Row]) -> Iterator[tuple[Row, Found]]:
    """Reads videos one after the other, with their followed faces and the summary of these."""
    none = np.zeros(0, np.int64)
    empty = TimedScores(none, none, none, np.zeros((0, 7), np.float32))
    for batch in batch_media(videos):
        sightings = read_timed_scores(tables, batch)
        seen = read_seen_people(tables, batch)
        for row in batch:
            yield row, (sightings.get(row["media"], empty), seen.get(row["media"], []))


def view_video(
    page: Page, key: str, row: Row, found: Found, viewer: tuple[str, str]
) -> tuple[VideoView, dict[str, Any]]:
    """Returns a video as its template shows it, and its timelines for the script."""
    sightings, seen = found
    timeline = draw_timeline(sightings, row["duration_ms"], row["frames_sampled"])
    charted = draw_areas(timeline, [emotion.index for emotion in STACKED])
    longest = sorted(seen, key=lambda person: (-person.shown_ms, person.person_id))[
        :MOST_ROWS_SHOWN
    ]
    view = VideoView(
        key=key,
        name=printable(row["media"]),
        viewer=viewer,
        facts=tell_facts(page.pages, row, len(seen)),
        duration_ms=row["duration_ms"],
        width=row["width"],
        height=row["height"],
        copy=page.link(_copy_of(row)),
        sheet=page.link(sheet_of(row) if seen else None),
        charted=charted,
        ticks=time_ticks(0, timeline["seconds"], MOST_INTERVALS),
        charts_left=len(seen) - len(charted),
        rows=sorted(longest, key=lambda person: person.person_id),
        rows_left=len(seen) - len(longest),
    )
    return view, timeline


def sheet_of(row: Row) -> str | None:
    """Returns where a video's contact sheet lies below OUTPUT, None where it has none there."""
    return sheet_name(row["media"]) if _copy_of(row) else None


def _copy_of(row: Row) -> str | None:
    """Returns where a medium's copy lies below OUTPUT, None where it has none there."""
    copy: str | None = row["annotated"]
    within = not {"", ".", ".."} & set(row["media"].split("/"))
    return copy if within and copy == copy_name(row["kind"], row["media"]) else None


def _shown_of(row: Row) -> str | None:
    """Returns what shows a picture's copy: itself, or the JPEG of one that browsers do not show."""
    return sheet_name(row["media"]) if _copy_of(row) and row["sheet_sha256"] else _copy_of(row)


def tell_facts(pages: Pages, row: Row, people: int, brief: bool = False) -> list[str]:
    """Returns the facts of a video in words."""
    sampled = row["frames_sampled"]
    with_face = show_share(row["frames_with_faces"] / sampled if sampled else 0)
    seen = "one_person" if people == 1 else "many_people"
    facts = [
        show_time(row["duration_ms"]),
        pages.say("face_in", share=with_face),
        pages.say(seen, count=pages.count(people)),
    ]
    if brief:
        return facts
    facts.insert(1, f"{row['width']}×{row['height']}")
    facts.insert(2, pages.say("frames_of", count=pages.count(sampled)))
    if row["frames_lost"]:
        facts.append(pages.say("lost", count=pages.count(row["frames_lost"])))
    return facts


def list_video(pages: Pages, link: str | None, row: Row, seen: Sequence[SeenPerson]) -> list[Any]:
    """Returns a video for the list on the front page, as plain values for its script.

    Returns:
        Name, URL, facts in words, length in ms, per cent of its samples with a face, and the
        shares of its emotions in per cent, None without a face.
    """
    sampled = row["frames_sampled"]
    with_face = round(100 * row["frames_with_faces"] / sampled, 1) if sampled else 0
    shares = shares_of(weigh_shares(seen))
    percent = [round(100 * share, 1) for share in shares.emotions] if shares else None
    facts = " · ".join(tell_facts(pages, row, len(seen), brief=True))
    return [printable(row["media"]), link, facts, row["duration_ms"], with_face, percent]


def view_pictures(
    page: Page, tables: DuckDBPyConnection, pictures: Sequence[Row]
) -> Iterator[PictureView]:
    """Returns pictures as the gallery shows them."""
    for batch in batch_media(pictures):
        found = read_faces(tables, batch)
        for row in batch:
            faces = found.get(row["media"], [])
            shown = faces[:MOST_FACES_SHOWN]
            yield PictureView(
                name=printable(row["media"]),
                copy=page.link(_shown_of(row)),
                unread=bool(row["frames_lost"]),
                width=row["width"],
                height=row["height"],
                faces=[(emotion_named(face["emotion"]), face["confidence"]) for face in shown],
                faces_left=len(faces) - len(shown),
            )
