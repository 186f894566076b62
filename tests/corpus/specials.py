"""Single files that are bad on purpose: bombs, playlists, wrong contents."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

from tests.corpus.boxes import Claim, mp4_of
from tests.corpus.pictures import encode
from tests.corpus.scenes import draw_scene


def _png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + body


def _jpeg_bomb() -> bytes:
    from PIL import Image

    data = bytearray(encode(Image.fromarray(draw_scene(0, 64, 64)), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65_500, 65_500)
    return bytes(data)


def _gif(width: int, height: int, frames: int) -> bytes:
    """A GIF whose frames are as large as it claims, and hold one pixel's worth of data."""
    head = (
        b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    )
    frame = b"\x21\xf9\x04\x00\x0a\x00\x00\x00\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0)
    return head + (frame + b"\x02\x02\x44\x01\x00") * frames + b"\x3b"


def _bmp(width: int, height: int) -> bytes:
    body = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 100, 0, 0, 54) + body + bytes(100)


def _webp(width: int, height: int) -> bytes:
    """A VP8X header of a huge canvas."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + b"\x00" * 4 + sides
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def _tiff(width: int, height: int, loop: bool = False) -> bytes:
    tags = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1)]
    tags += [(273, 4, 8), (277, 3, 1), (278, 4, height), (279, 4, 0xFFFFFFF0)]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    following = 8 if loop else 0
    return (
        b"II*\x00\x08\x00\x00\x00"
        + struct.pack("<H", len(tags))
        + entries
        + struct.pack("<I", following)
    )


def tiff_of_tiles(side: int) -> bytes:
    """A TIFF of 64 x 64 pixels in one tile of side x side."""
    packed = zlib.compress(bytes(side * side), 1)
    tags = [(256, 4, 64), (257, 4, 64), (258, 3, 8), (259, 3, 8), (262, 3, 1), (277, 3, 1)]
    place = 8 + 2 + 12 * 10 + 4
    tags += [(322, 4, side), (323, 4, side), (324, 4, place), (325, 4, len(packed))]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    head = b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", len(tags))
    return head + entries + bytes(4) + packed


SPECIALS: dict[str, Callable[[], bytes]] = {
    "empty.jpg": lambda: b"",
    "empty.mp4": lambda: b"",
    "one_byte.png": lambda: b"\x89",
    "zeros.mp4": lambda: bytes(100_000),
    "text.mp4": lambda: b"this is no video\n" * 100,
    "text.jpg": lambda: b"this is no picture\n" * 100,
    "page.mp4": lambda: b"<!DOCTYPE html><script>alert(1)</script>",
    "playlist.ts": lambda: b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n",
    "playlist.mp4": lambda: (
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/x.ts\n"
    ),
    "list.mp4": lambda: b"ffconcat version 1.0\nfile /etc/passwd\n",
    "session.mp4": lambda: (
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        b"m=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
    ),
    "dash.mp4": lambda: (
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period>'
        b"<BaseURL>http://127.0.0.1:9/</BaseURL></Period></MPD>"
    ),
    "subtitle.mp4": lambda: b"1\n00:00:01,000 --> 00:00:02,000\nHello\n",
    "picture.mp4": lambda: _png(64, 64, (b"IDAT", zlib.compress(bytes(65 * 64)))),
    "huge.png": lambda: _png(60_000, 60_000, (b"IDAT", zlib.compress(bytes(1000)))),
    "endless.png": lambda: _png(2**31 - 1, 2**31 - 1, (b"IDAT", zlib.compress(bytes(1000)))),
    "nothing.png": lambda: _png(0, 0, (b"IDAT", zlib.compress(b""))),
    "large.png": lambda: _png(9_000, 9_000, (b"IDAT", zlib.compress(bytes(9_001 * 9_000)))),
    "comment.png": lambda: _png(
        8,
        8,
        (b"zTXt", b"a\x00\x00" + zlib.compress(bytes(1 << 26), 1)),
        (b"IDAT", zlib.compress(bytes(72))),
    ),
    "profile.png": lambda: _png(
        8,
        8,
        (b"iCCP", b"a\x00\x00" + zlib.compress(bytes(1 << 26), 1)),
        (b"IDAT", zlib.compress(bytes(72))),
    ),
    "huge.jpg": _jpeg_bomb,
    "huge.gif": lambda: _gif(65_535, 65_535, 3),
    "large.gif": lambda: _gif(5_000, 5_000, 3),
    "huge.bmp": lambda: _bmp(2_000_000, 2_000_000),
    "upside_down.bmp": lambda: _bmp(64, -(2**31)),
    "huge.webp": lambda: _webp(1 << 24, 1 << 24),
    "huge.tif": lambda: _tiff(100_000, 100_000),
    "loop.tif": lambda: _tiff(64, 64, loop=True),
    "strips.tif": lambda: _tiff(64, 64),
    "tiles.tif": lambda: tiff_of_tiles(12_000),
    "frames.gif": lambda: _gif(16, 16, 20_000),
    "claims.mp4": lambda: mp4_of(*[Claim(80_000_000)] * 3),
    "fragment.mp4": lambda: mp4_of(Claim(), fragment=2**32 - 1),
    "edits.mp4": lambda: mp4_of(Claim(2_000_000, edits=[(2_000_000, 0)] * 40)),
    "extreme.mp4": lambda: mp4_of(Claim(edits=[(2**62, -1), (1000, 0)])),
    "huge.ppm": lambda: b"P6 999999 999999 255\n" + bytes(100),
    "large.ppm": lambda: b"P6 1 1 65535\n" + bytes(3),
    "huge.y4m": lambda: b"YUV4MPEG2 W60000 H60000 F25:1 Ip A1:1 C420\nFRAME\n" + bytes(100),
    "odd_rate.y4m": lambda: (
        b"YUV4MPEG2 W16 H16 F0:0 Ip A0:0 C420\n" + (b"FRAME\n" + bytes(384)) * 5
    ),
    "fast.y4m": lambda: b"YUV4MPEG2 W16 H16 F2000000000:1 C420\n" + (b"FRAME\n" + bytes(384)) * 5,
    "slow.y4m": lambda: b"YUV4MPEG2 W16 H16 F1:2000000000 C420\n" + (b"FRAME\n" + bytes(384)) * 5,
}
"""What a file of that name holds."""
