"""Media for the tests of stores: some samples, and a longer video that is cut into spans."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ferbeam.stores import store_of
from tests.pipelines.jobs import SAMPLES
from tests.stores.servers import Server

CHOSEN = ("pictures/group.png", "composites/happy.png", "videos/one_face.mp4", "videos/broken.mp4")
LONG = "videos/long.mp4"


def make_folder(folder: Path) -> Path:
    """Copies some samples into a folder, with a video of 24 s beside them."""
    for name in CHOSEN:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((SAMPLES / name).read_bytes())
    _repeat(SAMPLES / "videos/two_faces.mp4", folder / LONG, 4)
    return folder


def _repeat(source: Path, path: Path, times: int) -> None:
    """Shows a video several times over, with a keyframe every two seconds."""
    with av.open(str(source)) as video, av.open(str(path), "w") as output:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
        stream = output.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.gop_size, stream.thread_count = "yuv420p", 50, 1
        for number in range(times * len(frames)):
            frame = VideoFrame.from_ndarray(frames[number % len(frames)], format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def make_large(path: Path, frames: int = 400) -> Path:
    """Writes a video of some 20 MB in which every frame is a keyframe, index at the end."""
    noise = np.random.default_rng(7).integers(0, 256, (480, 640), np.uint8)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mjpeg", rate=10, options={"qmin": "8", "qmax": "8"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuvj420p"
        for number in range(frames):
            frame = VideoFrame.from_ndarray(np.roll(noise, number, axis=1), format="gray")
            frame = frame.reformat(format="yuvj420p")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def upload(folder: Path, server: Server, name: str) -> str:
    """Puts a folder into the bucket and returns its URI."""
    root = server.uri(name)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            store_of(root).upload(str(path), f"{root}/{path.relative_to(folder).as_posix()}")
    return root


def download(root: str, folder: Path) -> Path:
    """Copies all that lies below a URI into a folder."""
    store = store_of(root)
    for found in store.list(root + "/"):
        path = folder / found.uri.removeprefix(root + "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(store.read(found, 0, found.size) if found.size else b"")
    return folder


def hash_pixels(path: Path) -> list[str]:
    """Decodes a picture or video and returns a hash of each frame."""
    with av.open(str(path)) as medium:
        frames = medium.decode(video=0)
        return [hashlib.sha256(f.to_ndarray(format="rgb24").tobytes()).hexdigest() for f in frames]
