"""A study of the videos of a run: who watched, what was shown when, and which faces count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fer_core.errors import UsageError
from ferbeam.output.folder import Output
from ferbeam.query.corrections import CORRECTIONS, match_corrections
from ferbeam.query.markers import MARKERS, match_markers, tell_of_markers
from ferbeam.query.remembered import (
    CORRECTIONS_FILE,
    MARKERS_FILE,
    VIEWERS_FILE,
    find_sheet,
    remember,
)
from ferbeam.query.sheets import MOST_WHOLE, write_sheet
from ferbeam.query.viewers import (
    Videos,
    last_end,
    match_viewers,
    order_columns,
    tell_of_viewers,
)

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Study:
    """What the views are asked with.

    Attributes:
        viewers: CSV with the column media, and offset_ms, viewer, viewer_group, rest and any more:
            only these videos are in the views `viewer_seconds` and `cohort`, where their time
            counts from `offset_ms`; `rest` is a medium that shows the viewer at rest, for the view
            `calibrated`. None for what OUTPUT remembers, else all videos from their start.
        markers: CSV with the columns name, start_ms, end_ms and condition: stretches of the
            stimulus. None for those that OUTPUT remembers, if any.
        corrections: CSV with the columns media, person_id, name and excluded: people of videos who
            have a name, or whom the views leave out. None likewise.
        baseline_ms: stretch of every video, first and last millisecond, in which faces are at rest,
            for the view `calibrated`; None for the quietest samples of each followed face. Viewers
            with a `rest` have that.
        only_clear: whether the views leave out faces that are turned away or blurred.

    Raises:
        UsageError: the stretch is none.
    """

    viewers: Path | None = None
    markers: Path | None = None
    corrections: Path | None = None
    baseline_ms: tuple[int, int] | None = None
    only_clear: bool = False

    def __post_init__(self) -> None:
        first, last = self.baseline_ms or (0, 0)
        if not 0 <= first <= last <= MOST_WHOLE:
            raise UsageError(f"baseline {first} to {last} ms: is no stretch of a video")


@dataclass(frozen=True)
class Lists:
    """The rows of its lists, with plain values.

    Attributes:
        viewers: who watches; None without a list: then each video is a viewer.
        markers: what is shown when.
        corrections: who has a name, or is left out.
    """

    viewers: Rows | None
    markers: Rows
    corrections: Rows


def read_lists(output: Output, study: Study, videos: Callable[[], Videos]) -> Lists:
    """Reads the lists that are given, or else remembered by OUTPUT.

    Raises:
        UsageError: one cannot be read, or does not fit the videos.
    """
    sheet = find_sheet(output, MARKERS_FILE, study.markers)
    corrections = find_sheet(output, CORRECTIONS_FILE, study.corrections)
    viewers = read_viewers(output, study, videos)
    markers = [] if sheet is None else match_markers(sheet)
    if markers:
        tell_of_markers(markers, last_end(viewers, videos()))
    return Lists(
        viewers,
        markers,
        [] if corrections is None else match_corrections(corrections, videos()),
    )


def read_viewers(output: Output, study: Study, videos: Callable[[], Videos]) -> Rows | None:
    """Reads the viewers alone; warns of those that are left out."""
    sheet = find_sheet(output, VIEWERS_FILE, study.viewers)
    if sheet is None:
        return None
    rows = match_viewers(sheet, videos(), remembered=study.viewers is None)
    tell_of_viewers(rows, videos())
    return rows


def remember_lists(output: Output, study: Study, lists: Lists) -> None:
    """Lets OUTPUT remember the lists that were given."""
    if study.viewers is not None and lists.viewers is not None:
        columns = order_columns(lists.viewers)
        remember(output, VIEWERS_FILE, write_sheet(columns, lists.viewers))
    if study.markers is not None:
        remember(output, MARKERS_FILE, write_sheet(MARKERS.names, lists.markers))
    if study.corrections is not None:
        remember(output, CORRECTIONS_FILE, write_sheet(CORRECTIONS.names, lists.corrections))
