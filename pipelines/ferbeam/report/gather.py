"""Reads what the report shows, through the views that `ferbeam query` knows too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import NAMES
from fer_core.records import SCORE_COLUMNS
from ferbeam.query.measures import NEGATIVE, POSITIVE
from ferbeam.report.timelines import TimedScores

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row = dict[str, Any]

ONCE = {"people": "report_people", "tracks": "report_tracks"}
"""Views, and the tables that hold their answers."""
MOST_ROWS = 200_000
"""Faces read in one go, which bounds memory; a medium is never cut."""


@dataclass(frozen=True)
class Shares:
    """Shares from 0 to 1 of the seven emotions, in their order."""

    emotions: tuple[float, ...]

    @property
    def valence(self) -> dict[str, float]:
        """Shares of what is positive, neutral, negative; surprise apart."""
        named = dict(zip(NAMES, self.emotions, strict=True))
        return {
            "positive": sum(named[name] for name in POSITIVE),
            "neutral": named["neutral"],
            "negative": sum(named[name] for name in NEGATIVE),
            "surprise": named["surprise"],
        }


@dataclass(frozen=True)
class SeenPerson:
    """A person of a video.

    Attributes:
        person_id: which one, from 0.
        main: whether it is the one who is seen for longest.
        name: the one that was given, else empty.
        first_ms: when it is first seen.
        last_ms: when it is last seen.
        shown_ms: for how long it is shown.
        coverage: share of the video's time, from 0 to 1.
        shares: of the time in which it is shown.
    """

    person_id: int
    main: bool
    name: str
    first_ms: int
    last_ms: int
    shown_ms: int
    coverage: float
    shares: Shares


def weigh_shares(people: Sequence[SeenPerson]) -> NDArray[np.float64]:
    """Returns for how many milliseconds each emotion is shown, float64 (7,)."""
    weights = np.zeros(len(NAMES))
    for person in people:
        weights += person.shown_ms * np.asarray(person.shares.emotions)
    return weights


def shares_of(weights: NDArray[np.float64]) -> Shares | None:
    """Returns the shares of what was weighed, None where there is nothing."""
    whole = float(weights.sum())
    return Shares(tuple((weights / whole).tolist())) if whole else None


def read_rows(tables: DuckDBPyConnection, sql: str, *values: Any) -> list[Row]:
    """Runs a query and returns its rows by name of column; the values by place, or one by name."""
    named = len(values) == 1 and isinstance(values[0], dict)
    answer = tables.execute(sql, values[0] if named else list(values))
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def compute_once(tables: DuckDBPyConnection) -> None:
    """Keeps the answers of views that are asked once for every batch of videos."""
    for view, table in ONCE.items():
        tables.execute(f"CREATE TEMP TABLE {table} AS FROM {view}")


def read_overview(tables: DuckDBPyConnection) -> Row:
    """Counts what a run has read and found."""
    (counts,) = read_rows(
        tables,
        """SELECT count(*) AS media, count(*) FILTER (kind = 'video') AS videos,
        count(*) FILTER (kind = 'image') AS pictures,
        coalesce(sum(frames_sampled), 0)::BIGINT AS sampled,
        coalesce(sum(frames_with_faces), 0)::BIGINT AS with_faces,
        coalesce(sum(frames_lost), 0)::BIGINT AS lost,
        coalesce(sum(face_count), 0)::BIGINT AS faces,
        (SELECT count(*) FROM failures) AS failures FROM media""",
    )
    return counts


def read_media(tables: DuckDBPyConnection, kind: str) -> list[Row]:
    """Reads the media of a kind by name."""
    return read_rows(tables, "SELECT * FROM media WHERE kind = ? ORDER BY media", kind)


def read_failures(tables: DuckDBPyConnection, most: int) -> list[Row]:
    """Reads the first failures by name of the medium."""
    sql = f"SELECT * FROM failures ORDER BY media, timestamp_ms LIMIT {most}"
    return read_rows(tables, sql)


def read_shares_of_pictures(tables: DuckDBPyConnection) -> Shares | None:
    """Returns the shares of the emotions among the faces in pictures, None without any."""
    counts = read_rows(
        tables,
        """SELECT emotion, count(*) AS faces FROM faces
        WHERE media IN (SELECT media FROM media WHERE kind = 'image') GROUP BY emotion""",
    )
    faces = {row["emotion"]: row["faces"] for row in counts}
    return shares_of(np.array([faces.get(name, 0) for name in NAMES], np.float64))


def batch_media(media: Sequence[Row]) -> Iterator[list[Row]]:
    """Cuts media into batches of a bounded number of faces."""
    batch: list[Row] = []
    faces = 0
    for row in media:
        if batch and faces + row["face_count"] > MOST_ROWS:
            yield batch
            batch, faces = [], 0
        batch.append(row)
        faces += row["face_count"]
    if batch:
        yield batch


def read_timed_scores(tables: DuckDBPyConnection, batch: Sequence[Row]) -> dict[str, TimedScores]:
    """Reads the followed faces of videos that lie next to each other by name."""
    scores = ", ".join(SCORE_COLUMNS)
    columns = tables.execute(
        f"""SELECT media, person_id::BIGINT AS track, timestamp_ms AS ms, sample, {scores}
        FROM (SELECT * FROM kept_faces WHERE media >= $first AND media <= $last) JOIN (
            SELECT media, frame_index,
            row_number() OVER (PARTITION BY media ORDER BY frame_index) - 1 AS sample
            FROM frames WHERE media >= $first AND media <= $last
        ) USING (media, frame_index) WHERE person_id IS NOT NULL ORDER BY media, track, ms""",
        {"first": batch[0]["media"], "last": batch[-1]["media"]},
    ).fetchnumpy()
    names = columns["media"]
    every = np.stack([np.asarray(columns[name], np.float32) for name in SCORE_COLUMNS], axis=1)
    found = TimedScores(columns["track"], columns["ms"], columns["sample"], every)
    starts = [0, *(np.flatnonzero(names[1:] != names[:-1]) + 1)] if len(names) else []
    ends = [*starts[1:], len(names)]
    return {
        str(names[start]): found[slice(start, end)]
        for start, end in zip(starts, ends, strict=False)
    }


def read_seen_people(
    tables: DuckDBPyConnection, batch: Sequence[Row]
) -> dict[str, list[SeenPerson]]:
    """Reads the people of videos that lie next to each other by name."""
    shares = ", ".join(f"sum(shown_ms * {name}) / sum(shown_ms) AS {name}" for name in NAMES)
    rows = read_rows(
        tables,
        f"""WITH shared AS (
            SELECT media, person_id, {shares} FROM {ONCE["tracks"]}
            WHERE media >= $first AND media <= $last GROUP BY media, person_id
        ), whole AS (
            SELECT media, sum(shown_ms) AS whole_ms FROM samples
            WHERE media >= $first AND media <= $last GROUP BY media)
        SELECT people.*, shown_ms / whole_ms AS coverage, {", ".join(NAMES)}
        FROM {ONCE["people"]} AS people JOIN shared USING (media, person_id)
            JOIN whole USING (media)
        ORDER BY media, person_id""",
        {"first": batch[0]["media"], "last": batch[-1]["media"]},
    )
    return {
        name: [_seen_person(row) for row in people]
        for name, people in groupby(rows, itemgetter("media"))
    }


def _seen_person(row: Row) -> SeenPerson:
    facts = {each.name: row[each.name] for each in fields(SeenPerson) if each.name != "shares"}
    return SeenPerson(**facts, shares=Shares(tuple(row[emotion] for emotion in NAMES)))


def read_faces(tables: DuckDBPyConnection, batch: Sequence[Row]) -> dict[str, list[Row]]:
    """Reads the faces of pictures that lie next to each other by name, from left to right."""
    rows = read_rows(
        tables,
        """SELECT media, emotion, confidence FROM faces WHERE media >= ? AND media <= ?
        ORDER BY media, face_index""",
        *(batch[0]["media"], batch[-1]["media"]),
    )
    return {name: list(faces) for name, faces in groupby(rows, itemgetter("media"))}
