"""Upright: decoded frames in display orientation, in 4:2:0, to be drawn on and encoded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from fer_core.drawing.canvas import YuvCanvas
from fer_core.video.appearance import Appearance, is_yuv
from fer_core.video.grey import Orientation, is_full_range

Plane = NDArray[np.uint8]


class UprightFrames:
    """Turns decoded frames into the frames of a copy: all of one size, format and range.

    One per thread. A frame that it gave is valid until the next is asked for.

    Args:
        look: how the copy looks.
    """

    def __init__(self, look: Appearance) -> None:
        self._look = look
        width, height = look.coded_size
        # Always the same memory: fresh memory for each frame costs more than copying into it.
        self._own = VideoFrame(width, height, look.pix_fmt)
        self._planes = _planes_of(self._own)
        self._shown_size = look.shown_size
        even = look.shown_size == look.coded_size
        self._as_stored = even and look.orientation == Orientation()

    def turn(self, frame: VideoFrame, draw: Callable[[YuvCanvas], None] | None) -> VideoFrame:
        """Returns the frame to encode: the decoder's own where nothing is changed or drawn.

        Args:
            frame: as decoded; never written to, since the decoder may still refer to it.
            draw: draws onto it in display orientation; None for nothing to draw.

        Raises:
            av.FFmpegError: its pixel format cannot be converted.
        """
        fitted = self._fit(frame)
        if draw is None and self._as_stored and fitted.planes[0].line_size > 0:
            return fitted
        width, height = self._shown_size
        for stored, own in zip(_planes_of(fitted), self._planes, strict=True):
            turned = turn_plane(stored, self._look.orientation)
            own[: turned.shape[0], : turned.shape[1]] = turned
        if draw is not None:
            y, u, v = self._planes
            draw(YuvCanvas(y[:height, :width], u, v, self._look.full_range, self._look.bt709))
        if not self._as_stored:
            luma = self._planes[0]
            luma[:, width:] = luma[:, width - 1 : width]
            luma[height:] = luma[height - 1 : height]
        return self._own

    def _fit(self, frame: VideoFrame) -> VideoFrame:
        """Converts a frame to the size, format and range of the copy, if it differs."""
        look, name = self._look, frame.format.name
        same_size = (frame.width, frame.height) == look.square_size
        full_range = is_full_range(frame)
        if name == look.pix_fmt and same_size and full_range == look.full_range:
            return frame
        yuv = is_yuv(name)
        return frame.reformat(
            *look.square_size,
            look.pix_fmt,
            dst_colorspace=None if yuv else ("ITU709" if look.colours[0] == 1 else "SMPTE170M"),
            interpolation="BICUBIC",
            src_color_range="JPEG" if full_range else ("MPEG" if yuv else None),
            dst_color_range="JPEG" if look.full_range else "MPEG",
            threads=1,
        )


def turn_plane(plane: Plane, orientation: Orientation) -> Plane:
    """Returns a view of stored pixels, uint8 (h, w) or (h, w, 3), in display orientation."""
    if orientation.transposed:
        plane = plane.swapaxes(0, 1)
    if orientation.mirrored:
        plane = plane[:, ::-1]
    if orientation.flipped:
        plane = plane[::-1]
    return plane


def _planes_of(frame: VideoFrame) -> list[Plane]:
    """Returns views of the memory of a frame in 4:2:0: uint8 (h, w) and (h / 2, w / 2) twice."""
    views = []
    for plane in frame.planes:
        row = abs(plane.line_size)
        rows = np.frombuffer(memoryview(plane), np.uint8, row * plane.height)
        view = rows.reshape(plane.height, row)
        upside_down = plane.line_size < 0  # the buffer then starts at the last row
        views.append((view[::-1] if upside_down else view)[:, : plane.width])
    return views
