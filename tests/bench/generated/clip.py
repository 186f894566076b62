"""Writes generated clips, and tells where the faces in them are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tests.bench.generated.drawing import Actor, Picture, draw_actor
from tests.bench.generated.motion import RATE
from tests.bench.generated.overlap import shown_share
from tests.bench.generated.scenarios import SCENARIOS, Scenario
from tests.bench.generated.staging import Stage, set_stage
from tests.bench.generated.truth import TrueFace, Truth

LEAST_SHOWN = 0.6
"""Share of a face that is seen from which it is to be found."""
LEAST_PART = 0.05
"""Share from which a box around it is not wrong."""


def make_clip(
    path: Path,
    scenario: Scenario,
    seed: int,
    seconds: float,
    faces: NDArray[np.uint8] | None = None,
) -> Truth:
    """Writes a clip, H.264 at 25 frames per second.

    Args:
        path: the MP4 to write.
        scenario: what it shows.
        seed: all that is left to chance follows from it and from the scenario's name.
        seconds: length.
        faces: uint8 (n, 48, 48), whose faces people have, as `read_data(DATA, part).crops`; None:
            the composites of the samples.

    Returns:
        Where the faces are.

    Raises:
        ValueError: none of the faces given can be found by the cascade.
    """
    stage = set_stage(scenario, seed, round(seconds * RATE), faces)
    _write_video(path, _draw_frames(stage, stage.backdrops()), scenario.size)
    return _tell_truth(stage)


def paste_clip(
    path: Path, source: Path, seed: int, seconds: float, faces: NDArray[np.uint8]
) -> Truth:
    """Writes the beginning of a user's video with calm faces in front of it.

    Args:
        path: the MP4 to write.
        source: the video; its own faces are not known and not in the truth.
        seed: who is seen and where follows from it.
        seconds: most that is taken of it.
        faces: uint8 (n, 48, 48), the faces.

    Returns:
        Where the faces are.

    Raises:
        ValueError: the video holds no frame, or none of the faces can be found by the cascade.
    """
    size, count = _measure_video(source, round(seconds * RATE))
    if not count:
        raise ValueError(f"{source.name}: no frame can be read")
    scenario = replace(SCENARIOS["calm_3"], name="pasted", size=size, light="even", noise=0.0)
    stage = set_stage(scenario, seed, count, faces)
    _write_video(path, _draw_frames(stage, _read_pictures(source, size)), size)
    return _tell_truth(stage)


def _measure_video(source: Path, most: int) -> tuple[tuple[int, int], int]:
    """Returns the width and height of a video, made even, and how many frames are to be used."""
    with av.open(str(source)) as container:
        size, count = (0, 0), 0
        for frame in container.decode(video=0):
            size, count = (
                size if count else (frame.width // 2 * 2, frame.height // 2 * 2),
                count + 1,
            )
            if count == most:
                break
    return size, count


def _read_pictures(source: Path, size: tuple[int, int]) -> Iterator[Picture]:
    with av.open(str(source)) as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(width=size[0], height=size[1], format="bgr24"))


def _draw_frames(stage: Stage, backdrops: Iterable[Picture]) -> Iterator[NDArray[np.uint8]]:
    """Yields every frame as a picture in yuv420p, uint8 (height * 3 / 2, width)."""
    width, height = stage.scenario.size
    rng = np.random.default_rng(stage.noise_seed)
    grain = rng.normal(0, stage.scenario.noise, (height + 64, width + 64))
    noise = np.clip(np.rint(grain), -127, 127).astype(np.int8)
    for index, backdrop in zip(range(stage.frames), backdrops, strict=False):
        picture = backdrop.copy()
        for actor in stage.actors_at(index):
            draw_actor(picture, actor, index)
        levels = np.clip(np.arange(256) * stage.gains[index], 0, 255).astype(np.uint8)
        yuv = np.asarray(cv2.cvtColor(cv2.LUT(picture, levels), cv2.COLOR_BGR2YUV_I420), np.uint8)
        top, left = rng.integers(0, 64, 2)
        part = noise[top : top + height, left : left + width]
        yuv[:height] = cv2.add(yuv[:height], part, dtype=cv2.CV_8U)
        yield yuv


def _write_video(path: Path, frames: Iterable[NDArray[np.uint8]], size: tuple[int, int]) -> None:
    with av.open(str(path), "w") as output:
        # The number of threads is part of what the bytes follow from.
        options = {"preset": "veryfast", "g": "250", "threads": "2"}
        stream = output.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for yuv in frames:
            output.mux(stream.encode(av.VideoFrame.from_ndarray(yuv, "yuv420p")))
        output.mux(stream.encode(None))


def _tell_truth(stage: Stage) -> Truth:
    whole, partial = [], []
    for index in range(stage.frames):
        shares = _shown_faces(stage.actors_at(index), index, stage.scenario.size)
        whole.append(tuple(face for face, share in shares if share >= LEAST_SHOWN))
        partial.append(tuple(face for face, share in shares if LEAST_PART <= share < LEAST_SHOWN))
    return Truth(stage.scenario.size, RATE, tuple(whole), tuple(partial))


def _shown_faces(
    actors: Iterable[Actor], index: int, size: tuple[int, int]
) -> list[tuple[TrueFace, float]]:
    """Returns the faces of a frame and how much of each is seen.

    Args:
        actors: in the order in which they are drawn, so each is covered by those after it.
        index: of the frame.
        size: width and height of the frame.
    """
    faces: list[tuple[TrueFace, float]] = []
    covers: list[TrueFace] = []
    for actor in reversed([actor for actor in actors if actor.path.present[index]]):
        face = _face_at(actor, index)
        if actor.person is not None:
            faces.append((face, shown_share(face, size, covers)))
        head, body = 1.15 * face.width, 1.5 * face.width
        x, y = face.x + face.width / 2, face.y + face.height / 2
        covers.append(TrueFace(x - head / 2, y - 0.65 * head, head, 1.3 * head, 0, 0))
        if actor.person is not None:
            covers.append(TrueFace(x - body / 2, y + 0.6 * face.height, body, size[1], 0, 0))
    return faces[::-1]


def _face_at(actor: Actor, index: int) -> TrueFace:
    path = actor.path
    width = float(path.width[index])
    left, top = float(path.x[index]) - width / 2, float(path.y[index]) - width / 2
    person = -1 if actor.person is None else actor.person
    return TrueFace(left, top, width, width, float(path.tilt[index]), person)
