"""Containers as they are met in the world: as many frames as ffprobe counts, at its times.

Each is made by ffmpeg, a few kB of a pattern; where an encoder is not in it, that one is left out.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from fer_core.video.frames import read_spans
from fer_core.video.index import index_video
from fer_core.video.spans import plan_spans

SEEN = "-f lavfi -i testsrc2=s=160x120:r=25:d=2"
HEARD = "-f lavfi -i sine=r=22050:d=2"
H264 = "-c:v libx264 -preset ultrafast -g 12"
BOTH = f"{SEEN} {HEARD} {H264}"


class Shape(NamedTuple):
    """How a file is made.

    Attributes:
        name: of the file.
        words: of ffmpeg.
        frames: how many it shows.
        size: that is seen.
        stored: whether its times start where ffprobe of any version says that the file does.
    """

    name: str
    words: str
    frames: int = 50
    size: tuple[int, int] = (160, 120)
    stored: bool = True


SHAPES = [
    Shape("recorder.webm", f"{SEEN} {HEARD} -c:v libvpx -c:a libopus -live 1", stored=False),
    Shape("fragmented.mp4", f"{BOTH} -c:a aac -movflags frag_keyframe+empty_moov"),
    Shape("dash.mp4", f"{BOTH} -c:a aac -movflags +dash+frag_keyframe+empty_moov"),
    Shape("edit_list.mp4", f"{BOTH} -bf 2 -c:a aac"),
    Shape("delayed.mp4", f"{BOTH} -bf 2 -c:a aac -output_ts_offset 1.3"),
    Shape("timecode.mov", f"{BOTH} -c:a aac -timecode 01:00:00:00"),
    Shape("dashcam.ts", f"{BOTH} -bf 2 -c:a aac"),
    Shape("camcorder.m2ts", f"{BOTH} -bf 2 -c:a aac -f mpegts -mpegts_m2ts_mode 1"),
    Shape("disc.vob", f"{SEEN} {HEARD} -c:v mpeg2video -c:a mp2"),
    Shape("program.mpg", f"{SEEN} {HEARD} -c:v mpeg1video -c:a mp2 -f mpeg"),
    Shape("old.flv", f"{SEEN} {HEARD} -c:v flv1 -c:a libmp3lame"),
    Shape("stream.flv", f"{BOTH} -c:a aac"),
    Shape("packed.avi", f"{SEEN} {HEARD} -c:v mpeg4 -bf 2 -c:a libmp3lame -vtag XVID"),
    Shape("h264.avi", f"{BOTH} -bf 2 -c:a libmp3lame", stored=False),
    Shape("motion_jpeg.avi", f"{SEEN} -c:v mjpeg"),
    Shape("broadcast.mxf", f"{SEEN} {HEARD} -c:v mpeg2video -c:a pcm_s16le -ar 48000"),
    Shape("open.ogv", f"{SEEN} {HEARD} -c:v libtheora -c:a libvorbis"),
    Shape(
        "phone.3gp",
        "-f lavfi -i testsrc2=s=176x144:r=15:d=2 -c:v h263",
        frames=30,
        size=(176, 144),
    ),
    Shape("raw.y4m", f"{SEEN} -pix_fmt yuv420p"),
    Shape(
        "tape.dv",
        "-f lavfi -i testsrc2=s=720x576:r=25:d=0.2 -c:v dvvideo -pix_fmt yuv420p",
        frames=5,
        size=(768, 576),
    ),
    Shape("edited.mov", f"{SEEN} -c:v prores_ks -profile:v 0"),
    Shape("fast.mp4", f"-f lavfi -i testsrc2=s=160x120:r=120:d=1 {H264}", frames=120),
    Shape(
        "8k.mp4",
        f"-f lavfi -i testsrc2=s=7680x4320:r=25:d=0.04 -frames:v 1 {H264}",
        frames=1,
        size=(7680, 4320),
    ),
    Shape("screen.mkv", f"{SEEN} {H264} -vf select=lt(n\\,9)+not(mod(n\\,3))", frames=23),
    Shape("wide.mp4", f"{SEEN} {H264} -vf setsar=2", size=(320, 120)),
    Shape("phone.hevc.mp4", f"{SEEN} -c:v libx265 -x265-params log-level=none"),
    Shape("bare.h264", f"{SEEN} {H264} -bf 2", stored=False),
    Shape("camera.mjpeg", f"{SEEN} -c:v mjpeg"),
    Shape("windows.wmv", f"{SEEN} -c:v wmv2"),
    Shape("web.webm", f"{SEEN} -c:v libvpx-vp9 -b:v 60k -deadline realtime"),
    Shape("real.rm", f"{SEEN} -c:v rv20"),
    Shape("loop.gif", SEEN),
    Shape("loop.apng", f"{SEEN} -t 0.5 -plays 0", frames=13),
    Shape("any.nut", f"{BOTH} -c:a aac"),
]


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)


def make(path: Path, words: str) -> Path:
    done = run("ffmpeg", "-v", "error", "-y", *words.split(), path)
    if "Unknown encoder" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return path


def probe(path: Path) -> tuple[list[float], float, dict[str, Any]]:
    """Returns what ffprobe tells: the times of all frames it decodes, when they start, and all."""
    asked = ("-select_streams", "V:0", "-show_frames", "-show_streams", "-show_format")
    told = json.loads(run("ffprobe", "-v", "quiet", *asked, "-of", "json", path).stdout)
    times = [float(frame.get("best_effort_timestamp_time", "nan")) for frame in told["frames"]]
    return times, float(told["format"].get("start_time", 0)), told


def assert_as_ffprobe(path: Path, shape: Shape) -> None:
    index = index_video(path)
    times, start, told = probe(path)
    assert len(times) == shape.frames
    assert len(index.pts) == shape.frames
    assert (index.info.width, index.info.height) == shape.size
    assert index.info.codec == told["streams"][0]["codec_name"]
    ours = np.array([float(pts * index.time_base) for pts in index.pts.tolist()])
    theirs = np.sort(np.array(times))[: len(ours)]
    known = ~np.isnan(theirs)  # of packed frames the last has no time of its own
    if known.sum() > 1:
        np.testing.assert_allclose(np.diff(ours[known]), np.diff(theirs[known]), atol=2e-3)
        if shape.stored:
            offset = ours[known] - float(index.start) - (theirs[known] - start)
            np.testing.assert_allclose(offset, 0, atol=2e-3)
    readings = plan_spans(index, None, 1)
    frames = [frame for reading in readings for frame in read_spans(path, reading)]
    assert [frame.frame_index for frame in frames] == list(range(shape.frames))
    assert all(frame.grey is not None for frame in frames)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_frames_and_times_are_those_of_ffprobe(shape: Shape, tmp_path: Path) -> None:
    assert_as_ffprobe(make(tmp_path / shape.name, shape.words), shape)


def test_parts_of_dash_that_were_put_together(tmp_path: Path) -> None:
    make(tmp_path / "x.mpd", f"{SEEN} {H264} -f dash -seg_duration 1")
    parts = [tmp_path / "init-stream0.m4s", *sorted(tmp_path.glob("chunk-stream0-*.m4s"))]
    path = tmp_path / "parts.mp4"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert_as_ffprobe(path, Shape("parts.mp4", ""))


def test_a_film_with_attachments_and_other_tracks(tmp_path: Path) -> None:
    (tmp_path / "x.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    (tmp_path / "x.ttf").write_bytes(b"a font")
    attached = f"-attach {tmp_path}/x.ttf -metadata:s:t mimetype=application/x-font"
    words = f"{BOTH} -i {tmp_path}/x.srt -map 0 -map 1".replace(H264, "")
    # Inputs come first.
    film = make(tmp_path / "a.mkv", f"{words} -map 2 {H264} {attached}")
    assert_as_ffprobe(film, Shape("a.mkv", ""))
    film = make(tmp_path / "a.mp4", f"{words} -map 2 {H264} -c:s mov_text")
    assert_as_ffprobe(film, Shape("a.mp4", ""))


def test_a_copy_that_was_cut_begins_where_its_edit_list_says(tmp_path: Path) -> None:
    whole = make(tmp_path / "whole.mp4", f"{BOTH} -bf 2 -c:a aac")
    path = make(tmp_path / "cut.mp4", f"-ss 0.7 -i {whole} -c copy")
    times, _, _ = probe(path)
    assert 30 < len(times) < 50
    assert_as_ffprobe(path, Shape("cut.mp4", "", len(times)))


def test_ffmpeg_is_there() -> None:
    assert shutil.which("ffmpeg"), "no ffmpeg: apt-get install ffmpeg"
    assert shutil.which("ffprobe"), "no ffprobe: apt-get install ffmpeg"
