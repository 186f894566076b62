"""`ferbeam report`: reads a finished run and writes its pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_core.emotions import NAMES
from ferbeam.output.analysis_folder import OUTPUT
from ferbeam.output.folder import Output
from ferbeam.output.lock import locked
from ferbeam.output.one_run import check_run
from ferbeam.output.ownership import claim_folder
from ferbeam.output.put_tables import finish_left
from ferbeam.output.report_mark import PAGES, REPORT
from ferbeam.output.run_file import Run, load_run
from ferbeam.output.sweeping import keep_notes, sweep_files
from ferbeam.query.clear import count_unclear
from ferbeam.query.study import Study
from ferbeam.query.tables import NO_STUDY, open_tables
from ferbeam.report.cohort import read_cohort
from ferbeam.report.front import tell_front
from ferbeam.report.gather import (
    Row,
    compute_once,
    read_failures,
    read_media,
    read_overview,
    read_shares_of_pictures,
    shares_of,
    weigh_shares,
)
from ferbeam.report.pages import Pages, Values
from ferbeam.report.people import BRIEF, People
from ferbeam.report.places import name_page
from ferbeam.report.portraits import find_portraits
from ferbeam.report.views import (
    Found,
    Page,
    list_video,
    read_videos,
    sheet_of,
    view_pictures,
    view_video,
)
from ferbeam.text import printable
from ferbeam.versions import NOT_INSTALLED, version_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_VIDEOS, MOST_PICTURES, MOST_PEOPLE = 50, 200, 400
"""What one page holds; with more, it lists pages of their own."""
PICTURES_A_PAGE = 120
MOST_FAILURES = 500


@dataclass(frozen=True)
class Written:
    """What a report consists of.

    Attributes:
        path: of the page to open.
        pages: how many there are.
        size: bytes of all.
        largest: bytes of the largest.
    """

    path: str
    pages: int
    size: int
    largest: int


def write_report(output: Output, lang: str, study: Study = NO_STUDY) -> Written:
    """Writes the report of a finished run.

    Args:
        output: where the run wrote to, and the report goes.
        lang: `en` or `fr`.
        study: what its views are asked with; the page says if not all faces count.

    Raises:
        UsageError: OUTPUT holds no finished run, or the viewers do not fit it.
        SettingsError: another command writes into OUTPUT.
        TryLaterError: another run was put in place meanwhile.
    """
    load_run(output)
    claim_folder(output, OUTPUT)
    finish_left(output)
    run = load_run(output)
    with open_tables(output, study) as tables, locked(output):
        check_run(output, run)
        version = version_of("ferbeam").replace(NOT_INSTALLED, "")
        left_out = count_unclear(tables) if study.only_clear else None
        builder = _Builder(tables, Pages(output, run, lang, _title_of(run), version, left_out))
        builder.build()
        older = (file for file in output.list_files(PAGES) if file not in builder.sizes)
        sweep_files(output, list(older))
        keep_notes(output)
    sizes = builder.sizes.values()
    return Written(output.path(REPORT), len(sizes), sum(sizes), max(sizes))


def _title_of(run: Run) -> str:
    source = run.setting("INPUT").rstrip("/")
    return printable(source.rpartition("/")[2] or source or "ferbeam")


class _Builder:
    """Writes the pages one after the other and remembers their sizes."""

    def __init__(self, tables: DuckDBPyConnection, pages: Pages) -> None:
        self.tables = tables
        self.pages = pages
        self.sizes: dict[str, int] = {}

    def build(self) -> None:
        """Writes all pages, the front page last: what it links to is there."""
        compute_once(self.tables)
        videos, pictures = (read_media(self.tables, kind) for kind in ("video", "image"))
        front = {**self._show_videos(videos), **self._show_pictures(pictures)}
        people = {"people": len(front["people"]), "people_seen": front.pop("people_seen")}
        overview = {**read_overview(self.tables), **people}
        cohort = read_cohort(self.tables) if overview["videos"] > 1 else None
        failures = read_failures(self.tables, MOST_FAILURES)
        data = {key: front.pop(key) for key in ("timelines", "media")}
        data["cohort"] = cohort.curves if cohort else None
        values = {
            **front,
            **tell_front(self.pages, overview, cohort),
            "overview": overview,
            "picture_shares": read_shares_of_pictures(self.tables),
            "failures": failures,
            "failures_left": overview["failures"] - len(failures),
        }
        self._write(REPORT, "report.html", data, values)

    def _write(self, path: str, template: str, data: Values, values: Values) -> None:
        self.sizes[path] = self.pages.write(path, template, data, values)

    def _show_videos(self, videos: Sequence[Row]) -> dict[str, Any]:
        """Writes a page for each video, if they are many; returns what the front page shows."""
        listed = len(videos) > MOST_VIDEOS
        places = [name_page(row["media"]) for row in videos]
        front = Page(self.pages, REPORT)
        views, timelines, media = [], {}, []
        people = People(self.tables)
        whole = np.zeros(len(NAMES))
        for number, (row, found) in enumerate(read_videos(self.tables, videos)):
            whole += weigh_shares(found[1])
            link = front.link(places[number]) if listed else f"#v{number}"
            sheet = None if listed else sheet_of(row)
            portraits = find_portraits(self.pages.output, sheet, front.link(sheet))
            people.add(row["media"], link, found[1], portraits)
            if listed:
                self._write_video(places, number, row, found, people)
                media.append(list_video(self.pages, link, row, found[1]))
                continue
            view, timelines[f"v{number}"] = view_video(
                front, f"v{number}", row, found, people.viewer_of(row["media"])
            )
            views.append(view)
        return {
            "listed": listed,
            "videos": views,
            "timelines": timelines,
            "media": media,
            "people": people.rows[:MOST_PEOPLE],
            "people_seen": people.seen,
            "told_viewers": people.told,
            "people_brief": sum(row.brief for row in people.rows[:MOST_PEOPLE]),
            "brief_share": BRIEF,
            "people_left": max(0, len(people.rows) - MOST_PEOPLE),
            "video_shares": shares_of(whole),
        }

    def _write_video(
        self, places: list[str], number: int, row: Row, found: Found, people: People
    ) -> None:
        """Writes the page of one video."""
        page = Page(self.pages, places[number])
        view, timeline = view_video(page, "v0", row, found, people.viewer_of(row["media"]))
        values = {"video": view, **_neighbours(page, places, number)}
        self._write(page.path, "video.html", {"timelines": {"v0": timeline}}, values)

    def _show_pictures(self, pictures: Sequence[Row]) -> dict[str, Any]:
        """Writes pages of pictures, if they are many; returns what the front page shows."""
        front = Page(self.pages, REPORT)
        if len(pictures) <= MOST_PICTURES:
            shown = list(view_pictures(front, self.tables, pictures))
            return {"pictures": shown, "picture_pages": []}
        starts = range(0, len(pictures), PICTURES_A_PAGE)
        places = [f"{PAGES}/pictures-{number + 1}.html" for number in range(len(starts))]
        listed = []
        for number, start in enumerate(starts):
            page = Page(self.pages, places[number])
            some = pictures[start : start + PICTURES_A_PAGE]
            ends = {"first": start + 1, "last": start + len(some)}
            shown = list(view_pictures(page, self.tables, some))
            around = _neighbours(page, places, number)
            self._write(page.path, "pictures.html", {}, {"pictures": shown, **ends, **around})
            listed.append({"link": front.link(page.path), **ends})
        return {"pictures": [], "picture_pages": listed}


def _neighbours(page: Page, places: list[str], number: int) -> dict[str, str | None]:
    """Returns the URLs of the pages before and after one."""
    before = places[number - 1] if number else None
    after = places[number + 1] if number + 1 < len(places) else None
    return {"before": page.link(before), "after": page.link(after)}
