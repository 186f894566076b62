"""Frames from spans are those of one sequential read, whatever the container, codec or cut."""

from __future__ import annotations

import gc
import pickle
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from fer_core.video import index as indexing
from fer_core.video.container import decode_frames, open_video
from fer_core.video.frames import Frame, read_spans
from fer_core.video.index import VideoIndex, index_video
from fer_core.video.spans import Reading, plan_spans, sample_frames
from tests.core.clip_kinds import CLIPS
from tests.core.clips import Clip, make_clip, read_number


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


def clip_at(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.exists():
        make_clip(path, CLIPS[name])
        if name.startswith("cut"):
            data = path.read_bytes()
            path.write_bytes(data[: len(data) * 6 // 10])
    return path


@lru_cache(maxsize=1)
def read_sequentially(path: Path) -> list[tuple[int | None, NDArray[np.uint8]]]:
    """Reads every frame with plain PyAV: its pts, and its luma as decoded."""
    frames: list[tuple[int | None, NDArray[np.uint8]]] = []
    damaged = set()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        for packet in container.demux(stream):
            if packet.is_corrupt:
                damaged.add(packet.pts)
            try:
                decoded = packet.decode()
            except av.FFmpegError:
                continue
            for frame in decoded:
                rows = np.frombuffer(bytes(frame.planes[0]), np.uint8).reshape(frame.height, -1)
                frames.append((frame.pts, rows[:, : frame.width]))
    return [(pts, luma) for pts, luma in frames if pts not in damaged]


def widen(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.clip(np.rint((luma.astype(float) - 16) * 255 / 219), 0, 255).astype(np.uint8)


def read_all(path: Path, readings: list[Reading]) -> list[Frame]:
    return [frame for reading in readings for frame in read_spans(path, reading)]


def expected_ms(index: VideoIndex, pts: int) -> int:
    return round((pts * index.time_base - index.start) * 1000)


@pytest.mark.parametrize("name", CLIPS)
def test_frames_are_those_of_one_sequential_read(folder: Path, name: str) -> None:
    path = clip_at(folder, name)
    index = index_video(path)
    sequential = read_sequentially(path)
    assert len(sequential) == len(index.pts)
    for span_s in (2, 10, 1000):
        for sample_fps in (None, Fraction(5)):
            frames = read_all(path, plan_spans(index, sample_fps, span_s))
            assert [f.frame_index for f in frames] == sample_frames(index, sample_fps)
            for frame in frames:
                assert frame.error == ""
                assert frame.grey is not None
                pts, luma = sequential[frame.frame_index]
                if index.seekable:
                    assert pts == index.pts[frame.frame_index]
                grey = widen(luma)
                if CLIPS[name].rotation:
                    grey = np.rot90(grey, -1)
                else:
                    assert read_number(frame.grey) == frame.frame_index
                np.testing.assert_array_equal(frame.grey, grey)


@pytest.mark.parametrize("name", [name for name in CLIPS if name != "no_times.avi"])
def test_timestamps_are_what_a_player_shows(folder: Path, name: str) -> None:
    clip = CLIPS[name]
    index = index_video(clip_at(folder, name))
    first = clip.start_s if clip.sound_s else Fraction(0)
    frames = [
        (number, ms)
        for reading in plan_spans(index, None, 10)
        for span in reading
        for number, ms in zip(span.frame_index, span.timestamp_ms, strict=True)
    ]
    shift = 1000 // clip.rate if name == "b_frames.avi" else 0  # AVI has only decoding times
    for number, ms in frames:
        truth = (clip.time_of(number) - clip.start_s + first) * 1000
        assert ms - shift == pytest.approx(float(truth), abs=1.01)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("open_gop.mp4", 5),
        ("vp9.webm", 7),
        ("mpeg4.avi", 7),
        ("hevc.mp4", 7),
        ("one_key.mp4", 1),
        ("no_times.avi", 1),
        ("intra_refresh.mp4", 1),
    ],
)
def test_segments_do_not_depend_on_the_span(folder: Path, name: str, count: int) -> None:
    index = index_video(clip_at(folder, name))
    starts = []
    for span_s in (2, 10, 1000):
        readings = plan_spans(index, Fraction(10), span_s)
        assert len(readings) <= count
        spans = [span for reading in readings for span in reading]
        starts.append([span.frame_index[at] for span in spans for at in span.segment_starts])
    assert len(starts[0]) == count
    assert starts[0] == starts[1] == starts[2]


def test_a_long_stretch_without_keyframe_is_cut_in_one_reading(folder: Path) -> None:
    options = {"preset": "ultrafast", "x264-params": "scenecut=0:threads=1"}
    path = make_clip(folder / "long.mp4", Clip(frames=700, rate=10, gop=9999, options=options))
    readings = plan_spans(index_video(path), None, 10)
    assert [[len(span) for span in reading] for reading in readings] == [[600, 100]]
    assert [span.segment_starts for span in readings[0]] == [(0,), (0,)]
    numbers = [read_number(f.grey) for f in read_all(path, readings) if f.grey is not None]
    assert numbers == list(range(700))


@pytest.mark.parametrize("sample_fps", [Fraction(1, 3), Fraction(10), Fraction(30000, 1001)])
@pytest.mark.parametrize("name", ["uneven.mp4", "late.mkv", "sound_first.mp4"])
def test_sample_k_is_the_first_frame_at_or_after_its_time(
    folder: Path, name: str, sample_fps: Fraction
) -> None:
    index = index_video(clip_at(folder, name))
    times = [pts * index.time_base - index.start for pts in index.pts.tolist()]
    wanted = set()
    for k in range(int(times[-1] * sample_fps) + 1):
        wanted.add(next(i for i, time in enumerate(times) if time >= k / sample_fps))
    assert sample_frames(index, sample_fps) == sorted(wanted)


@pytest.mark.parametrize("name", ["open_gop.mp4", "mpeg2.mpg", "hevc.mp4"])
def test_frames_that_nobody_needs_are_not_decoded(folder: Path, name: str) -> None:
    path = clip_at(folder, name)
    pts = index_video(path).pts.tolist()
    wanted = set(pts[::5])
    with open_video(path) as video:
        decoded = {frame.pts for frame in decode_frames(video, wanted)}
    assert wanted <= decoded
    assert len(decoded) < 0.8 * len(pts)


def test_a_sampled_packet_without_a_frame_is_an_error_not_a_gap(folder: Path) -> None:
    path = make_clip(folder / "damaged.avi", Clip(codec="ffv1", options={"slicecrc": "1"}, gop=1))
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
        at, size = packets[70].pos, packets[70].size
    data = bytearray(path.read_bytes())
    assert at is not None
    data[at + 16 : at + size] = bytes(size - 16)
    path.write_bytes(data)
    frames = read_all(path, plan_spans(index_video(path), None, 2))
    assert [f.frame_index for f in frames] == list(range(150))
    lost = [f for f in frames if f.grey is None]
    assert [f.frame_index for f in lost] == [70]
    assert "frame 70" in lost[0].error


def test_spans_and_what_is_known_can_be_pickled(folder: Path) -> None:
    index = index_video(clip_at(folder, "open_gop.mp4"))
    readings = plan_spans(index, Fraction(10), 2)
    assert pickle.loads(pickle.dumps(readings)) == readings
    assert pickle.loads(pickle.dumps(index.info)) == index.info
    assert len(pickle.dumps(readings[0])) < 1000


def test_a_binary_file_serves_as_well_as_a_path(folder: Path) -> None:
    path = clip_at(folder, "hevc.mp4")
    with path.open("rb") as file:
        readings = plan_spans(index_video(file), Fraction(1), 2)
        numbers = [f.frame_index for r in readings for f in read_spans(file, r)]
    assert numbers == list(range(0, 150, 12))


def test_frames_do_not_pile_up_in_memory(folder: Path) -> None:
    path = clip_at(folder, "open_gop.mp4")
    readings = plan_spans(index_video(path), None, 1000)
    gc.collect()
    gc.disable()  # a frame in a cycle would stay, at 1.4 MB for 720p, until the collector runs
    try:
        frames = read_spans(path, readings[0])
        for _ in range(140):
            next(frames)
        kept = sum(type(held) is av.VideoFrame for held in gc.get_objects())
    finally:
        gc.enable()
    assert kept <= 5


def test_frames_that_were_looked_at_to_plan_do_not_pile_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are looked for now and then, not after each clip: that took as long as listing one."""
    path = clip_at(folder, "open_gop.mp4")
    pixels = int(np.prod(index_video(path).look.shown_size))
    monkeypatch.setattr(indexing, "MOST_HELD", 4 * pixels)
    monkeypatch.setattr(indexing, "_held", [0])
    gc.collect()
    gc.disable()
    try:
        kept = []
        for _ in range(9):
            index_video(path)
            kept.append(sum(type(held) is av.VideoFrame for held in gc.get_objects()))
    finally:
        gc.enable()
    assert 0 < max(kept) <= 4
    assert kept.count(0) == 2


@pytest.mark.parametrize("name", ["a.ts", "a.mpg"])
def test_recordings_joined_byte_by_byte_follow_upon_each_other(tmp_path: Path, name: str) -> None:
    codec = "mpeg2video" if name == "a.mpg" else "libx264"
    part = make_clip(tmp_path / name, Clip(codec=codec, frames=75, rate=25, options={"bf": "2"}))
    alone = index_video(part)
    joined = tmp_path / f"joined{part.suffix}"
    joined.write_bytes(part.read_bytes() * 2)
    index = index_video(joined)
    assert not index.seekable
    (reading,) = plan_spans(index, None, 100)
    shown = [
        (read_number(frame.grey), frame.timestamp_ms)
        for frame in read_spans(joined, reading)
        if frame.grey is not None
    ]
    assert len(shown) >= 149  # a container may lose the packet that lies across the seam
    second = [number for number, _ in shown].index(0, 1)
    at = dict(shown[:second])
    apart = [ms - at[number] for number, ms in shown[second:-2]]
    assert apart == pytest.approx([3000] * len(apart), abs=41)
    assert index.info.duration_ms == pytest.approx(2 * alone.info.duration_ms, abs=80)
