"""MP4 files written box by box (ISO/IEC 14496-12), whose tables claim what a test wants."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

UNITY = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


@dataclass(frozen=True)
class Claim:
    """What the tables of a track say.

    Attributes:
        samples: in the table of sizes.
        size: of every sample in bytes; None for that of the one picture in the file.
        durations: (number, units) of the table of durations; None for all samples one unit.
        chunks: (first chunk, samples of each) of the table of chunks; None for all in one.
        edits: (length, start) with 64 bits each.
        sound: a track of plain sound.
        places: number of chunks, all at the same place.
    """

    samples: int = 1
    size: int | None = None
    durations: Sequence[tuple[int, int]] | None = None
    chunks: Sequence[tuple[int, int]] | None = None
    edits: Sequence[tuple[int, int]] = ()
    sound: bool = False
    places: int = 1


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def full_box(kind: bytes, *parts: bytes, version: int = 0) -> bytes:
    return box(kind, bytes([version, 0, 0, 0]), *parts)


def mp4_of(*claims: Claim, media: bytes | None = None, fragment: int | None = None) -> bytes:
    """Returns an MP4 of Motion JPEG with a track for each claim.

    Args:
        claims: of its tracks.
        media: the bytes of all samples; None for one picture of 64 x 48 pixels.
        fragment: samples that a fragment behind it claims, in a box of some bytes.
    """
    media = picture_bytes() if media is None else media
    head = box(b"ftyp", b"isom\0\0\2\0isom")
    place = len(head) + 8
    tracks = [_track(at, claim, place, len(media)) for at, claim in enumerate(claims, 1)]
    film = full_box(
        b"mvhd", struct.pack(">IIII", 0, 0, 1000, 0), bytes(8), b"\0" * 8, UNITY, bytes(28)
    )
    more = (
        []
        if fragment is None
        else [box(b"mvex", full_box(b"trex", struct.pack(">5I", 1, 1, 1, 1, 0)))]
    )
    moov = box(b"moov", film, *tracks, *more)
    behind = b"" if fragment is None else _fragment(fragment)
    return head + box(b"mdat", media) + moov + behind


def picture_bytes() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 60)).save(file, "JPEG")
    return file.getvalue()


def _track(number: int, claim: Claim, place: int, size: int) -> bytes:
    length = sum(count * units for count, units in claim.durations or [(claim.samples, 1)])
    sides = struct.pack(">II", 64 << 16, 48 << 16)
    header = struct.pack(">IIIIQ", 0, 0, number, 0, length) + bytes(16) + UNITY + sides
    media = struct.pack(">QQIQHH", 0, 0, 1000, length, 0x55C4, 0)
    kind, name = (b"soun", b"smhd") if claim.sound else (b"vide", b"vmhd")
    edits = [struct.pack(">QqHH", *edit, 1, 0) for edit in claim.edits]
    table = struct.pack(">I", len(edits)), *edits
    return box(
        b"trak",
        full_box(b"tkhd", struct.pack(">QQ", 0, 0) + header[8:], version=1),
        box(b"edts", full_box(b"elst", *table, version=1)) if edits else b"",
        box(
            b"mdia",
            full_box(b"mdhd", media, version=1),
            full_box(b"hdlr", bytes(4), kind, bytes(13)),
            box(b"minf", full_box(name, bytes(8)), _tables(claim, place, size)),
        ),
    )


def _tables(claim: Claim, place: int, size: int) -> bytes:
    entry = _sound_entry() if claim.sound else _picture_entry()
    durations = claim.durations or [(claim.samples, 1)]
    chunks = claim.chunks or [(1, claim.samples)]
    sizes = struct.pack(">II", size if claim.size is None else claim.size, claim.samples)
    return box(
        b"stbl",
        full_box(b"stsd", struct.pack(">I", 1), entry),
        full_box(
            b"stts", struct.pack(">I", len(durations)), *(struct.pack(">II", *d) for d in durations)
        ),
        full_box(
            b"stsc", struct.pack(">I", len(chunks)), *(struct.pack(">III", *c, 1) for c in chunks)
        ),
        full_box(b"stsz", sizes),
        full_box(b"stco", struct.pack(">I", claim.places), struct.pack(">I", place) * claim.places),
    )


def _picture_entry() -> bytes:
    sides = struct.pack(">HHIIIH", 64, 48, 0x480000, 0x480000, 0, 1)
    return box(
        b"jpeg", bytes(6), struct.pack(">H", 1), bytes(16), sides, bytes(32), b"\0\x18\xff\xff"
    )


def _sound_entry() -> bytes:
    return box(
        b"sowt",
        bytes(6),
        struct.pack(">H", 1),
        bytes(8),
        struct.pack(">HHII", 1, 16, 0, 8000 << 16),
    )


def _fragment(samples: int) -> bytes:
    track = full_box(b"tfhd", struct.pack(">I", 1))
    run = full_box(b"trun", struct.pack(">I", samples))
    return box(b"moof", full_box(b"mfhd", struct.pack(">I", 1)), box(b"traf", track, run))
