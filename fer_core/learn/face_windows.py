"""Windows with and without a face, drawn anew for each epoch from marked pictures."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE
from fer_core.detection.face_check import OUTPUTS
from fer_core.detection.place import Place, cut_window
from fer_core.learn.face_decoys import draw_emoji
from fer_core.learn.face_pictures import MarkedFace, MarkedPicture

MASKS = 2
"""After the outputs a target tells whether box and points are known: 0 or 1 each."""

SHIFT, GROWTH = 0.28, math.log(1.55)
"""How far from a face's middle, in its sides, and from its size a window still shows that face."""
OFF_SHIFT, OFF_GROWTH = 0.5, math.log(2.0)
"""From where on it does not. What lies between teaches nothing."""
IGNORED_SHIFT = 1.0
"""So far windows stay off what is neither face nor background."""
TURNED, PROFILE = 0.1, 0.22
"""A nose so far from the middle of the eyes is of a turned head, eyes so near to each other of one
seen from the side; both in sides of the face."""
FACE_TIMES, TURNED_TIMES, PROFILE_TIMES = 2, 4, 12
"""Windows of each face in an epoch: few pictures show heads from the side."""
EMOJI_PART = 0.03
"""Of the windows of background: those that show an emoji before it."""
LEAST_SIDE = 12.0
"""Smaller faces of the pictures, in pixels, teach nothing."""
CUT_PART, CUT_AROUND = 0.2, 0.3
"""Of all windows: those cut by the frame's edge, and of these the ones cut on all four sides, as a
picture of nothing but the face."""
CUT_AT, CUT_AROUND_AT = (6, 22), (14, 22)
"""How far from the middle, in pixels of the window."""
BACKGROUND_TIMES = 2
"""Windows of background for each picture; of those without a face six times as many."""

PARTS = {
    "eyes": ((0.0, -0.17), (0.3, 0.5)),
    "left_eye": ((-0.2, -0.15), (0.2, 0.42)),
    "right_eye": ((0.2, -0.15), (0.2, 0.42)),
    "nose": ((0.0, 0.05), (0.2, 0.42)),
    "mouth": ((0.0, 0.28), (0.25, 0.5)),
    "chin": ((0.0, 0.5), (0.3, 0.9)),
    "cheek": ((0.45, 0.2), (0.25, 0.7)),
    "forehead": ((0.0, -0.5), (0.3, 0.9)),
    "neck": ((0.0, 0.9), (0.5, 1.4)),
    "hair": ((0.0, -0.75), (0.5, 1.4)),
    "beside": ((0.7, 0.0), (0.5, 1.4)),
    "bust": ((0.0, 0.6), (2.1, 3.2)),
}
"""What a finder takes for a face: where, from its middle, and how large, in sides of the face."""


class Windows(NamedTuple):
    """Windows uint8 (n, 48, 48), and float32 (n, 16) what the check should say (see MASKS)."""

    crops: NDArray[np.uint8]
    targets: NDArray[np.float32]


class Proposal(NamedTuple):
    """A place in a picture, by its number, that a finder took for a face."""

    picture: int
    place: Place


def face_shown(place: Place, faces: tuple[MarkedFace, ...]) -> MarkedFace | bool | None:
    """Returns the face that a window around a place shows; None for background, False for neither.

    Args:
        place: where the window is.
        faces: all of the picture.
    """
    shown: MarkedFace | bool | None = None
    for face in faces:
        apart = max(abs(face.place.x - place.x), abs(face.place.y - place.y))
        growth = abs(math.log(place.side / face.place.side))
        if not face.counts:
            if apart < IGNORED_SHIFT * max(face.place.side, place.side):
                return False
        elif apart <= SHIFT * face.place.side and growth <= GROWTH:
            return face
        elif apart < OFF_SHIFT * max(face.place.side, place.side) and growth < OFF_GROWTH:
            shown = False
    return shown


def propose_near(face: MarkedFace, rng: np.random.Generator) -> Place:
    """Returns a place near a face, as a finder or a frame before would give it."""
    true = face.place
    shift = np.clip(rng.normal(0, 0.12, 2), -SHIFT, SHIFT) * true.side
    growth = float(np.clip(rng.normal(0, 0.2), -GROWTH, GROWTH))
    tilt = true.tilt + (rng.normal(0, 12) if rng.random() < 0.65 else rng.uniform(-55, 55))
    return Place(true.x + shift[0], true.y + shift[1], true.side * math.exp(growth), float(tilt))


def propose_part(face: MarkedFace, rng: np.random.Generator) -> Place:
    """Returns a place that shows a part of a face, or more than it."""
    (x, y), sizes = PARTS[str(rng.choice(list(PARTS)))]
    x, y = rng.normal((x * rng.choice((-1, 1)), y), 0.05)
    angle = math.radians(face.place.tilt)
    across = x * math.cos(angle) - y * math.sin(angle)
    down = x * math.sin(angle) + y * math.cos(angle)
    side, tilt = face.place.side, face.place.tilt + rng.normal(0, 15)
    size = side * float(np.exp(rng.uniform(*np.log(sizes))))
    return Place(face.place.x + across * side, face.place.y + down * side, size, float(tilt))


def propose_anywhere(picture: MarkedPicture, rng: np.random.Generator) -> Place:
    """Returns a place somewhere in a picture, small ones more often than large ones."""
    height, width = picture.grey.shape
    side = float(np.exp(rng.uniform(math.log(12), math.log(max(13.0, 0.9 * min(height, width))))))
    tilt = rng.normal(0, 15) if rng.random() < 0.8 else 0.0
    return Place(rng.uniform(0, width), rng.uniform(0, height), side, float(tilt))


def times_of(face: MarkedFace) -> int:
    """Returns how many windows of a face an epoch shows: more of a head that is turned aside."""
    if face.points is None:
        return FACE_TIMES
    left, right, nose = face.place.into_window(face.points)[:3, 0]
    if right - left < PROFILE:
        return PROFILE_TIMES
    return TURNED_TIMES if abs(nose - (left + right) / 2) > TURNED else FACE_TIMES


def draw_epoch(
    pictures: list[MarkedPicture], proposals: list[Proposal], rng: np.random.Generator
) -> Windows:
    """Draws the windows of an epoch, in no order: faces, parts of them, background, mistakes.

    Args:
        pictures: with all their faces.
        proposals: what finders took for faces in them, right or wrong.
        rng: draws everything.
    """
    places: list[Proposal] = [
        Proposal(number, place._replace(tilt=place.tilt + float(rng.normal(0, 5))))
        for number, place in proposals
    ]
    for number, picture in enumerate(pictures):
        for face in picture.faces:
            if not face.counts or face.place.side < LEAST_SIDE:
                continue
            places += (Proposal(number, propose_near(face, rng)) for _ in range(times_of(face)))
            places += (Proposal(number, propose_part(face, rng)) for _ in range(FACE_TIMES))
        times = BACKGROUND_TIMES * (1 if picture.faces else 6)
        places += (Proposal(number, propose_anywhere(picture, rng)) for _ in range(times))
    windows = cut_windows(pictures, places, rng)
    background = np.flatnonzero(windows.targets[:, 0] == 0)
    for at in rng.choice(background, int(EMOJI_PART * len(background)), replace=False):
        windows.crops[at] = draw_emoji(windows.crops[at], rng)
    return windows


def cut_windows(
    pictures: list[MarkedPicture], places: list[Proposal], rng: np.random.Generator | None = None
) -> Windows:
    """Cuts the windows of places, leaving out those that show neither a face nor background.

    Args:
        pictures: with all their faces.
        places: where, in which.
        rng: changes the windows as cameras do; None leaves them as they are.
    """
    crops = np.empty((len(places), CROP_SIZE, CROP_SIZE), np.uint8)
    targets = np.zeros((len(places), OUTPUTS + MASKS), np.float32)
    count = 0
    for number, place in places:
        picture = pictures[number]
        face = face_shown(place, picture.faces)
        if face is False or place.side < LEAST_SIDE / 2:
            continue
        crop = cut_window(picture.grey, place)
        target = describe_face(face, place)
        crops[count], targets[count] = (
            (crop, target) if rng is None else change_window(crop, target, rng)
        )
        count += 1
    return Windows(crops[:count], targets[:count])


def describe_face(face: MarkedFace | bool | None, place: Place) -> NDArray[np.float32]:
    """Returns what the check should say of a window around a place, float32 (16,)."""
    target = np.zeros(OUTPUTS + MASKS, np.float32)
    if not isinstance(face, MarkedFace):
        return target
    target[[0, OUTPUTS]] = 1
    target[1:3] = place.into_window(np.array([face.place[:2]], np.float32))[0]
    target[3] = math.log(face.place.side / place.side)
    if face.points is not None:
        target[OUTPUTS + 1] = 1
        target[4:OUTPUTS] = place.into_window(face.points).ravel()
    return target


def change_window(
    crop: NDArray[np.uint8], target: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Mirrors, blurs, dims or covers a part of a window, each at random."""
    if rng.random() < 0.5:
        crop, target = crop[:, ::-1], mirror_target(target)
    if rng.random() < CUT_PART:
        crop = cut_off(crop, rng)
    kind = rng.random()
    if kind < 0.15:  # few pixels
        small = int(rng.integers(12, 32))
        few = cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA)
        crop = cv2.resize(few, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_LINEAR)
    elif kind < 0.25:  # out of focus, or moving
        kernel = np.zeros((7, 7), np.float32)
        kernel[3, 3 - rng.integers(1, 4) : 3 + rng.integers(2, 5)] = 1
        kernel = kernel.T if rng.random() < 0.5 else kernel
        crop = cv2.filter2D(np.ascontiguousarray(crop), -1, kernel / kernel.sum())
    values: NDArray[np.floating] = crop.astype(np.float32)
    if rng.random() < 0.3:  # light
        values = 255 * (values / 255) ** float(np.exp(rng.normal(0, 0.4)))
    if rng.random() < 0.2:  # noise of dark pictures
        values = values * rng.uniform(0.15, 1) + rng.normal(0, rng.uniform(1, 6), crop.shape)
    if rng.random() < 0.2:  # a hand, a glass
        height, width = rng.integers(6, 20, 2)
        y, x = rng.integers(0, CROP_SIZE - height), rng.integers(0, CROP_SIZE - width)
        values[y : y + height, x : x + width] = rng.uniform(values.min(), values.max() + 1)
    return np.clip(values, 0, 255).astype(np.uint8), target


def cut_off(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Repeats what lies beyond the edge of a frame, as `cut_window` does, on one side or all."""
    around = rng.random() < CUT_AROUND
    cut = crop.copy()
    for turns in range(4) if around else [int(rng.integers(4))]:
        at = CROP_SIZE // 2 + int(rng.integers(*(CUT_AROUND_AT if around else CUT_AT)))
        turned = np.rot90(cut, turns)  # a view: what is written is written in its place
        turned[at:] = turned[at - 1]
    return cut


def mirror_target(target: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns what the check should say of the mirrored window."""
    mirrored = target.copy()
    mirrored[1] *= -1
    points = target[4:OUTPUTS].reshape(5, 2)[[1, 0, 2, 4, 3]] * np.array([-1, 1], np.float32)
    mirrored[4:OUTPUTS] = points.ravel()
    return mirrored
