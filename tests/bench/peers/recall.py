"""How many of the faces each detector finds, and how many that are none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.faces import Box
from fer_core.video.container import decode_frames, open_video
from fer_core.video.grey import grey_of
from tests.bench.generated import SCENARIOS, Score, Truth, make_clip, score_boxes
from tests.bench.peers.runs import Boxes, read_boxes, run_ferbeam, run_rival

FULL = "full scan"
HARD = ("tilted", "blurred")


@dataclass(frozen=True)
class Clip:
    """A clip whose faces are known.

    Attributes:
        path: the video; its name without the seed is the scenario's.
        truth: where the faces are.
    """

    path: Path
    truth: Truth

    @property
    def scenario(self) -> str:
        """Name of the scenario."""
        return self.path.stem.rpartition("-")[0]


def make_clips(
    folder: Path,
    scenarios: Mapping[str, Sequence[int]],
    seconds: float,
    faces: NDArray[np.uint8] | None,
) -> list[Clip]:
    """Generates a clip for each scenario and seed; the last seed has the user's faces, if given."""
    folder.mkdir(parents=True)
    clips = []
    for name, seeds in scenarios.items():
        for seed in seeds:
            path = folder / f"{name}-{seed}.mp4"
            own = faces if seed == seeds[-1] else None
            clips.append(Clip(path, make_clip(path, SCENARIOS[name], seed, seconds, own)))
    return clips


def find_faces(clips: list[Clip], folder: Path, step: int) -> dict[str, dict[str, Boxes]]:
    """Runs every detector on the clips; returns boxes by detector and clip."""
    source = clips[0].path.parent
    run_ferbeam(source, folder / "ferbeam", "--sample-fps", "all")
    found: dict[str, dict[str, Boxes]] = {"ferbeam": read_boxes(folder / "ferbeam")}
    found[FULL] = {clip.path.name: scan_whole(clip.path, step) for clip in clips}
    for rival in ("fer", "tutorial"):
        paths = [clip.path for clip in clips]
        found[rival] = dict(run_rival(rival, paths, folder, step).boxes)
    return found


def scan_whole(path: Path, step: int) -> Boxes:
    """Searches frames with the default cascade from 30 px, at 1.1 with 4 neighbours."""
    file = Path(cv2.__file__).parent / "data/haarcascade_frontalface_default.xml"
    cascade = cv2.CascadeClassifier(str(file))
    boxes: Boxes = {}
    with open_video(path) as video:
        for number, frame in enumerate(decode_frames(video)):
            if number % step == 0:
                hits = cascade.detectMultiScale(grey_of(frame), 1.1, 4, minSize=(30, 30))
                boxes[number] = [Box(*map(int, hit)) for hit in hits]
    return boxes


def score_clip(clip: Clip, boxes: Boxes, step: int) -> Score:
    """Compares the boxes of every `step`-th frame of a clip with the truth."""
    truth = clip.truth
    seen = Truth(truth.size, truth.rate, truth.faces[::step], truth.partial[::step])
    return score_boxes(seen, [boxes.get(at, []) for at in range(0, len(truth.faces), step)])


def score_all(
    clips: list[Clip], found: Mapping[str, Mapping[str, Boxes]], step: int
) -> dict[str, dict[str, Score]]:
    """Returns the score of each detector in each scenario, of all its seeds together."""
    scores: dict[str, dict[str, Score]] = {detector: {} for detector in found}
    for detector, boxes in found.items():
        for clip in clips:
            score = score_clip(clip, boxes.get(clip.path.name, {}), step)
            before = scores[detector].get(clip.scenario, Score())
            scores[detector][clip.scenario] = before + score
    return scores


def mean_recall(scores: Mapping[str, Score], names: Iterable[str] | None = None) -> float:
    """Returns the mean recall of the scenarios that show a face."""
    chosen = [score for name, score in scores.items() if names is None or name in set(names)]
    return float(np.mean([score.recall for score in chosen if score.faces]))


def mean_false(scores: Mapping[str, Score]) -> float:
    """Returns the mean of the scenarios' false faces per frame."""
    return float(np.mean([score.false_per_frame for score in scores.values()]))
