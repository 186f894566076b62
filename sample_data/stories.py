"""What the sample media show: who, where, when, with which emotion. The truth comes from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_core.emotions import NAMES
from sample_data.scenes import Colour, Looks

ROWAN = Looks(skin=(140, 172, 214), hair=(38, 52, 74), shirt=(120, 84, 52))
SASHA = Looks(skin=(120, 160, 205), hair=(30, 34, 40), shirt=(70, 120, 80))
ALEX = Looks(skin=(150, 180, 216), hair=(40, 62, 92), shirt=(70, 70, 150))
HELD_MS, FADE_MS = 700, 200
FACE_FREE = (2200, 3600)


@dataclass(frozen=True)
class Keyframe:
    """Where a face is at one time; it moves evenly from one keyframe to the next.

    Attributes:
        ms: time in milliseconds.
        x, y: middle of the face's square in pixels.
        side: of the face's square in pixels.
    """

    ms: int
    x: float
    y: float
    side: float


@dataclass(frozen=True)
class Mood:
    """An emotion that is fully shown from `from_ms` up to and including `to_ms`."""

    from_ms: int
    to_ms: int
    emotion: str


@dataclass(frozen=True)
class Face:
    """A face that is seen from its first to its last keyframe, and fades between its moods."""

    looks: Looks
    keyframes: tuple[Keyframe, ...]
    moods: tuple[Mood, ...]

    def keyframe_at(self, ms: float) -> Keyframe | None:
        """Returns where the face is at a time, or None while it is not seen."""
        times = [key.ms for key in self.keyframes]
        if not times[0] <= ms <= times[-1]:
            return None
        rows = np.array([(key.x, key.y, key.side) for key in self.keyframes])
        x, y, side = (float(np.interp(ms, times, rows[:, i])) for i in range(3))
        return Keyframe(round(ms), x, y, side)

    def shares_at(self, ms: float) -> dict[str, float]:
        """Returns how much of each emotion is shown at a time; the shares sum to 1."""
        times = [t for mood in self.moods for t in (mood.from_ms, mood.to_ms)]
        place = float(np.interp(ms, times, [i for i in range(len(self.moods)) for _ in "ab"]))
        first = min(int(place), len(self.moods) - 1)
        shares = {self.moods[first].emotion: 1 - (place - first)}
        if place > first:
            shares[self.moods[first + 1].emotion] = place - first
        return shares


@dataclass(frozen=True)
class Story:
    """One picture or video.

    Attributes:
        size: width and height in pixels, as seen.
        top, bottom: colours of the background.
        faces: everyone in it.
        times_ms: timestamps of the frames; a picture has the one frame at 0.
        turned: stored on its side, with the rotation that turns it back.
    """

    size: tuple[int, int]
    top: Colour
    bottom: Colour
    faces: tuple[Face, ...] = ()
    times_ms: tuple[int, ...] = (0,)
    turned: bool = False


def still(looks: Looks, x: float, y: float, side: float, emotion: str) -> Face:
    """Returns a face for a picture."""
    return Face(looks, (Keyframe(0, x, y, side),), (Mood(0, 0, emotion),))


def even_times(duration_ms: int) -> tuple[int, ...]:
    """Returns the timestamps of 25 frames per second."""
    return tuple(range(0, duration_ms, 40))


def uneven_times(duration_ms: int) -> tuple[int, ...]:
    """Returns the timestamps of a variable frame rate, as a phone records in changing light."""
    steps = np.resize([33, 33, 34, 50, 67, 50, 40, 33, 100, 40], duration_ms // 33)
    times = np.concatenate([[0], np.cumsum(steps)])
    return tuple(int(t) for t in times[times < duration_ms])


def moods_in_turn(emotions: tuple[str, ...]) -> tuple[Mood, ...]:
    """Returns moods of HELD_MS with fades of FADE_MS between them."""
    step = HELD_MS + FADE_MS
    return tuple(Mood(i * step, i * step + HELD_MS, name) for i, name in enumerate(emotions))


def moving(looks: Looks, path: tuple[Keyframe, ...], emotion: str) -> Face:
    """Returns a face that moves and keeps its emotion."""
    return Face(looks, path, (Mood(path[0].ms, path[-1].ms, emotion),))


def tell_pictures() -> dict[str, Story]:
    """Returns the pictures by their path below sample_data."""
    group = (
        still(ROWAN, 130, 165, 120, "happy"),
        still(SASHA, 320, 180, 130, "angry"),
        still(ALEX, 510, 165, 120, "surprise"),
    )
    return {
        "pictures/happy.jpg": Story(
            (640, 480), (200, 190, 170), (150, 150, 140), (still(ROWAN, 320, 200, 190, "happy"),)
        ),
        "pictures/group.png": Story((640, 360), (190, 200, 205), (130, 150, 160), group),
        "pictures/no_face.jpg": Story((640, 360), (215, 180, 130), (120, 150, 120)),
        "pictures/rotated.jpg": Story(
            (360, 480),
            (170, 180, 200),
            (130, 130, 150),
            (still(ALEX, 180, 190, 150, "sad"),),
            turned=True,
        ),
        "pictures/visage étonné.jpg": Story(
            (480, 360), (180, 190, 180), (150, 140, 130), (still(SASHA, 240, 150, 150, "surprise"),)
        ),
    }


def tell_videos() -> dict[str, Story]:
    """Returns the videos by their path below sample_data."""
    duration = len(NAMES) * (HELD_MS + FADE_MS) - FADE_MS
    order = ("neutral", "happy", "surprise", "fear", "sad", "angry", "disgust")
    path = (
        Keyframe(0, 290, 150, 140),
        Keyframe(3000, 350, 160, 160),
        Keyframe(duration, 300, 155, 145),
    )
    gone, back, end = *FACE_FREE, 6000
    pair = (
        moving(ROWAN, (Keyframe(0, 150, 160, 120), Keyframe(gone, 220, 150, 130)), "happy"),
        moving(SASHA, (Keyframe(0, 480, 150, 125), Keyframe(gone, 440, 165, 115)), "sad"),
        moving(ROWAN, (Keyframe(back, 180, 150, 125), Keyframe(end, 150, 165, 120)), "surprise"),
        moving(SASHA, (Keyframe(back, 450, 165, 120), Keyframe(end, 490, 150, 130)), "neutral"),
    )
    phone = Face(
        ALEX,
        (Keyframe(0, 170, 240, 145), Keyframe(1500, 190, 230, 160), Keyframe(3000, 175, 240, 150)),
        (Mood(0, 1200, "neutral"), Mood(1700, 3000, "happy")),
    )
    return {
        "videos/one_face.mp4": Story(
            (640, 360),
            (190, 180, 160),
            (140, 140, 130),
            (Face(ALEX, path, moods_in_turn(order)),),
            even_times(duration),
        ),
        "videos/two_faces.mp4": Story(
            (640, 360), (180, 195, 190), (130, 135, 150), pair, even_times(end)
        ),
        "videos/portrait.mp4": Story(
            (360, 640), (200, 185, 180), (150, 150, 160), (phone,), uneven_times(3000), turned=True
        ),
    }
