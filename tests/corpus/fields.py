"""Numbers of 64 bits, as large or small as can be, where containers keep times and sizes."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from random import Random

from tests.corpus.boxes import box, full_box

EXTREMES = (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63 - 1, 2**63, 2**64 - 1)

_MARKS = (
    # MP4, ISO/IEC 14496-12
    *(b"mvhd", b"mdhd", b"tkhd", b"elst", b"stts", b"ctts", b"stsc", b"stsz", b"stco", b"co64"),
    *(b"trun", b"tfdt", b"tfhd", b"trex", b"mehd", b"sidx", b"stss", b"sdtp", b"moov", b"trak"),
    # Matroska, RFC 9559: Segment, Info, Tracks, Cues, Cluster, TimestampScale, Duration, the
    # durations and delays of a track, and a cue's time and place
    *(b"\x18\x53\x80\x67", b"\x15\x49\xa9\x66", b"\x16\x54\xae\x6b", b"\x1c\x53\xbb\x6b"),
    *(b"\x1f\x43\xb6\x75", b"\x2a\xd7\xb1", b"\x44\x89", b"\x23\xe3\x83", b"\x56\xaa", b"\x56\xbb"),
    *(b"\xb3\x81", b"\xf1\x82", b"\x53\xab", b"\x53\xac"),
    # Ogg, AVI, FLV, ASF, MXF
    *(b"OggS", b"avih", b"strh", b"idx1", b"indx", b"onMetaData", b"duration", b"filesize"),
    *(b"\xa1\xdc\xab\x8c\x47\xa9", b"\x06\x0e\x2b\x34\x02\x53\x01\x01", b"\x0f\x01\x02\x01\x01"),
)  # fmt: skip
_MARK = re.compile(b"|".join(map(re.escape, _MARKS)))
_BEHIND = 64
"""Bytes behind a mark in which its numbers are."""

_FOLDERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf", b"mvex")
Widen = Callable[[bytes, Random], bytes]


def set_fields(data: bytes, random: Random) -> bytes:
    """Puts extremes behind what says that numbers follow."""
    places = [found.end() for found in _MARK.finditer(data)]
    changed = bytearray(data)
    for _ in range(random.randint(1, 6) if places else 0):
        at = random.choice(places) + random.randrange(_BEHIND)
        size, order = random.choice((4, 8)), random.choice(("big", "big", "little"))
        value = random.choice(EXTREMES) % (1 << 8 * size)
        changed[at : at + size] = value.to_bytes(size, "big" if order == "big" else "little")
    return bytes(changed[: len(data)])


def widen_boxes(data: bytes, random: Random) -> bytes:
    """Rewrites some boxes of an MP4 so that they hold 64 bits or claim many samples."""
    if data[4:8] != b"ftyp":
        return set_fields(data, random)
    chosen = random.sample(list(_WIDENED), random.randint(1, 3))
    return _rewrite(data, {kind: _WIDENED[kind] for kind in chosen}, random)


def _rewrite(data: bytes, chosen: dict[bytes, Widen], random: Random) -> bytes:
    parts, at = [], 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        size = size if 8 <= size <= len(data) - at else len(data) - at
        body = data[at + 8 : at + size]
        if kind in _FOLDERS:
            body = _rewrite(body, chosen, random)
            if kind == b"trak" and b"elst" in chosen and b"elst" not in body:
                body += box(b"edts", full_box(b"elst", chosen[b"elst"](b"", random), version=1))
            parts.append(box(kind, body))
        elif kind in chosen:
            parts.append(full_box(kind, chosen[kind](body, random), version=1))
        else:
            parts.append(data[at : at + size])
        at += size
    return b"".join((*parts, data[at:]))


def _wide(random: Random, often: int) -> bytes:
    """Returns 64 bits: an extreme, or what is usual."""
    return struct.pack(">Q", random.choice((*EXTREMES, often, often, often)))


def _film(body: bytes, random: Random) -> bytes:
    return bytes(16) + body[12:16] + _wide(random, 2000) + body[20:]


def _media(body: bytes, random: Random) -> bytes:
    scale = struct.pack(">I", random.choice((0, 1, 2**31 - 1, 2**32 - 1, 10_000, 10_000)))
    return bytes(16) + scale + _wide(random, 20_000) + body[20:]


def _track(body: bytes, random: Random) -> bytes:
    return bytes(16) + body[12:20] + _wide(random, 2000) + body[24:]


def _edits(body: bytes, random: Random) -> bytes:
    count = random.choice((1, 1, 2, 3, 50))
    edits = (_wide(random, 1000) + _wide(random, 0) + b"\0\1\0\0" for _ in range(count))
    return struct.pack(">I", random.choice((count, count, 2**32 - 1))) + b"".join(edits)


def _sizes(body: bytes, random: Random) -> bytes:
    return struct.pack(">II", random.choice((1, 100, 2**31)), random.choice(EXTREMES) % 2**32)


def _durations(body: bytes, random: Random) -> bytes:
    count = random.choice((1, 3, 1000))
    pairs = (struct.pack(">Q", random.choice((*EXTREMES, 20 << 32 | 1000))) for _ in range(count))
    return struct.pack(">I", count) + b"".join(pairs)


def _places(body: bytes, random: Random) -> bytes:
    return struct.pack(">I", 2) + _wide(random, 48) + _wide(random, 1000)


_WIDENED: dict[bytes, Widen] = {
    b"mvhd": _film,
    b"mdhd": _media,
    b"tkhd": _track,
    b"elst": _edits,
    b"stsz": _sizes,
    b"stts": _durations,
    b"ctts": _durations,
    b"co64": _places,
    b"tfdt": lambda body, random: _wide(random, 0),
}

FIELD_DAMAGES = (set_fields, widen_boxes)
FIELD_SUFFIXES = (
    *(".mp4", ".mp4", ".mp4", ".mov", ".m4v", ".3gp", ".mkv", ".mkv", ".webm", ".avi", ".flv"),
    *(".asf", ".ogv", ".mxf", ".ts"),
)
"""Containers that keep such numbers."""
