"""Small grey scenes with what has been taken for faces, and faces as they are hard to see."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.pipelines.jobs import ROOT, SAMPLES

Grey = NDArray[np.uint8]
WIDTH, HEIGHT = 480, 270


def draw_room() -> Grey:
    """An empty wall, uint8 (HEIGHT, WIDTH)."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.asarray(110 + 30 * np.sin(x / 90) + 20 * np.cos(y / 60), np.uint8)


def load_composite(name: str, side: int, tilt: float = 0.0) -> Grey:
    """An averaged face of the samples, uint8 (side, side), leaning clockwise."""
    face = cv2.imread(str(SAMPLES / f"composites/{name}.png"), cv2.IMREAD_GRAYSCALE)
    face = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), -tilt, 1.0)
    turned = cv2.warpAffine(face, turn, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def turn_aside(face: Grey, yaw: float) -> Grey:
    """Turns a face, uint8 (n, n), by degrees, to the right above 0: a round head with a nose."""
    side = len(face)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side - 0.5
    sine, cosine = np.sin(np.radians(yaw)), np.cos(np.radians(yaw))
    round_head = 0.25 * (1 - (2 * x) ** 2)
    nose = 0.16 * np.exp(-(x**2 / 0.004 + (y - 0.08) ** 2 / 0.012))
    ahead = np.asarray(round_head + nose - 0.2, np.float32)
    across = np.asarray((x - ahead * sine) / cosine + 0.5, np.float32) * side
    down = np.asarray(y + 0.5, np.float32) * side
    turned = cv2.remap(face, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def add_head(scene: Grey, face: Grey, left: int, top: int) -> Grey:
    """Puts a face, uint8 (n, n), into a scene as an oval; what reaches over the edge is cut."""
    side = len(face)
    over = np.pad(scene, side, mode="edge")
    shape = np.zeros((side, side), np.float32)
    cv2.ellipse(
        shape, (side // 2, side // 2), (int(0.42 * side), int(0.52 * side)), 0, 0, 360, 1.0, -1
    )
    shape = np.asarray(cv2.GaussianBlur(shape, (0, 0), 0.02 * side), np.float32)
    part = over[side + top : 2 * side + top, side + left : 2 * side + left]
    part[:] = shape * face + (1 - shape) * part
    return np.ascontiguousarray(over[side:-side, side:-side])


def draw_shelf() -> Grey:
    """Boards with tins and boxes that bear round labels."""
    scene, rng = draw_room(), np.random.default_rng(1)
    for board in range(60, HEIGHT, 68):
        cv2.rectangle(scene, (0, board), (WIDTH, board + 8), 50, -1)
        left = 6
        while left < WIDTH - 10:
            wide, high = int(rng.integers(14, 40)), int(rng.integers(24, 52))
            light, label = (int(value) for value in rng.integers(20, 250, 2))
            cv2.rectangle(scene, (left, board - high), (left + wide, board), light, -1)
            cv2.circle(scene, (left + wide // 2, board - high // 2), wide // 4, label, -1)
            left += wide + int(rng.integers(2, 10))
    return scene


def draw_pebbles() -> Grey:
    """Stones, one over the other."""
    scene, rng = np.full((HEIGHT, WIDTH), 60, np.uint8), np.random.default_rng(2)
    for _ in range(700):
        middle = int(rng.integers(0, WIDTH)), int(rng.integers(0, HEIGHT))
        wide = int(rng.integers(6, 26))
        axes = wide, int(wide * rng.uniform(0.6, 1))
        light, angle = int(rng.integers(70, 220)), float(rng.uniform(0, 180))
        cv2.ellipse(scene, middle, axes, angle, 0, 360, light, -1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(scene, (0, 0), 1), np.uint8)


def draw_screen(name: str, side: int = 80) -> Grey:
    """A screen with one of our emoji."""
    scene = draw_room()
    cv2.rectangle(scene, (100, 40), (380, 220), 30, -1)
    cv2.rectangle(scene, (108, 48), (372, 212), 235, -1)
    emoji = cv2.imread(str(ROOT / f"fer_core/assets/{name}.png"), cv2.IMREAD_UNCHANGED)
    emoji = cv2.resize(emoji, (side, side), interpolation=cv2.INTER_AREA)
    opacity = emoji[..., 3] / 255
    grey = cv2.cvtColor(emoji[..., :3], cv2.COLOR_BGR2GRAY)
    part = scene[130 - side // 2 : 130 - side // 2 + side, 240 - side // 2 : 240 - side // 2 + side]
    part[:] = opacity * grey + (1 - opacity) * part
    return scene
