"""Opening a video to list its packets: one that lies far away by its index alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import BinaryIO, NamedTuple, cast

from av.packet import Packet
from av.video.stream import VideoStream

from fer_core.media import Source
from fer_core.video.container import Video, list_packets, open_video
from fer_core.video.mp4_outline import Outline

SAMPLE_PACKETS, SAMPLE_BYTES = 600, 4 << 20
"""How much of a video is looked at for whether its index can be trusted: the less of the two."""


class _Facts(NamedTuple):
    """What is known of a packet without decoding it."""

    pts: int | None
    dts: int | None
    duration: int | None
    is_key: bool
    size: int


@contextmanager
def open_listing(source: Source) -> Iterator[Video]:
    """Opens a video whose packets are to be listed, and nothing else.

    Of an MP4 that was opened as a file no media is read, where the index of its first packets
    calls the same ones keyframes as their bytes do: then `decode_frames` would find only zeros.

    Raises:
        MediaError: as `open_video`.
    """
    outline = None if isinstance(source, (str, os.PathLike)) else Outline(source)
    if outline is None or not outline.has_media or not _can_trust(outline):
        with open_video(source) as video:
            yield video
        return
    with open_video(cast(BinaryIO, outline), parse=False) as video:
        outline.hollow = True
        yield video


def _can_trust(outline: Outline) -> bool:
    """Tells whether a sample of packets is the same by the index alone."""
    with open_video(cast(BinaryIO, outline)) as video:
        sample = list(_sample_facts(video))
    with open_video(cast(BinaryIO, outline), parse=False) as video:
        outline.hollow = True
        same = sample == [_facts_of(packet) for packet in islice(list_packets(video), len(sample))]
    outline.hollow = False
    return same


def _sample_facts(video: Video) -> Iterator[_Facts]:
    left = SAMPLE_BYTES
    for packet in islice(list_packets(video), SAMPLE_PACKETS):
        yield _facts_of(packet)
        left -= packet.size
        if left < 0:
            return


def _facts_of(packet: Packet[VideoStream]) -> _Facts:
    return _Facts(packet.pts, packet.dts, packet.duration, packet.is_keyframe, packet.size)
