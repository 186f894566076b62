"""Spans: which frames of a video are sampled, and how they are cut into units of work."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction

from fer_core.video.grey import Orientation
from fer_core.video.index import VideoIndex

SEGMENT_S = 2
"""A segment starts at the first keyframe at least so many seconds after the one before."""

LONG_SEGMENT_S = 60
"""A segment longer than this is cut every `SAMPLES_PER_CUT` sampled frames."""

SAMPLES_PER_CUT = 600


@dataclass(frozen=True)
class VideoSpan:
    """Sampled frames of a run of whole segments: the unit of work, retry and resume.

    Attributes:
        start_pts: the keyframe to seek to; None to read from the file's start.
        start_dts: the dts of that keyframe.
        seekable: False to match the i-th decoded frame with `frame_index` i, not pts with pts.
        orientation: how stored frames become displayed ones.
        pts: of the sampled frames, rising, in the stream's time base.
        frame_index: of the sampled frames, from 0 in presentation order in the file.
        timestamp_ms: of the sampled frames: pts minus the container's start.
        segment_starts: positions in the three above where a segment starts and whatever remembers
            earlier frames must forget them; the first is always 0.
        shown_size: width and height that every frame is brought to, for sizes that change in
            mid-stream; None to leave them.
    """

    start_pts: int | None
    start_dts: int | None
    seekable: bool
    orientation: Orientation
    pts: tuple[int, ...]
    frame_index: tuple[int, ...]
    timestamp_ms: tuple[int, ...]
    segment_starts: tuple[int, ...]
    shown_size: tuple[int, int] | None = None

    def __len__(self) -> int:
        """Returns the number of sampled frames."""
        return len(self.pts)


Reading = tuple[VideoSpan, ...]
"""Spans that are read in one go, in order: one, or the parts of a long segment."""


@dataclass(frozen=True)
class _Segment:
    """Frames `first` up to but without `end`; `samples` are the sampled ones among them."""

    first: int
    end: int
    length_s: Fraction
    samples: tuple[int, ...]


def plan_spans(
    index: VideoIndex, sample_fps: Fraction | None, span_s: float | Fraction
) -> list[Reading]:
    """Plans the spans of a video: runs of whole segments, each run as near `span_s` as they allow.

    Segments, and so the rows, do not depend on `span_s`. Spans without a sampled frame are left
    out.

    Args:
        index: the packets of the video.
        sample_fps: samples per second, or None for every frame.
        span_s: wanted length of a span in seconds, more than 0.
    """
    samples = sample_frames(index, sample_fps)
    readings: list[Reading] = []
    run: list[_Segment] = []
    for segment in _cut_segments(index, samples):
        if run and not _belongs(run, segment, Fraction(span_s)):
            readings.append(_join(index, run))
            run = []
        run.append(segment)
    if run:
        readings.append(_join(index, run))
    return [reading for reading in readings if reading]


def sample_frames(index: VideoIndex, sample_fps: Fraction | None) -> list[int]:
    """Returns the `frame_index` of each sampled frame, rising.

    Sample k is the first frame at or after k / `sample_fps` seconds of the medium; a frame that is
    the first after several is taken once. The arithmetic is exact.
    """
    if sample_fps is None:
        return list(range(len(index.pts)))
    # floor((pts * time_base - start) * sample_fps) as whole numbers: one // per frame.
    scale = index.time_base * sample_fps
    offset = index.start * sample_fps
    denominator = scale.denominator * offset.denominator
    factor = scale.numerator * offset.denominator
    shift = offset.numerator * scale.denominator
    sampled = []
    reached = -1
    for position, pts in enumerate(index.pts.tolist()):
        k = (pts * factor - shift) // denominator
        if k > reached:
            sampled.append(position)
            reached = k
    return sampled


def _cut_segments(index: VideoIndex, samples: list[int]) -> list[_Segment]:
    starts = _segment_starts(index)
    count = len(index.pts)
    segments = []
    for first, end in zip(starts, [*starts[1:], count], strict=True):
        after = int(index.pts[end if end < count else count - 1])
        length_s = (after - int(index.pts[first])) * index.time_base
        inside = samples[bisect_left(samples, first) : bisect_left(samples, end)]
        segments.append(_Segment(first, end, length_s, tuple(inside)))
    return segments


def _segment_starts(index: VideoIndex) -> list[int]:
    """Returns the `frame_index` at which each segment starts; the first is 0."""
    pts = index.pts.tolist()
    starts = [0]
    for key in index.key_pts.tolist():
        if (key - pts[starts[-1]]) * index.time_base >= SEGMENT_S:
            starts.append(bisect_left(pts, key))
    return starts


def _belongs(run: list[_Segment], segment: _Segment, span_s: Fraction) -> bool:
    """Tells whether a run comes nearer to `span_s` with one segment more."""
    if segment.length_s > LONG_SEGMENT_S or run[0].length_s > LONG_SEGMENT_S:
        return False
    length = sum((part.length_s for part in run), Fraction(0))
    return abs(length + segment.length_s - span_s) <= abs(length - span_s)


def _join(index: VideoIndex, run: list[_Segment]) -> Reading:
    """Makes the span of a run; the parts of a long segment become spans of one reading."""
    samples = [sample for segment in run for sample in segment.samples]
    step = SAMPLES_PER_CUT if run[0].length_s > LONG_SEGMENT_S else max(1, len(samples))
    parts = [samples[at : at + step] for at in range(0, len(samples), step)]
    firsts = {segment.samples[0] for segment in run if segment.samples}
    return tuple(_span_of(index, run[0].first, part, firsts) for part in parts)


def _span_of(index: VideoIndex, first: int, samples: list[int], firsts: set[int]) -> VideoSpan:
    key = bisect_left(index.key_pts, index.pts[first]) if first else None
    origin = index.start * 1000
    pts = tuple(int(index.pts[sample]) for sample in samples)
    starts = [at for at, sample in enumerate(samples) if sample in firsts]
    return VideoSpan(
        start_pts=None if key is None else int(index.key_pts[key]),
        start_dts=None if key is None else int(index.key_dts[key]),
        seekable=index.seekable,
        orientation=index.orientation,
        pts=pts,
        frame_index=tuple(samples),
        # A few frames may lie before the start, such as those that an open group begins with.
        timestamp_ms=tuple(max(0, round(value * index.time_base * 1000 - origin)) for value in pts),
        segment_starts=tuple(sorted({0, *starts})),
        shown_size=index.look.shown_size,
    )
