"""What a file is, what is known of it, and one clear line for every file that cannot be read."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zlib
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from PIL import Image, ImageOps
from pillow_heif import register_heif_opener

from fer_core.errors import MediaError
from fer_core.media import MediaInfo, identity_of, kind_of, shown_name
from fer_core.pictures import probe_picture, read_coloured
from fer_core.video.index import index_video
from tests.core.clips import Clip, draw_pattern, make_clip, make_sound

ALL_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM", "HEIF", "AVIF", "JPEG2000")


def picture_bytes(kind: str, orientation: int = 1, size: tuple[int, int] = (96, 64)) -> bytes:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    register_heif_opener()
    own = {} if kind == "JPEG2000" else {"exif": exif}
    Image.fromarray(draw_pattern(9, *size)).convert("RGB").save(buffer, kind, **own)
    return buffer.getvalue()


def huge_png_header() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


def test_kind_of_goes_by_the_suffix() -> None:
    assert kind_of("a/b.JPG") == "image"
    assert kind_of(Path("b.MoV")) == "video"
    assert kind_of("mp4") is None
    assert kind_of("a.txt") is None


def test_identity_is_the_sha256_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"x" * 3_000_000)
    assert identity_of(path) == hashlib.sha256(b"x" * 3_000_000).hexdigest()


def test_names_are_shown_in_one_line() -> None:
    assert shown_name(os.fsdecode(b"dir/caf\xe9\n\xf0\x9f\x98\x80.jpg")) == "caf%E9%0A😀.jpg"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_as_exif_says(kind: str, orientation: int) -> None:
    data = picture_bytes(kind, orientation)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("L"))
    info = probe_picture(io.BytesIO(data))
    grey = read_coloured(io.BytesIO(data))[0]
    assert grey.dtype == np.uint8
    assert grey.shape == upright.shape == (info.height, info.width)
    assert np.abs(grey.astype(int) - upright).max() <= (4 if kind not in ("HEIF", "AVIF") else 25)
    rotation = {3: 180, 6: 90, 8: 270}
    if orientation in rotation and kind != "HEIF":  # libheif hands out what is turned already
        assert info.rotation == rotation[orientation]


@pytest.mark.parametrize("name", [b'a "b" \xf0\x9f\x98\x80\n.png', b"caf\xe9.png"])
def test_pictures_and_videos_of_any_name_are_read(tmp_path: Path, name: bytes) -> None:
    path = os.path.join(tmp_path, os.fsdecode(name))
    try:
        Path(path).write_bytes(picture_bytes("PNG"))
    except OSError:
        pytest.skip("this file system refuses names that are not UTF-8")
    assert read_coloured(path)[0].shape == (64, 96)
    video = Path(path[:-4] + ":%03d.mp4")
    video.write_bytes(make_clip(tmp_path / "a.mp4", Clip(frames=5)).read_bytes())
    assert len(index_video(video).pts) == 5


@pytest.mark.parametrize(
    "kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM", "HEIF", "AVIF", "JPEG2000"]
)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_pictures_cut_short_are_refused(kind: str, part: float) -> None:
    data = picture_bytes(kind)
    assert read_coloured(io.BytesIO(data))[0].shape == (64, 96)
    with pytest.raises(MediaError):
        read_coloured(io.BytesIO(data[: int(len(data) * part)]))


def test_a_picture_with_bytes_behind_its_end_is_read() -> None:
    assert read_coloured(io.BytesIO(picture_bytes("JPEG") + b"trailer"))[0].shape == (64, 96)


def test_huge_headers_are_refused_before_decoding(tmp_path: Path) -> None:
    for limit in (10**8, 10**12):
        with pytest.raises(MediaError, match="pixels"):
            read_coloured(io.BytesIO(huge_png_header()), limit)
    with pytest.raises(MediaError, match=r"96 x 64 pixels, more than the limit of 6143"):
        probe_picture(io.BytesIO(picture_bytes("PNG")), 96 * 64 - 1)
    path = make_clip(tmp_path / "a.mp4", Clip(frames=3))
    with pytest.raises(MediaError, match=r"96 x 64 pixels, more than the limit of 6143"):
        index_video(path, 96 * 64 - 1)


def test_what_is_known_of_a_picture_and_a_video(tmp_path: Path) -> None:
    assert probe_picture(io.BytesIO(picture_bytes("JPEG"))) == MediaInfo(
        "image", "jpeg", 96, 64, 0, None, 0, has_audio=False
    )
    path = make_clip(tmp_path / "a.mp4", Clip(frames=30, rate=12, rotation=90, sound_s=1))
    assert index_video(path).info == MediaInfo(
        "video", "h264", 64, 96, 90, 12.0, 2500, has_audio=True
    )


def mux_tracks(path: Path, *clips: Path, default: int) -> Path:
    """Puts the videos of several clips into one file, one of them as the default."""
    sources = [av.open(str(clip)) for clip in clips]
    with av.open(str(path), "w") as output:
        tracks = [output.add_stream_from_template(each.streams.video[0]) for each in sources]
        for at, track in enumerate(tracks):
            track.disposition = Disposition.default if at == default else Disposition(0)
        for source, track in zip(sources, tracks, strict=True):
            for packet in source.demux(video=0):
                if packet.dts is not None:
                    packet.stream = track
                    output.mux(packet)
    for source in sources:
        source.close()
    return path


def test_the_track_a_player_would_show_is_read(tmp_path: Path) -> None:
    thumbnail = make_clip(tmp_path / "a.mp4", Clip(frames=1, size=(320, 240)))
    film = make_clip(tmp_path / "b.mp4", Clip(frames=30))
    large = make_clip(tmp_path / "c.mp4", Clip(frames=12, size=(128, 96)))
    info = index_video(mux_tracks(tmp_path / "1.mp4", thumbnail, film, default=0)).info
    assert (info.width, info.duration_ms) == (96, 2500)
    assert info.notes == (
        "shown: video track 1 (h264, 96 x 64); left out: video track 0 (h264, 320 x 240)"
    )
    second = mux_tracks(tmp_path / "2.mkv", large, film, default=1)
    assert index_video(second).info.width == 96
    assert index_video(mux_tracks(tmp_path / "3.mkv", film, large, default=1)).info.width == 128
    assert index_video(mux_tracks(tmp_path / "4.ts", film, large, default=0)).info.width == 128


def test_a_codec_is_named_not_the_library_that_decodes_it(tmp_path: Path) -> None:
    av1 = {"preset": "12", "svtav1-params": "log-level=0"}
    path = make_clip(tmp_path / "a.mp4", Clip(codec="libsvtav1", frames=5, options=av1))
    assert index_video(path).info.codec == "av1"


def test_a_video_without_its_index_says_so(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", Clip(frames=30))
    path.write_bytes(path.read_bytes()[:-3000])  # the index lies at the end
    with pytest.raises(MediaError, match=r"a\.mp4: its index \(moov\) is missing"):
        index_video(path)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="holds only sound"):
        index_video(make_sound(tmp_path / "a.mp4"))


@pytest.mark.parametrize("read", [probe_picture, read_coloured, index_video, identity_of])
def test_files_that_are_no_media_are_refused_in_one_line(tmp_path: Path, read: object) -> None:
    assert callable(read)
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("hello\n" * 200)
    (tmp_path / "short.mp4").write_bytes(b"\x00")
    (tmp_path / "loop.mp4").symlink_to(tmp_path / "loop.mp4")
    (tmp_path / "folder.mp4").mkdir()
    names = ["empty.mp4", "loop.mp4", "folder.mp4", "gone.mp4"]
    for name in names + ([] if read is identity_of else ["text.mp4", "short.mp4"]):
        with pytest.raises(MediaError) as raised:
            read(tmp_path / name)
        assert str(raised.value).startswith(f"{name}: ")
        assert "\n" not in str(raised.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(picture_bytes("PNG"))
    path.chmod(0)
    with pytest.raises(MediaError, match="permission denied"):
        read_coloured(path)


class FailingDisk(io.BytesIO):
    """A file whose disk fails after some kilobytes."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() >= 2000:
            raise OSError(5, "Input/output error")
        return super().read(min(size or 0, 1000) if size != -1 else 1000)


def test_a_failing_disk_is_not_the_fault_of_the_medium(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mkv", Clip(frames=100))
    with pytest.raises(OSError, match="Input/output error"):
        index_video(FailingDisk(path.read_bytes()))
