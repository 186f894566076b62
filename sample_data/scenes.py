"""Draws people with composite faces in front of plain backgrounds."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]
"""Blue, green, red, 0-255."""
Picture = NDArray[np.float32]
"""float32 (height, width, 3), blue, green, red, 0-255."""

LUMA = np.array([0.114, 0.587, 0.299], np.float32)
BACKGROUND_NOISE = 4.0


@dataclass(frozen=True)
class Looks:
    """The colours of one person."""

    skin: Colour
    hair: Colour
    shirt: Colour


@dataclass(frozen=True)
class Sprite:
    """A person to be placed on a background.

    Attributes:
        colours: float32 (height, width, 3).
        alpha: float32 (height, width), 0-1.
        side: side of the composite in it, in pixels.
        middle: x, y of the composite's middle in it.
    """

    colours: Picture
    alpha: NDArray[np.float32]
    side: int
    middle: tuple[float, float]


def draw_background(size: tuple[int, int], top: Colour, bottom: Colour, seed: int) -> Picture:
    """Draws a vertical gradient with soft noise, as a wall out of focus.

    Args:
        size: width and height in pixels.
        top: colour of the first row.
        bottom: colour of the last row.
        seed: of the noise.
    """
    width, height = size
    share = np.linspace(0, 1, height, dtype=np.float32)[:, np.newaxis, np.newaxis]
    wall = np.array(top, np.float32) * (1 - share) + np.array(bottom, np.float32) * share
    noise = np.random.default_rng(seed).normal(size=(height // 80 + 2, width // 80 + 2, 3))
    soft = cv2.resize(noise.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(wall + BACKGROUND_NOISE * soft, np.float32)


def oval(
    shape: tuple[int, int], middle: tuple[float, float], axes: tuple[float, float], feather: float
) -> NDArray[np.float32]:
    """Returns a soft oval, 1 inside and 0 outside; float32 of this (height, width)."""
    mask = np.zeros(shape, np.float32)
    centre = (round(middle[0]), round(middle[1]))
    cv2.ellipse(mask, centre, (round(axes[0]), round(axes[1])), 0, 0, 360, 1.0, -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), feather), np.float32)


def tint_face(face: NDArray[np.uint8], skin: Colour) -> Picture:
    """Colours a grey face so that its grey stays as it is.

    Args:
        face: uint8 (side, side), grey.
        skin: only its hue and saturation count.
    """
    tone = np.array(skin, np.float32)
    tone = tone / float(tone @ LUMA)
    grey = face.astype(np.float32)[..., np.newaxis]
    # Fades to white near the top, where a saturated colour would be clipped and so darker.
    strength = np.clip((255 - grey) / 80, 0, 1)
    return np.asarray(np.clip(grey * (1 + (tone - 1) * strength), 0, 255), np.float32)


def draw_person(face: NDArray[np.uint8], looks: Looks) -> Sprite:
    """Draws head and shoulders around a composite face.

    Args:
        face: uint8 (side, side), grey.
        looks: the person's colours.
    """
    side = face.shape[0]
    shape = (side * 4, side * 2)
    x, y = float(side), side * 0.85
    body = oval(shape, (x, y + 1.22 * side), (0.78 * side, 0.55 * side), 3)
    waist = round(y + 1.22 * side)
    body[waist:] = body[waist]
    layers: list[tuple[NDArray[np.float32], Colour, float]] = [
        (oval(shape, (x, y - 0.10 * side), (0.50 * side, 0.58 * side), 3), looks.hair, 1.0),
        (oval(shape, (x, y + 0.55 * side), (0.20 * side, 0.40 * side), 3), looks.skin, 0.75),
        (body, looks.shirt, 1.0),
        (oval(shape, (x, y), (0.42 * side, 0.53 * side), 4), looks.skin, 0.95),
    ]
    colours = np.zeros((*shape, 3), np.float32)
    alpha = np.zeros(shape, np.float32)
    for mask, colour, shade in layers:
        paint = np.array(colour, np.float32) * shade
        colours += mask[..., np.newaxis] * (paint - colours)
        alpha = np.maximum(alpha, mask)
    mask = oval((side, side), (side / 2, side / 2), (0.38 * side, 0.47 * side), side * 0.035)
    left, top = round(x - side / 2), round(y - side / 2)
    patch = colours[top : top + side, left : left + side]
    patch += mask[..., np.newaxis] * (tint_face(face, looks.skin) - patch)
    return Sprite(colours, alpha, side, (x, y))


def place_person(
    picture: Picture, sprite: Sprite, middle: tuple[float, float], side: float
) -> Picture:
    """Draws a person onto a copy of a picture.

    Args:
        picture: what it is drawn onto.
        sprite: the person.
        middle: where the middle of the face comes to lie, x and y in pixels.
        side: side of the composite in the picture, in pixels.
    """
    ratio = side / sprite.side
    warp = np.array(
        [
            [ratio, 0, middle[0] - ratio * sprite.middle[0]],
            [0, ratio, middle[1] - ratio * sprite.middle[1]],
        ],
        np.float32,
    )
    size = (picture.shape[1], picture.shape[0])
    # Smoothed to what the smaller size can hold, or else moving edges flicker.
    blur = max(0.3, 0.4 / ratio)
    colours = cv2.warpAffine(cv2.GaussianBlur(sprite.colours, (0, 0), blur), warp, size)
    alpha = cv2.warpAffine(cv2.GaussianBlur(sprite.alpha, (0, 0), blur), warp, size)
    return np.asarray(picture + alpha[..., np.newaxis] * (colours - picture), np.float32)


def to_bytes(picture: Picture) -> NDArray[np.uint8]:
    """Rounds a picture to uint8 (height, width, 3)."""
    return np.asarray(np.clip(np.rint(picture), 0, 255), np.uint8)
