"""Joined copies: every frame of the source once, at its time, however it was cut."""

from __future__ import annotations

import hashlib
import resource
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
import pytest

from fer_core.errors import MediaError
from fer_core.video.index import index_video
from fer_core.video.join import join_spans
from fer_core.video.render import render_span
from fer_core.video.spans import plan_spans
from fer_core.video.stretches import plan_stretches
from tests.core.clips import Clip, make_clip, read_number
from tests.core.rendering import (
    LOSSLESS,
    NOTHING,
    Shown,
    find_beeps,
    plan,
    read_copy,
    read_sound,
    render,
)
from tests.core.sounds import BEEPS, Beeps, make_sounding

FRAMES, RATE = 164, 4
"""41 s: twenty segments of 2 s and a rest."""

X264 = {"preset": "veryfast", "x264-params": "bframes=3:open-gop=1:scenecut=0:threads=1"}
X265 = {
    "preset": "ultrafast",
    "x265-params": "bframes=3:open-gop=1:log-level=none:pools=1:frame-threads=1",
}
VP9 = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "16", "auto-alt-ref": "1"}
UNEVEN = tuple(number * 2 + (number % 3 == 1) for number in range(FRAMES))

CLIPS = {
    "b_frames.mp4": Clip(options=X264),
    "uneven.mp4": Clip(options=X264, rate=2 * RATE, ticks=UNEVEN),
    "uneven_sound.mov": Clip(options=X264, rate=2 * RATE, ticks=UNEVEN),
    "sound.mp4": Clip(options=X264),
    "sound.ts": Clip(options=X264, start_s=Fraction(7, 2)),
    "late_picture.mkv": Clip(options=X264, start_s=Fraction(1, 2)),
    "late.mkv": Clip(options=X264, start_s=Fraction(7, 2)),
    "late.ts": Clip(options=X264, start_s=Fraction(7, 2)),
    "hevc.mp4": Clip(codec="libx265", options=X265),
    "vp9.webm": Clip(codec="libvpx-vp9", options=VP9),
    "mpeg4.avi": Clip(codec="mpeg4"),
    "no_times.avi": Clip(options=X264),
    "one_key.mp4": Clip(options=X264, gop=1000),
}
SOUNDS = {
    "sound.mp4": Beeps(length_s=40),
    "uneven_sound.mov": Beeps(rate=44_100, length_s=40),
    "sound.ts": Beeps(start_s=Fraction(7, 2), length_s=40),
    "late_picture.mkv": Beeps("libmp3lame", length_s=40),
}
QUICK = ("uneven_sound.mov", "late_picture.mkv", "hevc.mp4", "no_times.avi", "one_key.mp4")
"""Each of these stands for a kind; the others take as long and are of the same kinds."""
SPANS = {"one_key.mp4": (1, 1, 1), "no_times.avi": (1, 1, 1)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


def clip_at(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.exists():
        made = CLIPS[name]
        gop = made.gop if made.gop > 12 else 2 * RATE + bool(made.ticks)
        rate = made.rate if made.ticks else RATE
        clip = Clip(**{**vars(made), "frames": FRAMES, "rate": rate, "gop": gop})
        if name in SOUNDS:
            make_sounding(path, clip, SOUNDS[name])
        else:
            make_clip(path, clip)
    return path


render_once = lru_cache(maxsize=None)(render)  # each file is made once for all tests


@lru_cache(maxsize=1)
def read_whole(path: Path) -> list[Shown]:
    return read_copy(render_once(path, 1000)[0])


@pytest.mark.parametrize("name", CLIPS)
def test_every_frame_is_shown_once_at_its_time(folder: Path, name: str) -> None:
    path = clip_at(folder, name)
    index = index_video(path)
    whole = read_whole(path)
    assert [frame.time for frame in whole] == [
        int(pts) * index.time_base - index.start for pts in index.pts
    ]
    assert [read_number(frame.pixels) for frame in whole] == list(range(FRAMES))
    with av.open(str(path)) as container:
        source = [frame.to_ndarray() for frame in container.decode(video=0)]
    for frame, pixels in zip(whole, source, strict=True):
        np.testing.assert_array_equal(frame.pixels, pixels)


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in CLIPS],
)
def test_a_cut_copy_is_the_uncut_one(folder: Path, name: str) -> None:
    path = clip_at(folder, name)
    whole = read_whole(path)
    one, three, twenty = SPANS.get(name, (1, 3, 20))
    for span_s, count in ((1000, one), (14, three), (2, twenty)):
        assert abs(len(plan(path, span_s)[1]) - count) <= 2 * (count > 3)
        copy, joined = render_once(path, span_s)
        assert joined.frame_count == FRAMES
        for frame, expected in zip(read_copy(copy), whole, strict=True):
            assert frame.time == expected.time
            np.testing.assert_array_equal(frame.pixels, expected.pixels)


@pytest.mark.parametrize("name", SOUNDS)
def test_joins_neither_cut_nor_repeat_the_sound(folder: Path, name: str) -> None:
    path = clip_at(folder, name)
    copy, joined = render_once(path, 2)
    assert (joined.track_count, joined.lost_sound) == (1, ())
    with av.open(str(path)) as container:
        start = Fraction(container.start_time or 0, 1_000_000)
    original, rate = read_sound(path, start=start)
    sound, copied_rate = read_sound(copy)
    assert copied_rate == rate
    assert find_beeps(sound, rate) == pytest.approx(find_beeps(original, rate), abs=0.001)
    assert len(find_beeps(sound, rate)) == len(BEEPS)
    # Containers round the time of the first sample; from there on all are the same.
    first = [int(np.flatnonzero(samples)[0]) for samples in (original, sound)]
    length = min(len(original) - first[0], len(sound) - first[1]) - rate // 20
    assert length > 38 * rate
    ours, theirs = (
        s[at : at + length] for s, at in zip((sound, original), first[::-1], strict=True)
    )
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", [name for name in CLIPS if name != "no_times.avi"])
def test_a_copy_lasts_as_long_as_its_source(folder: Path, name: str) -> None:
    path = clip_at(folder, name)
    copy, _ = render_once(path, 14)
    with av.open(str(copy)) as container:
        stream = container.streams.video[0]
        assert stream.duration is not None
        assert stream.time_base is not None
        end = ((stream.start_time or 0) + stream.duration) * stream.time_base
    assert float(end) * 1000 == pytest.approx(index_video(path).info.duration_ms, abs=0.51)


def test_the_index_lies_before_the_frames(folder: Path) -> None:
    data = render_once(clip_at(folder, "sound.mp4"), 14)[0].read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_stretches_hold_the_frames_of_spans_without_a_sample(folder: Path) -> None:
    path = clip_at(folder, "b_frames.mp4")
    index = index_video(path)
    readings = plan_spans(index, Fraction(1, 10), 2)
    stretches = plan_stretches(index, readings)
    assert len(stretches) == len(readings) < 10
    parts = [path.with_suffix(f".sparse-{number}.mp4") for number in range(len(stretches))]
    counts = [
        render_span(path, stretch, part, NOTHING, LOSSLESS)
        for stretch, part in zip(stretches, parts, strict=True)
    ]
    assert sum(counts) == FRAMES
    join_spans(path, parts, path.with_suffix(".sparse.mp4"))
    shown = read_copy(path.with_suffix(".sparse.mp4"))
    assert [read_number(frame.pixels) for frame in shown] == list(range(FRAMES))


def test_the_source_is_only_read(folder: Path) -> None:
    path = clip_at(folder, "sound.mp4")
    before = hashlib.sha256(path.read_bytes()).digest()
    render(path, 14)
    assert hashlib.sha256(path.read_bytes()).digest() == before


def test_a_stretch_without_any_frame_leaves_the_rest(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.avi", Clip(codec="ffv1", options={"slicecrc": "1"}, gop=1))
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    for packet in packets[24:48]:  # the second stretch of 2 s
        assert packet.pos is not None
        data[packet.pos + 16 : packet.pos + packet.size] = bytes(packet.size - 16)
    path.write_bytes(data)
    copy, joined = render(path, 2)
    assert joined.frame_count == 150 - 24
    shown = read_copy(copy)
    numbers = [*range(24), *range(48, 150)]
    assert [read_number(frame.pixels) for frame in shown] == numbers
    assert [frame.time for frame in shown] == [Fraction(number, 12) for number in numbers]


def test_a_video_without_any_frame_is_refused(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", Clip(frames=5))
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(MediaError, match=r"a\.mp4: none of its frames could be decoded"):
        join_spans(path, [tmp_path / "empty.mp4"], tmp_path / "copy.mp4")
    assert not (tmp_path / "copy.mp4").exists()


def test_stretches_of_other_settings_are_not_joined(folder: Path, tmp_path: Path) -> None:
    path = clip_at(folder, "b_frames.mp4")
    parts = [tmp_path / "0.mp4", tmp_path / "1.mp4"]
    for part, stretch, quality in zip(parts, plan(path, 20)[1], (LOSSLESS, 30), strict=False):
        render_span(path, stretch, part, NOTHING, quality)
    with pytest.raises(MediaError, match=r"1\.mp4: was encoded with other settings"):
        join_spans(path, parts, tmp_path / "copy.mp4")
    assert sorted(tmp_path.iterdir()) == parts


def test_a_full_disk_is_not_the_fault_of_the_medium(folder: Path, tmp_path: Path) -> None:
    path = clip_at(folder, "sound.mp4")
    stretch = plan(path, 1000)[1][0]
    parts = [path.with_name(f"{path.name}.1000-0.mp4")]
    render_once(path, 1000)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            render_span(path, stretch, tmp_path / "span.mp4", NOTHING, LOSSLESS)
        with pytest.raises(OSError, match="File too large"):
            join_spans(path, parts, tmp_path / "copy.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []
