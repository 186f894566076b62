"""Lays what people coded beside what a run found, in even steps of time, video by video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fer_core.agreement import (
    Figure,
    Interval,
    alpha_of,
    count_coincidences,
    count_pairs,
    estimate,
    f1_of,
    icc_of,
    kappa_of,
    match_events,
    merge_events,
    runs_of,
    sum_values,
)
from fer_core.emotions import NAMES
from fer_core.errors import UsageError
from ferbeam.agreement.codes import Code, Codes, name_video

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_MOMENTS = 60
MOST_STEPS = 5_000_000
"""Of a video: what one of 5 days has in steps of 100 ms."""
NEUTRAL = NAMES.index("neutral")
FIGURES = ("kappa", "alpha", "icc", "f1", "kappa_of_people")


@dataclass(frozen=True)
class How:
    """How time is compared.

    Attributes:
        step_ms: length of a step.
        tolerance_ms: by which events may miss each other.
    """

    step_ms: int = 100
    tolerance_ms: int = 500


@dataclass(frozen=True)
class Video:
    """A coded video in steps of time.

    Attributes:
        media: its name.
        seen: bool (steps,), whether the run sees the main person.
        scores: float64 (steps, 7), of the run.
        shown: int (steps,), the emotion of the run, -1 where it sees nobody.
        coded: float64 (coders, 7, steps), 0 or 1; NaN of a coder who did not code this video.
    """

    media: str
    seen: NDArray[np.bool_]
    scores: NDArray[np.float64]
    shown: NDArray[np.int64]
    coded: NDArray[np.float64]


@dataclass(frozen=True)
class Moment:
    """A stretch in which the run and the coders disagree.

    Attributes:
        media: the video.
        from_ms: begin.
        until_ms: end.
        people: what most coders say.
        run: what the run says.
        weight: by how much, in seconds: score of the run's answer less that of theirs, over time.
    """

    media: str
    from_ms: int
    until_ms: int
    people: str
    run: str
    weight: float


@dataclass
class Agreement:
    """What a comparison came to.

    Attributes:
        figures: of each emotion by name, then of all together as `all`.
        coders: their names; empty where no file tells one.
        media: the videos compared.
        coded_s: seconds of them in which something was compared.
        seen: share of the coded time in which the run sees the main person.
        moments: the worst disagreements, worst first.
        notes: what was left out, in words.
    """

    figures: dict[str, dict[str, Figure]]
    coders: list[str]
    media: list[str]
    coded_s: float
    seen: float
    moments: list[Moment]
    notes: list[str] = field(default_factory=list)

    def table(self) -> pa.Table:
        """Returns the figures, a row for each emotion."""
        columns: dict[str, list[object]] = {"emotion": list(self.figures)}
        for name in FIGURES:
            own = [row[name] for row in self.figures.values()]
            columns[name] = [one.value for one in own]
            columns[f"{name}_low"] = [one.low for one in own]
            columns[f"{name}_high"] = [one.high for one in own]
        return pa.table(columns)


def compare_codes(tables: DuckDBPyConnection, codes: Codes, how: How) -> Agreement:
    """Compares what people coded with the main person of each video.

    Time that is not coded shows none of the emotions; where nobody ever coded neutral, it is
    neutral. Time in which the run sees nobody is left out.

    Raises:
        UsageError: no coded video is in OUTPUT, or nobody is seen in any.
    """
    named, notes = _name_videos(tables, codes)
    coders = sorted({coder for own in named.values() for coder in own.coders})
    neutral_coded = any(code.emotion == "neutral" for code in codes.codes)
    videos = [
        _lay_out(tables, media, own, coders, how, neutral_coded)
        for media, own in sorted(named.items())
    ]
    if not any(video.seen.any() for video in videos):
        raise UsageError("codes: the run sees nobody in the coded videos")
    steps = sum(len(video.seen) for video in videos)
    seen = sum(int(video.seen.sum()) for video in videos)
    moments = [moment for video in videos for moment in find_moments(video, how.step_ms)]
    return Agreement(
        figures=_measure(videos, how),
        coders=coders,
        media=[video.media for video in videos],
        coded_s=steps * how.step_ms / 1000,
        seen=seen / max(steps, 1),
        moments=sorted(moments, key=lambda one: -one.weight)[:MOST_MOMENTS],
        notes=notes,
    )


@dataclass(frozen=True)
class _Coded:
    """What was coded in a video, and by whom: also by those who saw nothing in it."""

    codes: list[Code] = field(default_factory=list)
    coders: set[str] = field(default_factory=set)


def _name_videos(tables: DuckDBPyConnection, codes: Codes) -> tuple[dict[str, _Coded], list[str]]:
    """Sorts codes by the videos of OUTPUT; returns them, and what fits none in words."""
    rows = tables.execute("SELECT media FROM media WHERE kind = 'video'").fetchall()
    videos = [str(name) for (name,) in rows]
    meant = {
        coded: name_video(coded, videos) for coded in sorted({name for name, _ in codes.coded})
    }
    named = {name: _Coded() for name in meant.values() if name is not None}
    for medium, coder in codes.coded:
        if (name := meant[medium]) is not None:
            named[name].coders.add(coder)
    for code in codes.codes:
        if (name := meant[code.media]) is not None:
            named[name].codes.append(code)
    notes = [f"{coded}: is no video of this OUTPUT" for coded, name in meant.items() if not name]
    notes += [
        f"{word}: is none of the seven emotions; {count} left out"
        for word, count in sorted(codes.unknown.items())
    ]
    if not named:
        raise UsageError(f"codes: {notes[0]}")
    return named, notes


def _lay_out(
    tables: DuckDBPyConnection,
    media: str,
    own: _Coded,
    coders: Sequence[str],
    how: How,
    neutral_coded: bool,
) -> Video:
    (duration,) = tables.execute(
        "SELECT coalesce(max(timestamp_ms + shown_ms), 0) FROM samples WHERE media = ?", [media]
    ).fetchone()
    if duration > MOST_STEPS * how.step_ms:
        raise UsageError(f"step {how.step_ms} ms: cuts {media} into more than {MOST_STEPS:,} steps")
    times = np.arange(how.step_ms // 2, int(duration), how.step_ms)
    scores, shown = _read_main(tables, media, times)
    coded = np.zeros((len(coders), len(NAMES), len(times)))
    for code in own.codes:
        within = (times >= code.from_ms) & (times < max(code.until_ms, code.from_ms + how.step_ms))
        coded[coders.index(code.coder), NAMES.index(code.emotion), within] = 1
    if not neutral_coded:
        coded[:, NEUTRAL] = ~coded.any(axis=1)
    for at, coder in enumerate(coders):
        if coder not in own.coders:
            coded[at] = np.nan
    return Video(media, shown >= 0, scores, shown, coded)


def _read_main(
    tables: DuckDBPyConnection, media: str, times: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Returns the scores and the emotion of the main person at some times, -1 without one."""
    scores = ", ".join(f"p_{name}::DOUBLE" for name in NAMES)
    rows = tables.execute(
        f"""SELECT timestamp_ms, timestamp_ms + shown_ms, smoothed_emotion, {scores}
        FROM faces
            JOIN (SELECT media, person_id FROM people WHERE main) USING (media, person_id)
        WHERE media = ? ORDER BY 1""",
        [media],
    ).fetchall()
    found, shown = np.zeros((len(times), len(NAMES))), np.full(len(times), -1)
    if rows:
        begins, ends = (np.array([row[at] for row in rows], np.int64) for at in (0, 1))
        at = np.searchsorted(begins, times, "right") - 1
        there = (at >= 0) & (times < ends[at])
        found[there] = np.array([row[3:] for row in rows])[at[there]]
        shown[there] = np.array([NAMES.index(row[2]) for row in rows])[at[there]]
    return found, shown


def _measure(videos: Sequence[Video], how: How) -> dict[str, dict[str, Figure]]:
    """Returns the figures of each emotion, and of all seven together."""
    emotions = range(len(NAMES))
    sums = [[_sum_video(video, emotion, how) for emotion in emotions] for video in videos]
    figures = {name: _estimate([[row[at]] for row in sums]) for at, name in enumerate(NAMES)}
    return {**figures, "all": _estimate(sums)}


@dataclass(frozen=True)
class _Sums:
    """What adds up over videos, by figure."""

    pairs: NDArray[np.float64]
    coincidences: NDArray[np.float64]
    values: NDArray[np.float64]
    events: NDArray[np.float64]
    people: NDArray[np.float64]


def _estimate(sums: Sequence[Sequence[_Sums]]) -> dict[str, Figure]:
    """Returns the figures of the sums of videos, and emotions."""
    parts = (
        ("kappa", "pairs", kappa_of),
        ("alpha", "coincidences", alpha_of),
        ("icc", "values", icc_of),
        ("f1", "events", f1_of),
        ("kappa_of_people", "people", kappa_of),
    )
    return {
        name: estimate(np.array([[getattr(one, part) for one in row] for row in sums]), figure_of)
        for name, part, figure_of in parts
    }


def _sum_video(video: Video, emotion: int, how: How) -> _Sums:
    seen = video.seen
    ours = (video.shown[seen] == emotion).astype(np.float64)
    coded = video.coded[:, emotion][:, seen]
    present = [row for row in coded if len(row) == 0 or np.isfinite(row[0])]
    pairs, people, events = np.zeros(4), np.zeros(4), np.zeros(3)
    found = _events(video.shown == emotion, how)
    for at, row in enumerate(present):
        pairs += count_pairs(row, ours)
        events += match_events(_events(_whole(video, at, emotion), how), found, how.tolerance_ms)
        for other in present[at + 1 :]:
            people += count_pairs(row, other)
    mean = np.mean(present, axis=0) if present else np.zeros(len(ours))
    return _Sums(
        pairs,
        count_coincidences(np.vstack([ours, *present])),
        sum_values(mean, video.scores[seen, emotion]),
        events,
        people,
    )


def _whole(video: Video, at: int, emotion: int) -> NDArray[np.bool_]:
    """Returns what the coder said who is the one at a place among those who coded this video."""
    present = [coder for coder in video.coded if coder.size == 0 or np.isfinite(coder[0, 0])]
    said: NDArray[np.bool_] = (present[at][emotion] > 0) & video.seen
    return said


def _events(said: NDArray[np.bool_], how: How) -> list[Interval]:
    """Returns stretches as times; what a pause shorter than the tolerance parts is one event."""
    runs = [(begin * how.step_ms, end * how.step_ms) for begin, end in runs_of(said)]
    return merge_events(runs, how.tolerance_ms)


def find_moments(video: Video, step_ms: int) -> Iterator[Moment]:
    """Yields the stretches in which most coders say something else than the run."""
    with np.errstate(invalid="ignore"):
        votes = np.nansum(video.coded, axis=0)
    people = np.where(votes.max(axis=0) > 0, votes.argmax(axis=0), -1)
    differs = video.seen & (people >= 0) & (people != video.shown)
    for begin, end in _same_runs(differs, people, video.shown):
        ours, theirs = int(video.shown[begin]), int(people[begin])
        scores = video.scores[begin:end]
        gap = np.maximum(scores[:, ours] - scores[:, theirs], 0).sum() * step_ms / 1000
        yield Moment(
            *(video.media, begin * step_ms, end * step_ms),
            *(NAMES[theirs], NAMES[ours], float(gap)),
        )


def _same_runs(
    differs: NDArray[np.bool_], people: NDArray[np.int64], shown: NDArray[np.int64]
) -> Iterator[tuple[int, int]]:
    """Yields stretches that differ in one and the same way."""
    for begin, end in runs_of(differs):
        both = len(NAMES) * people[begin:end] + shown[begin:end]
        cuts = [0, *(np.flatnonzero(np.diff(both)) + 1).tolist(), end - begin]
        yield from ((begin + one, begin + other) for one, other in pairwise(cuts))
