"""Measures rendering: `python -m tests.bench.render` prints frames/s beside plain PyAV.

Both decode a clip of a moving face and encode it with the same settings on one thread. Rendering
also draws the overlay on every frame. What is compared is CPU time: others on the machine count
little. Each rendering is compared with the plain runs before and after it, for a processor does not
keep its speed; the median of these ratios counts.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from fer_core.drawing.overlay import Overlay, OverlayKind, OverlaySettings
from fer_core.tracking.motion import faces_at
from fer_core.tracking.tracks import TrackScores
from fer_core.video.index import index_video
from fer_core.video.render import VIDEO_QUALITY, Drawing, add_h264, render_span
from fer_core.video.spans import plan_spans
from fer_core.video.stretches import Stretch, plan_stretches
from tests.bench.clips import LOOP_S, make_face_clip

SIZES = ((640, 360), (1280, 720), (1920, 1080))
GRAIN = 3.0
"""Standard deviation of the noise, of 255, as of a webcam indoors."""

KINDS: tuple[OverlayKind, ...] = ("emoji", "cover", "box")


def add_grain(clip: Path, path: Path) -> Path:
    """Copies a clip with the noise of a camera's sensor, without which it encodes too easily."""
    rng = np.random.default_rng(3)
    grain = [rng.normal(0, GRAIN, 2**22).astype(np.int8) for _ in range(3)]
    with av.open(str(clip)) as source, av.open(str(path), "w") as output:
        old = source.streams.video[0]
        stream = output.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "18"})
        stream.width, stream.height, stream.pix_fmt = old.width, old.height, "yuv420p"
        for number, frame in enumerate(source.decode(old)):
            pixels = frame.to_ndarray()
            noise = grain[number % 3][number * 997 :][: pixels.size].reshape(pixels.shape)
            noisy = np.clip(pixels.astype(np.int16) + noise, 16, 235).astype(np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(noisy, "yuv420p")))
        output.mux(stream.encode(None))
    return path


def follow_face(height: int) -> TrackScores:
    """The face of the clip at ten samples a second, about where it is."""
    ms = np.arange(0, 1000 * LOOP_S, 100)
    turn = 2 * math.pi * ms / 1000 / LOOP_S
    side = height / 3
    x = (height * 16 / 9 - side) * (0.5 + 0.3 * np.sin(turn))
    y = (height - side) * (0.5 + 0.2 * np.cos(turn))
    scores = np.full((len(ms), 7), 0.1, np.float32)
    scores[:, 3] = 0.4 + 0.3 * np.sin(3 * turn)
    boxes = np.stack([x, y, np.full_like(x, side), np.full_like(x, side)], axis=1)
    track = np.zeros(len(ms), np.int32)
    looked = np.stack([ms - 100, ms + 100], axis=1)
    return TrackScores(
        ms.astype(np.int64), track, track, boxes.astype(np.float32), scores, looked, 1000, 100
    )


def render_plainly(clip: Path, stretch: Stretch, path: Path) -> int:
    """Decodes and encodes a clip as any PyAV script does; returns the number of frames."""
    count = 0
    with av.open(str(clip)) as source, av.open(str(path), "w") as output:
        source.streams.video[0].thread_type = "NONE"
        stream = add_h264(output, stretch, VIDEO_QUALITY, clip.name)
        for frame in source.decode(video=0):
            frame.pict_type = 0
            output.mux(stream.encode(frame))
            count += 1
        output.mux(stream.encode(None))
    return count


def time_run(run: Callable[[], int]) -> float:
    """Returns frames per second of CPU time."""
    start = time.process_time()
    count = run()
    return count / (time.process_time() - start)


def print_size(folder: Path, size: tuple[int, int], rounds: int) -> None:
    """Prints frames/s for a clip as of a camera, and for one as drawn, which is rarely met."""
    clean = make_face_clip(folder / f"clean-{size[1]}.mp4", size, LOOP_S)
    print_clip(add_grain(clean, folder / f"{size[1]}.mp4"), f"{size[0]}x{size[1]}", rounds)
    print_clip(clean, "no noise", rounds)


def print_clip(clip: Path, called: str, rounds: int) -> None:
    """Prints one row per overlay: frames/s and their share of the plain ones."""
    folder = clip.parent
    index = index_video(clip)
    stretch = plan_stretches(index, plan_spans(index, Fraction(10), 1000))[0]
    runs: dict[str, Callable[[], int]] = {}

    def plain() -> int:
        return render_plainly(clip, stretch, folder / "plain.mp4")

    tracks = follow_face(index.info.height)
    for kind in KINDS:
        overlay = Overlay(OverlaySettings(kind))
        drawing = Drawing(lambda ms: faces_at(tracks, ms), overlay.draw)
        runs[kind] = lambda drawing=drawing: render_span(  # type: ignore[misc]
            clip, stretch, folder / "drawn.mp4", drawing
        )
    nothing = Drawing(lambda _: (), lambda _canvas, _faces: None)
    runs["none"] = lambda: render_span(clip, stretch, folder / "drawn.mp4", nothing)
    speeds: dict[str, list[float]] = {name: [] for name in runs}
    ratios: dict[str, list[float]] = {name: [] for name in runs}
    before = time_run(plain)
    for _ in range(rounds):
        for name, run in runs.items():
            speed, after = time_run(run), time_run(plain)
            speeds[name].append(speed)
            ratios[name].append(2 * speed / (before + after))
            before = after
    for name, measured in speeds.items():
        ratio = statistics.median(ratios[name])
        print(f"{called:<10}{name:<7}{max(measured):>9.1f}{ratio:>9.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    print("frame     overlay frames/s  of plain")
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            print_size(Path(folder), size, arguments.rounds)


if __name__ == "__main__":
    main()
