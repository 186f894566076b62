"""Chooses scenes, people and light of a clip."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tests.bench.generated.backdrops import draw_backdrop, moving_decoy
from tests.bench.generated.drawing import Actor, Picture
from tests.bench.generated.encounters import direct_encounter
from tests.bench.generated.motion import (
    RATE,
    Place,
    Values,
    choose_places,
    ease,
    make_path,
    wander,
)
from tests.bench.generated.people import (
    FaceSource,
    Sprite,
    cast_person,
    composite_source,
    picture_source,
)
from tests.bench.generated.scenarios import Scenario

SHARPEST = 1.4
"""A sprite that is larger than drawn by more is made smaller first, or else its edges flicker."""


@dataclass(frozen=True)
class Scene:
    """A backdrop and the actors in front of it, the furthest first."""

    backdrop: Picture
    actors: tuple[Actor, ...]


@dataclass(frozen=True)
class Stage:
    """All of a clip.

    Attributes:
        scenario: what it follows.
        scenes: what can be shown.
        shown: int64 (n,), number of the scene that each frame shows.
        gains: float64 (n,), brightness of each frame.
        noise_seed: of the sensor's noise.
    """

    scenario: Scenario
    scenes: tuple[Scene, ...]
    shown: NDArray[np.int64]
    gains: Values
    noise_seed: int

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return len(self.shown)

    def actors_at(self, index: int) -> tuple[Actor, ...]:
        """Returns the actors of a frame, the furthest first."""
        return self.scenes[int(self.shown[index])].actors

    def backdrops(self) -> Iterator[Picture]:
        """Yields the backdrop of each frame."""
        for number in self.shown:
            yield self.scenes[number].backdrop


def set_stage(scenario: Scenario, seed: int, frames: int, faces: NDArray[np.uint8] | None) -> Stage:
    """Chooses all of a clip.

    Args:
        scenario: what it shows.
        seed: what is left to chance follows from it and from the scenario's name.
        frames: how many.
        faces: uint8 (n, 48, 48), or None for composites.

    Raises:
        ValueError: none of the faces can be found by the cascade.
    """
    rng = np.random.default_rng([seed, zlib.crc32(scenario.name.encode())])
    source = composite_source() if faces is None else picture_source(faces)
    scenes: list[Scene] = []
    for _ in range(scenario.scenes):
        first = sum(actor.person is not None for scene in scenes for actor in scene.actors)
        scenes.append(_set_scene(scenario, rng, frames, source, first))
    shown = _cut(rng, len(scenes), frames)
    return Stage(scenario, tuple(scenes), shown, _choose_gains(scenario, rng, frames), seed)


def _set_scene(
    scenario: Scenario, rng: np.random.Generator, frames: int, source: FaceSource, first: int
) -> Scene:
    count = int(rng.integers(scenario.people[0], scenario.people[1] + 1))
    backdrop = draw_backdrop(scenario.backdrop, scenario.size, rng)
    actors = [_cast_decoy(scenario, rng, frames) for _ in range(scenario.decoys)]
    for number, place in enumerate(choose_places(rng, scenario, count)):
        sprite = cast_person(source, rng)
        actors.append(_direct(scenario, rng, frames, (sprite, place, first + number)))
    if scenario.encounter:
        paths = [actor.path for actor in actors]
        paths = direct_encounter(scenario.encounter, paths, scenario.size, rng)
        actors = [replace(actor, path=path) for actor, path in zip(actors, paths, strict=True)]
    return Scene(backdrop, tuple(actors))


def _cast_decoy(scenario: Scenario, rng: np.random.Generator, frames: int) -> Actor:
    width, height = scenario.size
    x, y, size = rng.uniform(0.1, 0.9) * width, rng.uniform(0.2, 0.8) * height, 0.2 * height
    place = Place(x, y, size * rng.uniform(0.7, 1.3))
    return _direct(scenario, rng, frames, (moving_decoy(rng), place, None))


def _direct(
    scenario: Scenario,
    rng: np.random.Generator,
    frames: int,
    role: tuple[Sprite, Place, int | None],
) -> Actor:
    """Tells a person where to be and how to look in every frame."""
    sprite, place, person = role
    path = make_path(rng, scenario, place, frames, scenario.motion.tilt)
    ratio = SHARPEST * float(path.width.max()) / sprite.width
    seconds = np.arange(frames) / RATE
    blur = scenario.blur * (0.5 + 0.5 * wander(rng, seconds, 4.0))
    side = np.zeros(frames)
    if scenario.light == "side":
        side = rng.choice([-1, 1]) * np.clip(0.85 + 0.15 * wander(rng, seconds, 6.0), 0, 1)
    return Actor(
        sprite.resized(ratio) if ratio < 1 else sprite,
        path,
        _choose_moods(rng, len(sprite.expressions), frames),
        np.maximum(blur, 0),
        side,
        person,
    )


def _choose_moods(rng: np.random.Generator, count: int, frames: int) -> NDArray[np.float64]:
    """Returns expressions that last for 1.5 to 5 s and fade into each other; see `Actor`."""
    moods = np.zeros((frames, 3))
    moods[:, :2] = now = int(rng.integers(count))
    at = 0
    while count > 1 and (at := at + int(RATE * rng.uniform(1.5, 5))) < frames:
        then = (now + int(rng.integers(1, count))) % count
        moods[at:] = now, then, 0
        moods[at:, 2] = ease(np.arange(frames - at) / (0.4 * RATE))
        now = then
    return moods


def _cut(rng: np.random.Generator, scenes: int, frames: int) -> NDArray[np.int64]:
    """Returns the number of the scene that each frame shows; a scene lasts 0.8 to 3.5 s."""
    shown = np.zeros(frames, np.int64)
    at, now = 0, 0
    while scenes > 1 and (at := at + int(RATE * rng.uniform(0.8, 3.5))) < frames:
        now = (now + int(rng.integers(1, scenes))) % scenes
        shown[at:] = now
    return shown


def _choose_gains(scenario: Scenario, rng: np.random.Generator, frames: int) -> Values:
    """Returns the brightness of each frame: mains and clouds, and lamps where light changes."""
    seconds = np.arange(frames) / RATE
    gains = 1 + 0.02 * wander(rng, seconds, 8.0) + rng.normal(0, 0.002, frames)
    if scenario.light == "dark":
        gains *= 0.28 + 0.1 * wander(rng, seconds, 10.0)
    lamp, at = np.ones(frames), 0.0
    while scenario.light == "changing" and (at := at + rng.uniform(1, 4)) < seconds[-1]:
        lamp += ease((seconds - at) / 0.15) * (rng.uniform(0.7, 1.2) - lamp)
    return np.clip(gains * lamp, 0.1, 1.3)
