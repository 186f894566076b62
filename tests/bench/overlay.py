"""Measures drawing: `python -m tests.bench.overlay` prints milliseconds per frame.

Faces move and grow a little, and scores change, so that sprites are made anew now and then as in a
video. `first` is the first round, which makes them all.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from fer_core.drawing.canvas import YuvCanvas
from fer_core.drawing.overlay import Overlay, OverlayKind, OverlaySettings
from fer_core.shown_face import ShownFace

KINDS: tuple[OverlayKind, ...] = ("emoji", "cover", "box")
SIZES = ((640, 360), (1280, 720), (1920, 1080), (3840, 2160))
FRAMES = 100
ROUNDS = 7


def faces_at(step: int, count: int, scale: float) -> list[ShownFace]:
    """Faces of a sixth of the frame's width, a fifth of it apart."""
    scores = np.full(7, 0.02, np.float32)
    scores[3] = 0.9 - step % 50 * 0.004
    side = (110 + 0.1 * step) * scale
    return [
        ShownFace(
            at, (20 + 125 * at + 0.4 * step) * scale, (90 + 0.3 * step) * scale, side, side, scores
        )
        for at in range(count)
    ]


def draw_frames(overlay: Overlay, canvas: YuvCanvas, steps: Sequence[list[ShownFace]]) -> float:
    """Returns milliseconds per frame, of this process alone: others on the machine count little."""
    start = time.process_time()
    for faces in steps:
        overlay.draw(canvas, faces)
    return (time.process_time() - start) / len(steps) * 1000


def main() -> None:
    print("overlay  frame      faces  first  best (ms per frame)")
    for kind in KINDS:
        for width, height in SIZES:
            for count in (1, 4):
                half = (height // 2, width // 2)
                y, u, v = (np.full(shape, 90, np.uint8) for shape in ((height, width), half, half))
                canvas = YuvCanvas(y, u, v, full_range=False, bt709=height >= 720)
                steps = [faces_at(step, count, height / 360) for step in range(FRAMES)]
                overlay = Overlay(OverlaySettings(kind, "fr"))
                rounds = [draw_frames(overlay, canvas, steps) for _ in range(ROUNDS)]
                size = f"{width}x{height}"
                print(f"{kind:8} {size:10} {count:5}  {rounds[0]:5.2f}  {min(rounds):.3f}")


if __name__ == "__main__":
    main()
