"""Claims: how many samples the header of an MP4 says it has, told before FFmpeg believes it.

FFmpeg makes room for every sample of every track when it opens a file, and a header of some bytes
can claim billions of them (ISO/IEC 14496-12: a size and a duration that all samples share).
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass, field
from typing import BinaryIO

from fer_core.errors import MediaError
from fer_core.media import Source, open_bytes, shown_name
from fer_core.video.mp4_boxes import Mp4Box, list_boxes, list_inner

MAX_SAMPLES = 20_000_000
"""Samples of all tracks of a video above which it is refused: about 64 bytes each in FFmpeg."""

_FOLDERS = frozenset(
    {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"udta", b"moof", b"traf", b"mvex"}
)
"""Boxes that hold boxes, and may lead to what claims samples."""
_DEEPEST = 10
"""FFmpeg looks no deeper."""
_SOUND_CHUNK = 1024
"""Samples of plain sound that FFmpeg takes together."""
_HEADER_BYTES = 64 << 20
"""What compressed headers of a file may come to: that of many hours takes some megabytes."""
_HEAD_BYTES = 64
_TABLE_BYTES = {b"stsc": 12 << 20, b"elst": 20 << 20}
"""How much of a table is read that is read whole; of others, the first numbers tell."""


@dataclass
class _Track:
    """What a track claims, as far as its boxes were read.

    Attributes:
        samples: in its table of sizes.
        chunks: in its table of places.
        runs: first chunk and samples of each chunk, from there on.
        is_sound: whether its handler says so.
        unit_long: whether all samples last one unit of time.
        length: of the media in seconds, 0 where it is not told.
        edits: lengths of its edits that show something, in units of the film.
    """

    samples: int = 0
    chunks: int = 0
    runs: list[tuple[int, int]] = field(default_factory=list)
    is_sound: bool = False
    unit_long: bool = False
    length: float = 0.0
    edits: list[int] = field(default_factory=list)

    def count(self, film_scale: int) -> int:
        """Returns how many samples FFmpeg makes room for."""
        count = self._count_sound() if self.is_sound and self.unit_long else self.samples
        times = float(len(self.edits))
        if times > 1 and film_scale and self.length:
            # An edit shows part of the media, and FFmpeg lists that part anew.
            times = min(times, 1 + sum(self.edits) / film_scale / self.length)
        return int(count * max(1, times))

    def _count_sound(self) -> int:
        if not self.runs:
            return 0
        ends = [first for first, _ in self.runs[1:]] + [self.chunks + 1]
        return sum(
            max(0, end - first) * -(-each // _SOUND_CHUNK)
            for (first, each), end in zip(self.runs, ends, strict=True)
        )


@dataclass
class _Claims:
    """What the boxes of a file claim together."""

    film_scale: int = 0
    fragments: int = 0
    unpacked: int = 0
    tracks: list[_Track] = field(default_factory=list)

    @property
    def track(self) -> _Track:
        """The track whose boxes are read."""
        return self.tracks[-1] if self.tracks else _Track()

    def count(self) -> int:
        return self.fragments + sum(track.count(self.film_scale) for track in self.tracks)


def check_claims(source: Source, limit: int = MAX_SAMPLES) -> None:
    """Refuses an MP4 or QuickTime file that claims too many samples; any other file passes.

    Raises:
        MediaError: it claims more than `limit`, all tracks and fragments together.
    """
    with open_bytes(source) as file:
        claims = _Claims()
        for box in list_boxes(file):
            _read_box(file, box, claims, 0)
            if (count := claims.count()) > limit:
                raise MediaError(
                    f"{shown_name(source)}: its header claims {count:,} samples, {limit:,} are the "
                    "limit: it is damaged, copy it again, or cut it into parts"
                )


def _read_box(file: BinaryIO, box: Mp4Box, claims: _Claims, depth: int) -> None:
    if box.kind in _FOLDERS and depth < _DEEPEST:
        if box.kind == b"trak":
            claims.tracks.append(_Track())
        for inner in list_inner(file, box.body, box.end):
            _read_box(file, inner, claims, depth + 1)
    elif box.kind == b"cmov" and depth < _DEEPEST:
        _read_compressed(file, box, claims, depth)
    elif box.kind in _READERS:
        file.seek(box.body)
        body = file.read(min(box.end - box.body, _TABLE_BYTES.get(box.kind, _HEAD_BYTES)))
        try:
            _READERS[box.kind](body, claims)
        except (struct.error, IndexError):
            return  # cut short: FFmpeg will say so


def _read_compressed(file: BinaryIO, box: Mp4Box, claims: _Claims, depth: int) -> None:
    """Reads a header that is packed as a whole, as QuickTime once did."""
    for inner in list_inner(file, box.body, box.end):
        if inner.kind == b"cmvd":
            file.seek(inner.body + 4)
            packed = file.read(min(inner.end - inner.body, _HEADER_BYTES))
            unpack = zlib.decompressobj()
            try:
                header = unpack.decompress(packed, max(1, _HEADER_BYTES - claims.unpacked))
            except zlib.error:
                return
            claims.unpacked += len(header)
            if unpack.unconsumed_tail:
                claims.fragments = 1 << 62
            for unpacked in list_inner(io.BytesIO(header), 0, len(header)):
                _read_box(io.BytesIO(header), unpacked, claims, depth + 1)


def _read_sizes(body: bytes, claims: _Claims) -> None:
    claims.track.samples += struct.unpack_from(">I", body, 8)[0]


def _read_places(body: bytes, claims: _Claims) -> None:
    claims.track.chunks += struct.unpack_from(">I", body, 4)[0]


def _read_runs(body: bytes, claims: _Claims) -> None:
    claims.track.runs += [
        (first, each) for first, each, _ in struct.iter_unpack(">III", _table(body, 12))
    ]


def _read_durations(body: bytes, claims: _Claims) -> None:
    count, _, each = struct.unpack_from(">III", body, 4)
    claims.track.unit_long = (count, each) == (1, 1)


def _read_handler(body: bytes, claims: _Claims) -> None:
    claims.track.is_sound = claims.track.is_sound or body[8:12] == b"soun"


def _read_film(body: bytes, claims: _Claims) -> None:
    claims.film_scale = struct.unpack_from(">I", body, 20 if body[0] else 12)[0]


def _read_media(body: bytes, claims: _Claims) -> None:
    form, at = (">IQ", 20) if body[0] else (">II", 12)
    scale, length = struct.unpack_from(form, body, at)
    claims.track.length = length / scale if scale else 0.0


def _read_edits(body: bytes, claims: _Claims) -> None:
    form = ">QqI" if body[0] else ">IiI"
    edits = struct.iter_unpack(form, _table(body, struct.calcsize(form)))
    claims.track.edits += [length for length, start, _ in edits if start >= 0]


def _read_fragment(body: bytes, claims: _Claims) -> None:
    claims.fragments += struct.unpack_from(">I", body, 4)[0]


def _table(body: bytes, row: int) -> bytes:
    """Returns the whole rows of a table that is there, whatever number it claims."""
    count = min(struct.unpack_from(">I", body, 4)[0], (len(body) - 8) // row)
    return body[8 : 8 + count * row]


_READERS = {
    b"stsz": _read_sizes,
    b"stz2": _read_sizes,
    b"stco": _read_places,
    b"co64": _read_places,
    b"stsc": _read_runs,
    b"stts": _read_durations,
    b"hdlr": _read_handler,
    b"mvhd": _read_film,
    b"mdhd": _read_media,
    b"elst": _read_edits,
    b"trun": _read_fragment,
}
