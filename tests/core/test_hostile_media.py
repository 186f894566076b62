"""Files that ask for more than their own bytes, or that change on the way, do no harm."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream
from PIL import ExifTags, Image

from fer_core.drawing.emoji import read_emoji
from fer_core.emotions import EMOTIONS
from fer_core.errors import MediaError, UsageError
from fer_core.pictures import read_coloured
from fer_core.video.container import VideoFile
from fer_core.video.frames import read_spans
from fer_core.video.index import index_video
from fer_core.video.spans import plan_spans
from tests.core.clips import Clip, make_clip
from tests.corpus.specials import tiff_of_tiles
from tests.corpus.videos import Recipe, make_video

PORT = (
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=video 49170 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
)


def test_a_list_of_other_files_is_no_video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_clip(tmp_path / "other.ts", Clip(frames=12))
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile 'other.ts'\n")
    with pytest.raises(MediaError, match="no video"):
        index_video("list.mp4")


def test_a_request_for_a_port_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "session.mp4").write_text(PORT)
    with pytest.raises(MediaError, match="no video"):
        index_video(tmp_path / "session.mp4")


@pytest.mark.parametrize("place", [-1, -(1 << 40), 1 << 62])
def test_a_place_that_no_file_has_is_not_the_disks_fault(tmp_path: Path, place: int) -> None:
    (tmp_path / "x").write_bytes(b"12345")
    with (tmp_path / "x").open("rb") as file:
        moved = VideoFile(file)
        assert moved.seek(2) == 2
        assert moved.seek(place) == (-errno.EINVAL if place < 0 else 5)
        assert moved.read(9) == (b"345" if place < 0 else b"")
        assert moved.seek(-1, os.SEEK_END) == 4


@pytest.mark.parametrize("codec", ["libvpx", "mjpeg"])
def test_frames_of_another_size_are_brought_to_that_of_the_first(
    tmp_path: Path, codec: str
) -> None:
    recipe = Recipe("matroska", codec, size=(160, 120), second_size=(320, 80), frames=80)
    (tmp_path / "x.mkv").write_bytes(make_video(recipe))
    index = index_video(tmp_path / "x.mkv")
    assert (index.info.width, index.info.height) == (160, 120)
    frames = [
        frame
        for reading in plan_spans(index, Fraction(5), 10)
        for frame in read_spans(tmp_path / "x.mkv", reading)
    ]
    shapes = {frame.grey.shape for frame in frames if frame.grey is not None}
    assert len(frames) == 40
    assert shapes == {(120, 160)}


def test_side_data_that_pyav_does_not_know_is_no_fault(tmp_path: Path) -> None:
    """EXIF of the pictures in a Motion JPEG, as some cameras write it."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    picture = io.BytesIO()
    Image.new("RGB", (64, 32)).save(picture, "JPEG", exif=exif)
    with av.open(str(tmp_path / "x.avi"), "w") as output:
        stream = output.add_stream("mjpeg", rate=10)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuvj420p"
        for number in range(3):
            packet: Packet[Stream] = Packet(picture.getvalue())
            packet.pts = packet.dts = number
            packet.stream, packet.time_base = stream, Fraction(1, 10)
            output.mux(packet)
    info = index_video(tmp_path / "x.avi").info
    assert (info.rotation, info.width, info.height) == (90, 32, 64)


@pytest.mark.parametrize(("side", "read"), [(256, True), (12_000, False)])
def test_a_tile_that_is_larger_than_its_picture_is_not_decoded(
    tmp_path: Path, side: int, read: bool
) -> None:
    (tmp_path / "x.tif").write_bytes(tiff_of_tiles(side))
    if read:
        assert read_coloured(tmp_path / "x.tif")[0].shape == (64, 64)
    else:
        with pytest.raises(MediaError, match="its tiles have 144,000,000 pixels"):
            read_coloured(tmp_path / "x.tif")


@pytest.mark.parametrize("open_it", [index_video, read_coloured, read_emoji])
def test_a_pipe_is_never_waited_for(tmp_path: Path, open_it: Callable[[Path], object]) -> None:
    for emotion in EMOTIONS:
        os.mkfifo(tmp_path / f"{emotion.name}.png")
    is_folder = open_it is read_emoji
    with pytest.raises((MediaError, UsageError), match="no file"):
        open_it(tmp_path if is_folder else tmp_path / "happy.png")


@pytest.mark.parametrize("sample_fps", [Fraction(5), None])
def test_every_video_has_a_sample_and_no_time_before_0(
    tmp_path: Path, sample_fps: Fraction | None
) -> None:
    """H.264 in an MPEG stream has no pts; a header may say that all frames lie before its start."""
    for name, recipe in {
        "x.mpg": Recipe("mpeg", "libx264", times="late"),
        "x.mkv": Recipe("matroska", "libx264", frames=1, times="negative"),
    }.items():
        (tmp_path / name).write_bytes(make_video(recipe))
        index = index_video(tmp_path / name)
        (reading,) = plan_spans(index, sample_fps, 10)
        times = [time for span in reading for time in span.timestamp_ms]
        assert times[0] == 0
        assert times == sorted(times)
        assert index.info.duration_ms == pytest.approx(100 * recipe.frames, abs=20)
