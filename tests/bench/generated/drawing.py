"""Draws people onto a frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.bench.generated.motion import Path, Values
from tests.bench.generated.people import Sprite

Picture = NDArray[np.uint8]
"""uint8 (height, width, 3), blue, green, red."""
SHUTTER = 0.35
"""Share of a frame's time in which it takes up light: what moves is smeared by as much."""
LONGEST = 9
"""How long a body is drawn, in heights of its sprite."""


@dataclass(frozen=True)
class Actor:
    """A person with all that changes over the n frames.

    Attributes:
        sprite: what is drawn.
        path: where.
        moods: of each frame, one expression, the next, and the share of the next; float64 (n, 3).
        blur: Gaussian deviation in widths of the face, float64 (n,).
        side_light: from -1, light only from the left, to 1, only from the right; float64 (n,).
        person: number of the person, None for what is no face.
    """

    sprite: Sprite
    path: Path
    moods: NDArray[np.float64]
    blur: Values
    side_light: Values
    person: int | None


def draw_actor(frame: Picture, actor: Actor, index: int) -> None:
    """Draws a person as seen in a frame, in place."""
    path = actor.path
    if not path.present[index]:
        return
    warp = _warp_of(actor, index)
    left, top, right, bottom = _corners(warp, actor.sprite.expressions[0].shape, frame.shape)
    if left >= right or top >= bottom:
        return
    warp[:, 2] -= left, top
    patch = cv2.warpAffine(
        _mix_moods(actor, index),
        warp,
        (right - left, bottom - top),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    patch = _light(_smear(patch, actor, index), actor, index, left)
    target = frame[top:bottom, left:right]
    rest = cv2.merge([255 - patch[..., 3]] * 3)
    target[:] = cv2.add(cv2.multiply(target, rest, scale=1 / 255), patch[..., :3])


def _warp_of(actor: Actor, index: int) -> NDArray[np.float64]:
    """Returns the affine map from the sprite to the frame, float64 (2, 3)."""
    sprite, path = actor.sprite, actor.path
    ratio, angle = path.width[index] / sprite.width, math.radians(path.tilt[index])
    across, along = ratio * math.cos(angle), ratio * math.sin(angle)
    turn = np.array([[across, -along], [along, across]])
    middle = np.array([path.x[index], path.y[index]]) - turn @ (sprite.x, sprite.y)
    return np.hstack([turn, middle[:, np.newaxis]])


def _corners(
    warp: NDArray[np.float64], shape: tuple[int, ...], frame: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """Returns left, top, right and bottom of what a person may cover, inside the frame."""
    height, width = shape[:2]
    ends = np.array([(x, y, 1) for x in (0, width) for y in (0, LONGEST * height)]) @ warp.T
    low, high = np.floor(ends.min(axis=0)), np.ceil(ends.max(axis=0))
    left, top = (int(max(0, value)) for value in low)
    right, bottom = int(min(frame[1], high[0])), int(min(frame[0], high[1]))
    return left, top, right, bottom


def _mix_moods(actor: Actor, index: int) -> NDArray[np.uint8]:
    first, second, share = actor.moods[index]
    one, other = (actor.sprite.expressions[int(mood)] for mood in (first, second))
    if share == 0 or one is other:
        return one
    return np.asarray(cv2.addWeighted(one, 1 - share, other, share, 0), np.uint8)


def _smear(patch: NDArray[np.uint8], actor: Actor, index: int) -> NDArray[np.uint8]:
    """Blurs what is out of focus or moves."""
    sigma = actor.blur[index] * actor.path.width[index]
    if sigma > 0.3:
        patch = _defocus(patch, sigma)
    before = max(0, index - 1)
    step = [SHUTTER * (axis[index] - axis[before]) for axis in (actor.path.x, actor.path.y)]
    length = math.hypot(*step)
    if length < 1.5 or not actor.path.present[before]:
        return np.asarray(patch, np.uint8)
    reach = math.ceil(length / 2)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    ends = [tuple(round(reach + sign * part / 2) for part in step) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    kernel /= kernel.sum()
    return np.asarray(cv2.filter2D(patch, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.uint8)


def _defocus(patch: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    """Blurs; where much, in a smaller copy, which is quicker and looks the same."""
    ratio = min(1.0, 3 / sigma)
    size = [max(1, round(length * ratio)) for length in patch.shape[1::-1]]
    small = cv2.resize(patch, size, interpolation=cv2.INTER_AREA) if ratio < 1 else patch
    soft = cv2.GaussianBlur(small, (0, 0), ratio * sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(soft, patch.shape[1::-1]), np.uint8)


def _light(patch: NDArray[np.uint8], actor: Actor, index: int, left: int) -> NDArray[np.uint8]:
    """Darkens the side of a person that the light does not reach."""
    strength = actor.side_light[index]
    if not strength:
        return patch
    across = np.arange(patch.shape[1]) + left - actor.path.x[index]
    at = np.clip(across / actor.path.width[index] * 2 * np.sign(strength) - 0.3, -1, 1)
    gain = 1 - abs(strength) * (0.45 - 0.55 * np.sin(at * math.pi / 2))
    row = np.repeat(np.clip(128 * gain, 0, 255)[:, np.newaxis], 4, axis=1)
    row[:, 3] = 128
    gains = np.broadcast_to(row.astype(np.uint8), patch.shape)
    return np.asarray(cv2.multiply(patch, np.ascontiguousarray(gains), scale=1 / 128), np.uint8)
