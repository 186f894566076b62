"""Copies: measuring an annotated copy, or a contact sheet, without decoding a video."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from fer_core.errors import MediaError
from fer_core.media import Source, open_bytes, shown_name
from fer_core.pictures import check_complete, open_header
from fer_core.video.container import list_packets, open_video


@dataclass(frozen=True)
class CopyMeasures:
    """What can be told of a copy by its container.

    Attributes:
        width: pixels.
        height: pixels.
        frame_count: frames; 1 for a picture.
        end_ms: when its last frame ends; 0 for a picture.
    """

    width: int
    height: int
    frame_count: int
    end_ms: float


def measure_picture(source: Source) -> CopyMeasures:
    """Measures a picture and checks that it is whole.

    Raises:
        MediaError: it is missing, cut short or damaged.
    """
    with open_bytes(source) as file:
        data = file.read()
    name = shown_name(source)
    check_complete(data, name)
    with open_header(data, name) as image:
        return CopyMeasures(*image.size, 1, 0)


def measure_video(source: Source) -> CopyMeasures:
    """Measures the frames of an MP4 by its packets, and checks that all are there.

    Raises:
        MediaError: it is missing, cut short or damaged.
    """
    name = shown_name(source)
    with open_video(source) as video:
        told, context = video.stream.frames, video.stream.codec_context
        count, end = 0, 0
        for packet in list_packets(video):
            count += not packet.is_corrupt
            end = max(end, (packet.pts or 0) + (packet.duration or 0))
        if count != told:
            raise MediaError(f"{name}: holds {count} of its {told} frames, it is cut short")
        end_ms = float(end * (video.stream.time_base or Fraction(0)) * 1000)
        return CopyMeasures(context.width, context.height, count, end_ms)
