"""The sound of a copy: that of its source, in time, whatever its codec, container and start."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from fer_core.video.index import index_video
from fer_core.video.join import JoinedVideo
from tests.core.clips import Clip, make_clip
from tests.core.rendering import find_beeps, read_sound, render
from tests.core.sounds import BEEPS, Beeps, make_sounding

PICTURE = Clip(frames=36, options={"preset": "ultrafast"})
MPEG4 = Clip(codec="mpeg4", frames=36)
VP8 = Clip(codec="libvpx", frames=36, options={"deadline": "realtime", "cpu-used": "8"})
MPEG2 = Clip(codec="mpeg2video", frames=75, rate=25)

COPIED = {
    "aac.mp4": (PICTURE, Beeps()),
    "aac.mkv": (PICTURE, Beeps(rate=44_100)),
    "aac.ts": (PICTURE, Beeps(rate=44_100, layout="stereo")),
    "aac.flv": (PICTURE, Beeps(rate=44_100)),
    "late_aac.mp4": (PICTURE, Beeps(start_s=Fraction(3, 4))),
    "early_aac.ts": (Clip(frames=36, start_s=Fraction(3, 4)), Beeps()),
    "mp3.mkv": (PICTURE, Beeps("libmp3lame", 44_100, start_s=Fraction(3, 4))),
    "mp3.avi": (MPEG4, Beeps("libmp3lame", 44_100)),
    "mp3.mp4": (PICTURE, Beeps("libmp3lame", 44_100)),
    "opus.webm": (VP8, Beeps("libopus")),
    "late_opus.mkv": (PICTURE, Beeps("libopus", start_s=Fraction(3, 4))),
}
ENCODED = {
    "low_mp3.mkv": (PICTURE, Beeps("libmp3lame", 8000)),
    "ac3.ts": (PICTURE, Beeps("ac3", layout="5.1")),
    "late_ac3.mkv": (PICTURE, Beeps("ac3", start_s=Fraction(3, 4))),
    "mp2.mpg": (MPEG2, Beeps("mp2")),
    "early_mp2.ts": (Clip(frames=36, start_s=Fraction(3, 4)), Beeps("mp2")),
    "pcm.avi": (MPEG4, Beeps("pcm_s16le", 44_100, layout="stereo")),
    "pcm.mov": (PICTURE, Beeps("pcm_s24le", 192_000)),
    "pcm_low.avi": (MPEG4, Beeps("pcm_u8", 11_025)),
    "adpcm.avi": (MPEG4, Beeps("adpcm_ms", 22_050)),
    "flac.mkv": (PICTURE, Beeps("flac", 44_100)),
    "alac.mov": (PICTURE, Beeps("alac", 44_100)),
    "hole_aac.ts": (PICTURE, Beeps(hole=(0.8, 1.3))),
    "hole_aac.mp4": (PICTURE, Beeps(hole=(0.8, 1.3))),
    "hole_mp3.mkv": (PICTURE, Beeps("libmp3lame", 44_100, hole=(0.8, 1.3))),
    "hole_pcm.mkv": (PICTURE, Beeps("pcm_s16le", 44_100, hole=(0.8, 1.3))),
}


def listen(path: Path, track: int = 0) -> tuple[list[float], list[float], str, JoinedVideo]:
    """Returns when beeps start in a clip and in its copy, the copy's codec, and the join."""
    copy, joined = render(path, 2)
    with av.open(str(path)) as container:
        start = Fraction(container.start_time or 0, 1_000_000)
    with av.open(str(copy)) as container:
        codec = container.streams.audio[track].codec.canonical_name
    heard = find_beeps(*read_sound(path, track, start))
    return heard, find_beeps(*read_sound(copy, track)), codec, joined


@pytest.mark.parametrize("name", [*COPIED, *ENCODED])
def test_beeps_are_heard_when_they_were(tmp_path: Path, name: str) -> None:
    picture, beeps = (COPIED | ENCODED)[name]
    path = make_sounding(tmp_path / name, picture, beeps)
    expected, heard, codec, joined = listen(path)
    assert len(expected) == len(BEEPS)
    assert heard == pytest.approx(expected, abs=0.003)
    assert np.diff(heard) == pytest.approx(np.diff(BEEPS), abs=0.003)
    assert codec == {"libmp3lame": "mp3", "libopus": "opus"}.get(beeps.codec, "aac") or (
        name in ENCODED and codec == "aac"
    )
    assert (joined.track_count, joined.lost_sound) == (1, ())


@pytest.mark.parametrize("name", COPIED)
def test_what_browsers_play_is_copied_byte_by_byte(tmp_path: Path, name: str) -> None:
    picture, beeps = COPIED[name]
    path = make_sounding(tmp_path / name, picture, beeps)
    copy, _ = render(path)
    packets = []
    for file in (path, copy):
        with av.open(str(file)) as container:
            packets.append([bytes(p) for p in container.demux(audio=0) if p.size])
    source, copied = packets
    if name.endswith(".ts"):  # with a header of 7 bytes on each packet, which MP4 has once
        source = [packet[7:] for packet in source]
    assert copied == source
    with av.open(str(copy)) as container:
        steps = np.diff([p.pts or 0 for p in container.demux(audio=0) if p.size])
    assert len(set(steps.tolist())) == 1


def test_copied_sound_ends_where_it_did(tmp_path: Path) -> None:
    """The last packet of AAC holds more samples than are to be heard."""
    path = make_sounding(tmp_path / "a.mp4", PICTURE, Beeps(rate=44_100))
    lengths = []
    for file in (path, render(path)[0]):
        with av.open(str(file)) as container:
            packets = [p for p in container.demux(audio=0) if p.size]
        lengths.append((packets[-1].pts or 0) + (packets[-1].duration or 0))
    assert lengths[0] == lengths[1] == pytest.approx(3 * 44_100, abs=1)


def test_all_tracks_are_kept_with_their_languages(tmp_path: Path) -> None:
    tracks = (
        Beeps(language="fra"),
        Beeps("ac3", language="deu", start_s=Fraction(1, 2)),
        Beeps("libmp3lame", layout="stereo"),
    )
    path = make_sounding(tmp_path / "a.mkv", PICTURE, *tracks)
    for track in range(3):
        expected, heard, _, joined = listen(path, track)
        assert len(heard) == len(BEEPS)
        assert heard == pytest.approx(expected, abs=0.003)
    assert joined.track_count == 3
    with av.open(str(path.with_name("a.mkv.2.mp4"))) as container:
        streams = container.streams.audio
        assert [s.language for s in streams] == ["fra", "deu", "und"]
        assert [s.codec.canonical_name for s in streams] == ["aac", "aac", "mp3"]


def test_six_channels_stay_six(tmp_path: Path) -> None:
    path = make_sounding(tmp_path / "a.mkv", PICTURE, Beeps("ac3", layout="5.1"))
    with av.open(str(render(path)[0])) as container:
        assert container.streams.audio[0].codec_context.layout.name == "5.1"


def test_sound_that_starts_far_in_the_file_is_found(tmp_path: Path) -> None:
    picture = Clip(frames=200, options={"preset": "ultrafast"}, size=(320, 240))
    path = make_sounding(tmp_path / "a.ts", picture, Beeps(start_s=Fraction(12)))
    expected, heard, _, joined = listen(path)
    assert joined.track_count == 1
    assert len(heard) == len(BEEPS)
    assert heard == pytest.approx(expected, abs=0.003)


def test_a_video_keeps_its_frames_where_its_sound_cannot_be_decoded(tmp_path: Path) -> None:
    path = make_sounding(tmp_path / "a.mkv", PICTURE, Beeps("flac"), Beeps())
    with av.open(str(path)) as container:
        packets = [bytes(p) for p in container.demux(audio=0) if p.size]
    data = path.read_bytes()
    for packet in packets:
        data = data.replace(packet, bytes(len(packet)))
    path.write_bytes(data)
    copy, joined = render(path)
    assert joined.frame_count == PICTURE.frames
    assert joined.track_count == 1
    assert joined.lost_sound == ("sound track 1: no flac packet could be decoded",)
    with av.open(str(copy)) as container:
        assert len(container.streams.audio) == 1
        assert len(container.streams.video) == 1


def test_a_codec_that_nobody_knows_is_left_out(tmp_path: Path) -> None:
    path = make_sounding(tmp_path / "a.mov", PICTURE, Beeps("pcm_s16le"))
    path.write_bytes(path.read_bytes().replace(b"sowt", b"what"))
    _, joined = render(path)
    assert (joined.frame_count, joined.track_count) == (PICTURE.frames, 0)
    assert joined.lost_sound == ("sound track 1: its codec is not known, it is left out",)


def test_a_video_without_sound_stays_without(tmp_path: Path) -> None:
    copy, joined = render(make_clip(tmp_path / "a.mp4", PICTURE))
    assert (joined.track_count, joined.lost_sound) == (0, ())
    with av.open(str(copy)) as container:
        assert not container.streams.audio


def test_the_sound_of_joined_recordings_is_heard_twice(tmp_path: Path) -> None:
    part = make_sounding(tmp_path / "part.ts", PICTURE, Beeps())
    (tmp_path / "joined.ts").write_bytes(part.read_bytes() * 2)
    once, _, _, _ = listen(part)
    copy, joined = render(tmp_path / "joined.ts")
    heard = find_beeps(*read_sound(copy, 0))
    assert len(heard) == 2 * len(once)
    later = heard[len(once)] - heard[0]
    assert later == pytest.approx(index_video(part).info.duration_ms / 1000, abs=0.1)
    assert np.diff(heard[len(once) :]) == pytest.approx(np.diff(once), abs=0.003)
    assert joined.lost_sound == ()
