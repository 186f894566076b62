"""The people of the generated clips: their faces, and the pictures they are drawn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_data.composites import FACE_SIZE
from sample_data.make_samples import read_composites
from sample_data.scenes import LUMA, Colour, Looks, draw_person, to_bytes
from tests.bench.clips import ROOT

Grey = NDArray[np.uint8]
"""uint8 (192, 192), a face."""
FaceSource = Callable[[np.random.Generator], list[Grey]]
"""Chooses a person: one face for each expression."""

TRIES = 40
"""How many people are looked at before one is given up."""
TRIED_SIDE = 112
"""Side in pixels of a face at which the cascade has to find a person that is seen well."""
EXPRESSIONS = 3
"""How many a composite person has."""
SKINS: tuple[Colour, ...] = ((140, 172, 214), (120, 160, 205), (90, 125, 175), (60, 90, 130))
HAIRS: tuple[Colour, ...] = ((30, 34, 40), (38, 52, 74), (70, 110, 150), (130, 130, 135))


@dataclass(frozen=True)
class Sprite:
    """A person to be drawn.

    Attributes:
        expressions: uint8 (height, width, 4), blue, green, red, each multiplied by the alpha that
            comes last; one for each expression. The last row goes on downwards.
        x: middle of the square that the cascade draws around the face.
        y: likewise.
        width: of that square.
    """

    expressions: tuple[NDArray[np.uint8], ...]
    x: float
    y: float
    width: float

    def resized(self, ratio: float) -> Sprite:
        """Returns a smaller copy."""
        small = tuple(
            np.asarray(cv2.resize(one, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA))
            for one in self.expressions
        )
        return replace(
            self, expressions=small, x=self.x * ratio, y=self.y * ratio, width=self.width * ratio
        )


def composite_source(folder: Path = ROOT / "sample_data/composites") -> FaceSource:
    """Returns a source of people whose faces are composites, each warped in a way of its own."""
    composites = list(read_composites(folder).values())

    def choose(rng: np.random.Generator) -> list[Grey]:
        chosen = rng.permutation(len(composites))[:EXPRESSIONS]
        field_x, field_y, tone = _warp_field(rng), _warp_field(rng), _tone_curve(rng)
        y, x = np.mgrid[0:FACE_SIZE, 0:FACE_SIZE].astype(np.float32)
        narrow, skew, middle = rng.uniform(0.94, 1.1), rng.uniform(-0.04, 0.04), FACE_SIZE / 2
        from_x = middle + narrow * (x - middle) + skew * (y - middle) + field_x
        grid = from_x.astype(np.float32), (y + field_y).astype(np.float32)
        return [
            tone[cv2.remap(composites[i], *grid, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)]
            for i in chosen
        ]

    return choose


def picture_source(crops: NDArray[np.uint8]) -> FaceSource:
    """Returns a source of people whose faces are given, uint8 (n, 48, 48), some mirrored."""

    def choose(rng: np.random.Generator) -> list[Grey]:
        crop = crops[rng.integers(len(crops))]
        crop = crop[:, ::-1] if rng.random() < 0.5 else crop
        size = (FACE_SIZE, FACE_SIZE)
        face = cv2.resize(np.ascontiguousarray(crop), size, interpolation=cv2.INTER_CUBIC)
        return [np.asarray(face, np.uint8)]

    return choose


def cast_person(source: FaceSource, rng: np.random.Generator) -> Sprite:
    """Chooses a person whom the cascade finds in good light, upright and of middle size.

    So a clip measures what its scenario does to faces, not which faces the cascade knows.

    Raises:
        ValueError: of many faces none is found.
    """
    for _ in range(TRIES):
        faces, shown = source(rng), []
        looks = _choose_looks(faces, rng)
        for face in faces:
            sprite = _draw_sprite(face, looks)
            if (framing := _frame_face(sprite)) is not None:
                shown.append((sprite, framing))
        if shown:
            x, y, width = np.median([framing for _, framing in shown], axis=0)
            return Sprite(tuple(sprite for sprite, _ in shown), float(x), float(y), float(width))
    raise ValueError(f"faces: in none of {TRIES} the cascade finds a face; frontal ones are needed")


def _warp_field(rng: np.random.Generator) -> NDArray[np.float32]:
    """Returns smooth shifts of a few pixels, float32 (192, 192)."""
    coarse = rng.normal(0, 3.0, (5, 5)).astype(np.float32)
    size = (FACE_SIZE, FACE_SIZE)
    return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), np.float32)


def _tone_curve(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Returns a random gamma, contrast and brightness as a table, uint8 (256,)."""
    grey = np.linspace(0, 1, 256) ** rng.uniform(0.8, 1.25)
    grey = 128 + rng.uniform(0.85, 1.1) * (255 * grey - 128) + rng.uniform(-15, 15)
    return np.asarray(np.clip(np.rint(grey), 0, 255), np.uint8)


def _choose_looks(faces: list[Grey], rng: np.random.Generator) -> Looks:
    """Chooses colours; the skin around the face is as bright as the face."""
    quarter = FACE_SIZE // 4
    level = 1 + float(np.median([face[quarter:-quarter, quarter:-quarter] for face in faces]))
    skin = np.array(SKINS[rng.integers(len(SKINS))])
    skin = np.minimum(skin * level / float(skin @ LUMA), 250)
    hair = HAIRS[rng.integers(len(HAIRS))]
    shirt = tuple(float(value) for value in rng.uniform(30, 200, 3))
    return Looks((skin[0], skin[1], skin[2]), hair, (shirt[0], shirt[1], shirt[2]))


def _draw_sprite(face: Grey, looks: Looks) -> NDArray[np.uint8]:
    drawn = draw_person(face, looks)
    alpha = drawn.alpha[..., np.newaxis]
    return to_bytes(np.concatenate([drawn.colours * alpha, 255 * alpha], axis=2))


@cache
def _cascade() -> cv2.CascadeClassifier:
    folder = Path(cv2.__file__).parent / "data"
    return cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_default.xml"))


def _frame_face(sprite: NDArray[np.uint8]) -> tuple[float, float, float] | None:
    """Returns the square that the cascade draws around a face: its middle and width in the sprite.

    None where it is not found.
    """
    ratio = TRIED_SIDE / FACE_SIZE
    small = cv2.resize(sprite, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
    colours = small[..., :3] + (128 * (1 - small[..., 3:] / 255)).astype(np.uint8)
    grey = cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY)
    least = TRIED_SIDE // 2
    found = _cascade().detectMultiScale(grey, 1.1, 4, minSize=(least, least))
    if len(found) != 1:
        return None
    x, y, width, _ = (float(value) / ratio for value in found[0])
    return x + width / 2, y + width / 2, width
