"""What passes between the steps of the pipeline. Small and picklable: never a frame."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from fer_core.media import MediaInfo
from fer_core.records import Failure
from ferbeam.output.costs import Costs
from ferbeam.output.notes import Copies
from ferbeam.output.tables import TableFiles

if TYPE_CHECKING:  # the command, too, knows media and spans, and loads neither OpenCV nor PyAV
    from fer_core.detect_faces import Detections
    from fer_core.tracking.tracks import TrackScores
    from fer_core.video.spans import VideoSpan
    from fer_core.video.stretches import Stretch


@dataclass(frozen=True)
class Medium:
    """A picture or video that was listed and not yet opened.

    Attributes:
        name: path relative to INPUT with forward slashes: the column `media`.
        path: where to open it.
        kind: `image` or `video`, by its suffix; `other` where `list_entries` lists neither.
        size: bytes.
        mtime_ns: time of the last change, 0 where the store tells none.
    """

    name: str
    path: str
    kind: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class OpenMedium:
    """A medium that opened.

    Attributes:
        name: the column `media`.
        path: where to open it.
        identity: what stands for its bytes: their sha256, or what a store tells of them.
        info: what is known of it.
        frame_count: frames it shows.
        size: bytes, as it was listed.
        mtime_ns: time of the last change, as it was listed.
    """

    name: str
    path: str
    identity: str
    info: MediaInfo
    frame_count: int
    size: int
    mtime_ns: int

    @property
    def sha256(self) -> str | None:
        """The sha256 of its bytes, where that is its identity."""
        return None if ":" in self.identity else self.identity


@dataclass(frozen=True)
class Span:
    """The unit of work, retry and resume: part of one video, or up to 64 pictures of one folder.

    Attributes:
        key: the row key: names the committed span.
        group: the medium (or span of pictures) whose table files it goes into.
        index: position among the spans of the group, from 0.
        total: number of spans of the group.
        media: the one video, or the pictures.
        frame_total: frames to sample.
        video: what to read of the video; None for pictures, and in a reference to a committed span.
        stretch: all frames of the video from here to the next reading, where this is the first span
            of its reading; else None.
        costs: in a reference, what the span cost this run; None if an earlier run committed it.
    """

    key: str
    group: str
    index: int
    total: int
    media: tuple[OpenMedium, ...]
    frame_total: int
    video: VideoSpan | None = None
    stretch: Stretch | None = None
    costs: Costs | None = field(default=None, compare=False)

    def reference(self, costs: Costs | None = None) -> tuple[str, Span]:
        """Returns what crosses the shuffle once the span is committed, keyed by its group."""
        return self.group, replace(self, video=None, costs=costs)


ReadTask = tuple[Span, ...]
"""Spans read in one go: one, or several where a video has no keyframe to cut at."""


@dataclass
class DetectedSpan:
    """A span with its columns and crops on the way to the classifier, inside one stage."""

    span: Span
    found: Detections
    costs: Costs = field(default_factory=dict)


class Moment(NamedTuple):
    """What the contact sheet of a video shows: a person at a time.

    Attributes:
        timestamp_ms: when it is.
        track_id: of the face then.
        person_id: whose it is.
    """

    timestamp_ms: int
    track_id: int
    person_id: int


@dataclass(frozen=True)
class SpanToRender:
    """What is drawn and encoded in one go: a stretch of a video, or pictures.

    Attributes:
        key: the render key: names the rendered span.
        group: as of the span.
        index: position among those of the group, from 0.
        media: the one video, or the pictures.
        tracks: of each of the media, as far as they are seen here.
        moments: what the contact sheet shows of a video.
        stretch: the frames of the video; None for pictures.
        copies_key: of the group.
    """

    key: str
    group: str
    index: int
    media: tuple[OpenMedium, ...]
    tracks: tuple[TrackScores, ...]
    moments: tuple[Moment, ...] = ()
    stretch: Stretch | None = None
    copies_key: str = ""


@dataclass(frozen=True)
class RenderedSpan:
    """What became of a span that was to be rendered.

    Attributes:
        key: the render key.
        group: as of the span.
        index: position among those of the group, from 0.
        failures: what could not be rendered; its medium has no copy.
        costs: what it cost this run.
        sums: SHA-256 of the copies of pictures, by their paths below OUTPUT.
    """

    key: str
    group: str
    index: int
    failures: tuple[Failure, ...] = ()
    costs: Costs = field(default_factory=dict, compare=False)
    sums: dict[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class LinkedGroup:
    """A medium (or span of pictures) whose tracks are linked, and whose copies are to come.

    Attributes:
        files: the files of its tables `faces` and `frames`.
        media: rows of the table `media`, as yet without `annotated`.
        failures: rows of the table `failures`.
        opened: the media.
        render_total: number of spans to render.
        people: how many people a video shows.
        copies_key: what the copies follow from.
        copied: the copies of that key that are there, so that none is rendered; else None.
    """

    files: TableFiles
    media: list[dict[str, object]]
    failures: list[Failure]
    opened: tuple[OpenMedium, ...]
    render_total: int = 0
    people: int = 0
    copies_key: str = ""
    copied: Copies | None = None
