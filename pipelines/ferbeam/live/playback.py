"""A video in place of the camera: its frames at their time, late ones left out."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from fer_core.errors import MediaError
from fer_core.media import shown_name
from fer_core.video.appearance import Appearance, appearance_of
from fer_core.video.container import decode_frames, open_video
from fer_core.video.grey import colour_of, fit_grey, grey_of, orientation_of
from fer_core.video.index import start_of
from fer_core.video.standard_range import to_standard_range
from fer_core.video.upright import turn_plane

LATE_MS = 40
"""A frame later than this is left out."""

MOST_LEFT_OUT = 30
"""Frames left out in a row; then one is shown however late, and time goes on from there."""

LONGEST_SIDE = 960
"""Of the pictures that the page gets, in pixels."""

QUALITY = 85
"""Of their JPEG, of 100."""


@dataclass(frozen=True, eq=False)
class PlayedFrame:
    """A frame of the video.

    Attributes:
        frame_index: position in the file, from 0.
        timestamp_ms: when a player shows it.
        picture: as decoded.
        look: how it is to be shown.
    """

    frame_index: int
    timestamp_ms: int
    picture: VideoFrame
    look: Appearance

    def grey(self) -> NDArray[np.uint8]:
        """Returns it as the batch job sees it, uint8 (height, width)."""
        return fit_grey(grey_of(self.picture, self.look.orientation), self.look.shown_size)

    def colour(self, width: int, height: int) -> NDArray[np.uint8]:
        """Returns it in its colours, as the batch job sees it, at a size."""
        return colour_of(self.picture, self.look.orientation)(width, height)

    def jpeg(self) -> tuple[bytes, float]:
        """Returns it as the page shows it, and the scale from its own pixels to those."""
        own = (self.picture.width, self.picture.height)
        size = own if self.look.aspect == 1 else self.look.square_size
        colour = self.picture.reformat(*size, format="bgr24", threads=1).to_ndarray()
        turned = turn_plane(np.asarray(colour, np.uint8), self.look.orientation)
        upright = np.ascontiguousarray(turned)
        height, width = upright.shape[:2]
        scale = min(1.0, LONGEST_SIDE / max(height, width))
        if scale < 1:
            size = max(1, round(width * scale)), max(1, round(height * scale))
            small = cv2.resize(upright, size, interpolation=cv2.INTER_AREA)
            upright = np.asarray(small, np.uint8)
        encoded = cv2.imencode(".jpg", upright, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
        return encoded.tobytes(), scale


class Playback:
    """The frames of a video one after the other, for one thread.

    Args:
        path: of the video.
    """

    def __init__(self, path: str) -> None:
        self._frames = _read_frames(path)

    def next_frame(self, elapsed_ms: Callable[[], float]) -> PlayedFrame | None:
        """Returns the next frame that is not late; None at the end.

        Args:
            elapsed_ms: tells the time since the video began to play.
        """
        for left_out, frame in enumerate(self._frames):
            if frame.timestamp_ms >= elapsed_ms() - LATE_MS or left_out == MOST_LEFT_OUT:
                return frame
        return None

    def close(self) -> None:
        """Closes the file."""
        self._frames.close()


def check_video(path: str) -> None:
    """Checks that a file is a video of which a frame can be decoded.

    Raises:
        MediaError: it is not.
    """
    frames = _read_frames(path)
    if next(frames, None) is None:
        raise MediaError(f"{shown_name(path)}: none of its frames can be decoded")
    frames.close()


def _read_frames(path: str) -> Generator[PlayedFrame, None, None]:
    """Yields the frames of a video that can be decoded; one without a time, at the last one."""
    with open_video(path) as video:
        start, base = start_of(video), video.stream.time_base or Fraction(1, 1000)
        look: Appearance | None = None
        aspect = video.stream.sample_aspect_ratio
        at_ms = 0
        for index, frame in enumerate(decode_frames(video)):
            look = look or appearance_of(frame, orientation_of(frame), aspect)
            if frame.pts is not None:
                at_ms = max(at_ms, round(1000 * (frame.pts * base - start)))
            yield PlayedFrame(index, at_ms, to_standard_range(frame), look)
