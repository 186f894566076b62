"""Writes pictures and videos, with sound, orientation and variable frame rate."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Frames = Iterable[tuple[int, NDArray[np.uint8]]]
"""Timestamps in milliseconds and pictures, uint8 (height, width, 3), blue, green, red."""

MILLISECONDS = Fraction(1, 1000)
SOUND_RATE = 44100
TONES = (261.63, 329.63, 392.0, 523.25)
"""Hertz, one per second in turn."""
ROTATE_90 = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
"""The matrix of an MP4 track (ISO 14496-12, 8.3.2) that players turn clockwise by 90 degrees."""
EXIF_TURN_CLOCKWISE = 6


def write_picture(path: Path, picture: NDArray[np.uint8]) -> None:
    """Writes a picture in the format of the path's suffix.

    Args:
        path: may hold any character; OpenCV itself would not write every name on every system.
        picture: uint8 (height, width, 3), blue, green, red.
    """
    options = [cv2.IMWRITE_JPEG_QUALITY, 88] if path.suffix == ".jpg" else []
    written, data = cv2.imencode(path.suffix, picture, options)
    if not written:
        raise OSError(f"{path}: OpenCV cannot write this format")
    path.write_bytes(data.tobytes())


def add_orientation(jpeg: bytes, orientation: int) -> bytes:
    """Returns a JPEG with an EXIF orientation (EXIF 2.3, tag 0x0112)."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0" + b"MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


def turn_picture(path: Path) -> None:
    """Stores a JPEG turned by 90 degrees, with the EXIF orientation that turns it back."""
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise OSError(f"{path}: OpenCV cannot read this picture")
    turned = np.asarray(cv2.rotate(picture, cv2.ROTATE_90_COUNTERCLOCKWISE), np.uint8)
    write_picture(path, turned)
    path.write_bytes(add_orientation(path.read_bytes(), EXIF_TURN_CLOCKWISE))


def make_sound(duration_ms: int) -> NDArray[np.float32]:
    """Returns soft tones, one per second; float32 (1, samples) at SOUND_RATE."""
    seconds = np.arange(duration_ms * SOUND_RATE // 1000) / SOUND_RATE
    tones = np.array(TONES)[seconds.astype(int) % len(TONES)]
    # Silent at every change of tone, which would click otherwise.
    loudness = 0.1 * np.sin(np.pi * (seconds % 1.0)) ** 2
    return np.asarray(loudness * np.sin(2 * np.pi * tones * seconds), np.float32)[np.newaxis]


def write_video(path: Path, frames: Frames, size: tuple[int, int], duration_ms: int) -> None:
    """Writes an H.264 (yuv420p) and AAC video; frames keep their own timestamps.

    Args:
        path: of the MP4.
        frames: in order of time, from 0 ms.
        size: width and height in pixels, both even.
        duration_ms: of the sound.
    """
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"crf": "24", "preset": "slow"})
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        video.gop_size = 50
        video.codec_context.time_base = MILLISECONDS
        audio = container.add_stream("aac", rate=SOUND_RATE, layout="mono")
        audio.bit_rate = 48_000
        for timestamp_ms, picture in frames:
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = timestamp_ms, MILLISECONDS
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        sound = make_sound(duration_ms)
        step = audio.codec_context.frame_size or 1024
        for start in range(0, sound.shape[1], step):
            part = np.ascontiguousarray(sound[:, start : start + step])
            piece = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
            piece.sample_rate, piece.pts = SOUND_RATE, start
            piece.time_base = Fraction(1, SOUND_RATE)
            container.mux(audio.encode(piece))
        container.mux(audio.encode(None))


def turn_video(path: Path) -> None:
    """Sets the rotation of the first track of an MP4: players turn it clockwise by 90 degrees."""
    data = bytearray(path.read_bytes())
    track = data.index(b"tkhd")
    # Version 1 of the box has three times of 64 bits in place of 32.
    matrix = track + 4 + (52 if data[track + 4] == 1 else 40)
    data[matrix : matrix + len(ROTATE_90)] = ROTATE_90
    path.write_bytes(bytes(data))


def cut_head(whole: Path, head: Path, size: int) -> None:
    """Writes the first bytes of an MP4 whose index (`moov`) stands at its end: it cannot open."""
    data = whole.read_bytes()
    if data.index(b"moov") < size:
        raise OSError(f"{whole}: the index must lie behind the first {size} bytes")
    head.write_bytes(data[:size])
