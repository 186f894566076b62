"""Makes the sample media and their truth; see README.md beside this file.

python sample_data/make_samples.py                     pictures, videos and truth.json
python sample_data/make_samples.py composites DATA     the composite faces, from training data
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import NAMES
from fer_core.learn.dataset import read_data
from sample_data.composites import FACE_SIZE, build_composites
from sample_data.containers import cut_head, turn_picture, turn_video, write_picture, write_video
from sample_data.scenes import Sprite, draw_background, draw_person, place_person, to_bytes
from sample_data.stories import Face, Keyframe, Story, tell_pictures, tell_videos

HERE = Path(__file__).resolve().parent
FACE_SHARE = 0.96
"""Side of the square that Haar draws around a composite, as a share of the composite's."""
FACE_LOWER = 0.01
"""How much lower the middle of that square lies than the composite's, as a share of its side."""
BROKEN, BROKEN_SIZE = "videos/broken.mp4", 40_000
Composites = dict[str, NDArray[np.uint8]]
"""uint8 (192, 192) grey, by the emotion's name."""


def write_composites(data: Path, folder: Path) -> None:
    """Builds the composites from the training part of DATA and writes them as PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    for name, (face, count) in build_composites(read_data(data, "train")).items():
        write_picture(folder / f"{name}.png", face)
        counts[name] = count
    print("faces averaged:", ", ".join(f"{name} {count}" for name, count in counts.items()))


def read_composites(folder: Path) -> Composites:
    """Reads the seven composites.

    Raises:
        FileNotFoundError: one of them is missing.
    """
    found: Composites = {}
    for name in NAMES:
        face = cv2.imread(str(folder / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
        if face is None:
            raise FileNotFoundError(f"{folder / name}.png: no composite face there")
        found[name] = np.asarray(face, np.uint8)
    return found


def draw_mood(composites: Composites, face: Face, ms: float) -> Sprite:
    """Draws a person with the emotion, or the mix of two, of a time."""
    mix = np.zeros((FACE_SIZE, FACE_SIZE), np.float32)
    for name, share in face.shares_at(ms).items():
        mix += np.float32(share) * composites[name].astype(np.float32)
    return draw_person(np.asarray(np.rint(mix), np.uint8), face.looks)


def draw_frames(composites: Composites, story: Story) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yields the frames of a story with their timestamps, as seen (not turned)."""
    wall = draw_background(story.size, story.top, story.bottom, seed=len(story.times_ms))
    for ms in story.times_ms:
        picture = wall
        for face in story.faces:
            key = face.keyframe_at(ms)
            if key is not None:
                side = key.side / FACE_SHARE
                middle = (key.x, key.y - FACE_LOWER * side)
                picture = place_person(picture, draw_mood(composites, face, ms), middle, side)
        yield ms, to_bytes(picture)


def make_picture(path: Path, composites: Composites, story: Story) -> None:
    """Writes a picture."""
    for _, picture in draw_frames(composites, story):
        write_picture(path, picture)
    if story.turned:
        turn_picture(path)


def make_video(path: Path, composites: Composites, story: Story) -> None:
    """Writes a video."""
    frames = draw_frames(composites, story)
    duration_ms = story.times_ms[-1] + 40
    if not story.turned:
        write_video(path, frames, story.size, duration_ms)
        return
    lying = ((ms, np.ascontiguousarray(np.rot90(picture), np.uint8)) for ms, picture in frames)
    write_video(path, lying, (story.size[1], story.size[0]), duration_ms)
    turn_video(path)


def keyframe_truth(key: Keyframe) -> dict[str, int]:
    """Returns a keyframe as time and box."""
    left, top, side = round(key.x - key.side / 2), round(key.y - key.side / 2), round(key.side)
    return {"ms": key.ms, "x": left, "y": top, "width": side, "height": side}


def face_truth(face: Face) -> dict[str, Any]:
    """Returns a face's part of the truth."""
    return {
        "keyframes": [keyframe_truth(key) for key in face.keyframes],
        "emotions": [
            {"from_ms": mood.from_ms, "to_ms": mood.to_ms, "emotion": mood.emotion}
            for mood in face.moods
        ],
    }


def composite_truth(name: str) -> dict[str, Any]:
    """Returns the truth of a composite face, which lies among the pictures."""
    side = FACE_SHARE * FACE_SIZE
    key = Keyframe(0, FACE_SIZE / 2, FACE_SIZE * (0.5 + FACE_LOWER), side)
    moods = [{"from_ms": 0, "to_ms": 0, "emotion": name}]
    return {"kind": "image", "faces": [{"keyframes": [keyframe_truth(key)], "emotions": moods}]}


def write_truth(path: Path, pictures: dict[str, Story], videos: dict[str, Story]) -> None:
    """Writes what every medium shows."""
    media = {f"composites/{name}.png": composite_truth(name) for name in NAMES}
    for medium, story in pictures.items():
        media[medium] = {"kind": "image", "faces": [face_truth(face) for face in story.faces]}
    for medium, story in videos.items():
        media[medium] = {
            "kind": "video",
            "frame_count": len(story.times_ms),
            "last_frame_ms": story.times_ms[-1],
            "faces": [face_truth(face) for face in story.faces],
        }
    truth = {"broken": [BROKEN], "media": media}
    path.write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def make_media(faces: Path, output: Path) -> None:
    """Writes all sample media and their truth."""
    composites = read_composites(faces)
    pictures, videos = tell_pictures(), tell_videos()
    for folder in ("pictures", "videos"):
        (output / folder).mkdir(parents=True, exist_ok=True)
    for medium, story in pictures.items():
        make_picture(output / medium, composites, story)
    for medium, story in videos.items():
        make_video(output / medium, composites, story)
    cut_head(output / "videos/two_faces.mp4", output / BROKEN, BROKEN_SIZE)
    write_truth(output / "truth.json", pictures, videos)


def main() -> None:
    """Reads the command line and makes what it asks for."""
    parser = argparse.ArgumentParser(description="Makes the sample media and their truth.")
    parser.add_argument(
        "--faces",
        type=Path,
        default=HERE / "composites",
        metavar="DIR",
        help="folder of the composite faces",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=HERE,
        metavar="DIR",
        help="folder for pictures/, videos/ and truth.json",
    )
    steps = parser.add_subparsers(dest="step")
    step = steps.add_parser("composites", help="build the composite faces from training data")
    step.add_argument("data", type=Path, metavar="DATA", help="folder that `ferbeam train` takes")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    if arguments.step == "composites":
        write_composites(arguments.data, arguments.faces)
    else:
        make_media(arguments.faces, arguments.output)


if __name__ == "__main__":
    main()
