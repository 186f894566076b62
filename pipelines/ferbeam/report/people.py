"""The people of all videos, as the table of the front page shows them and its reader corrects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ferbeam.report.gather import SeenPerson, read_rows
from ferbeam.report.portraits import Portrait

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


BRIEF = 0.05
"""Who is seen for less than this share of a video is shown when the reader asks for it."""


@dataclass(frozen=True)
class PersonRow:
    """A person of a video.

    Attributes:
        media: the video.
        link: URL of its card or page.
        viewer: of the video, empty where it is the video itself.
        group: of the viewer, or empty.
        person_id: which person of the video, from 0.
        name: the one that was given, else empty.
        seen: what was seen of it, None of one who is excluded, or told of by another row.
        portrait: its picture, None without one.
        joined: whether the row of another person, who bears the same name, tells of it.
    """

    media: str
    link: str | None
    viewer: str
    group: str
    person_id: int
    name: str
    seen: SeenPerson | None
    portrait: Portrait | None
    joined: bool = False

    @property
    def left_out(self) -> bool:
        """Whether it is excluded."""
        return self.seen is None and not self.joined

    @property
    def brief(self) -> bool:
        """Whether it is somebody who just came by."""
        seen = self.seen
        return seen is not None and seen.coverage < BRIEF and not (seen.main or self.name)


class People:
    """Collects the people video by video.

    Args:
        tables: of the run.
    """

    def __init__(self, tables: DuckDBPyConnection) -> None:
        viewers = read_rows(tables, "SELECT media, viewer, viewer_group, offset_ms FROM viewers")
        self._viewers = {row["media"]: (row["viewer"], row["viewer_group"]) for row in viewers}
        self._shifted = any(row["offset_ms"] for row in viewers)
        self._excluded: dict[str, list[tuple[int, str]]] = {}
        for row in read_rows(tables, "FROM corrections WHERE excluded ORDER BY ALL"):
            self._excluded.setdefault(row["media"], []).append((row["person_id"], row["name"]))
        self._namesakes: dict[str, list[tuple[int, str]]] = {}
        for row in read_rows(tables, "FROM namesakes WHERE person_id <> same_as ORDER BY ALL"):
            self._namesakes.setdefault(row["media"], []).append((row["person_id"], row["name"]))
        self.rows: list[PersonRow] = []

    @property
    def seen(self) -> int:
        """Number of people, without those who are left out."""
        return sum(row.seen is not None for row in self.rows)

    @property
    def told(self) -> bool:
        """Whether it is told who watched in which video, or from when on."""
        return self._shifted or any(any(self.viewer_of(media)) for media in self._viewers)

    def viewer_of(self, media: str) -> tuple[str, str]:
        """Returns the viewer of a video and the group, empty where they are not told."""
        viewer, group = self._viewers.get(media, ("", ""))
        return "" if viewer == media else viewer, group

    def add(
        self,
        media: str,
        link: str | None,
        people: Sequence[SeenPerson],
        portraits: Mapping[int, Portrait],
    ) -> None:
        """Adds the people of a video, those of whom another row tells and the excluded last."""
        place = (media, link, *self.viewer_of(media))
        seen = [(one.person_id, one.name, one) for one in people]
        left_out = [(number, name, None) for number, name in self._excluded.get(media, ())]
        self.rows += [PersonRow(*place, *each, portraits.get(each[0])) for each in seen]
        for who, name in self._namesakes.get(media, ()):
            self.rows.append(PersonRow(*place, who, name, None, portraits.get(who), joined=True))
        self.rows += [PersonRow(*place, *each, portraits.get(each[0])) for each in left_out]
