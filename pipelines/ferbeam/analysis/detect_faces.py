"""Finds the faces of what is read in one go: here, or apart where that has ended a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from fer_core.detect_faces import Detections, SampledFrame, detect_faces
from fer_core.detection.detector import Detector, load_detector
from fer_core.detection.detector_settings import DetectorSettings
from fer_core.records import DECODE_ERROR
from ferbeam.analysis.blame import blame, refuse_machine
from ferbeam.analysis.elements import DetectedSpan, ReadTask
from ferbeam.analysis.read_frames import TimedFrames, read_ahead, read_frames
from ferbeam.guard.apart import STALL_SECONDS, CrashError, RaisedError, run_apart
from ferbeam.guard.watchdog import guarded
from ferbeam.output.costs import SECONDS, Costs, timed
from ferbeam.output.start_marks import StartMarks


@dataclass
class Detectors:
    """The detectors for videos and for pictures, each loaded when it is first needed.

    Attributes:
        settings: of the detector.
        model: model file of the detector, None for one without.
    """

    settings: DetectorSettings
    model: str | None
    _loaded: dict[bool, Detector] = field(default_factory=dict)

    def load(self, pictures: bool) -> Detector:
        """Returns the detector for pictures, or for videos."""
        if pictures not in self._loaded:
            self._loaded[pictures] = load_detector(self.settings, self.model, pictures)
        return self._loaded[pictures]

    def forget(self) -> None:
        """Lets go of what is loaded, which may have kept something of a frame that raised."""
        self._loaded.clear()

    def __reduce__(self) -> tuple[Any, ...]:
        """Leaves out what is loaded: a cascade cannot be pickled."""
        return Detectors, (self.settings, self.model)


def detect_reading(
    todo: ReadTask, max_pixels: int, detectors: Detectors, lost: dict[str, str]
) -> Iterator[DetectedSpan]:
    """Finds the faces of one span after the other.

    Args:
        todo: spans that are read in one go.
        max_pixels: larger pictures and frames are refused.
        detectors: by what they look at.
        lost: media that are not to be read any more, and why.
    """
    detector = detectors.load(todo[0].video is None)
    frames = TimedFrames(read_frames(todo, max_pixels, lost))
    for span in todo:
        costs: Costs = {}
        with timed(costs, "detect") as counts:
            own: Iterator[SampledFrame] = islice(frames, span.frame_total)
            found = detect_faces(own if span.video is None else read_ahead(own), detector)
            counts.update(_counts_of(detector), frames=_searched(found))
        for stage, spent in frames.take_costs().items():
            costs["detect"][SECONDS] -= spent[SECONDS]  # it read them one by one
            costs[stage] = spent
        yield DetectedSpan(span, found, costs)


def detect_guarded(
    todo: ReadTask, max_pixels: int, detectors: Detectors, marks: StartMarks
) -> Iterator[DetectedSpan]:
    """Does what `detect_reading` does, and outlives a decoder that crashes or hangs.

    What was begun before, and did not come to its end, is read apart.
    """
    name = todo[0].media[0].name
    if marks.begin(todo[0].key, name):
        yield from _detect_apart(todo, max_pixels, detectors)
        return
    found, done = detect_reading(todo, max_pixels, detectors, {}), 0
    try:
        with guarded(f"reading {name}", STALL_SECONDS):
            for detected in found:
                done += 1
                yield detected
                if done < len(todo):
                    marks.begin(todo[done].key, name)
    except Exception as error:  # noqa: BLE001  (the second time, `blame` says whose fault it is)
        refuse_machine(name, error)
        detectors.forget()
        yield from _detect_apart(todo[done:], max_pixels, detectors)


def _detect_apart(todo: ReadTask, max_pixels: int, detectors: Detectors) -> Iterator[DetectedSpan]:
    """Detects in a process of its own; what ends it, or raises, counts as not decoded.

    Of pictures that is the one it was reading, of a video all that was still to be read.
    """
    lost: dict[str, str] = {}
    while todo:
        try:
            for detected in run_apart(detect_reading, todo, max_pixels, detectors, lost):
                yield detected
                todo = todo[1:]
        except (CrashError, RaisedError) as ended:
            pictures = todo[0].video is None
            medium = todo[0].media[ended.at if pictures else 0]
            if medium.name in lost:
                raise
            why = str(ended)
            if isinstance(ended, RaisedError):
                why = blame(medium.name, medium.path, ended.error)
            lost[medium.name] = f"{medium.name}: {why}"


def _searched(found: Detections) -> int:
    """Counts the frames that could be decoded, and so were searched for faces."""
    return sum(row["status"] != DECODE_ERROR for row in found.frames)


def _counts_of(detector: Detector) -> dict[str, int]:
    """What a detector has counted since it was asked last; many do not have `take_counts`."""
    take: Callable[[], dict[str, int]] = getattr(detector, "take_counts", dict)
    return take()
