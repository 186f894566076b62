"""What a header claims is checked before anything is made of that size."""

from __future__ import annotations

import io
import subprocess
import sys
import zlib
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from fer_core.errors import MediaError
from fer_core.video import claims
from fer_core.video.claims import check_claims
from fer_core.video.index import index_video
from fer_core.video.join import join_spans
from tests.corpus.boxes import Claim, box, mp4_of, picture_bytes
from tests.pipelines.jobs import ROOT

MILLION = 1_000_000
TOO_MANY = {
    "one track": mp4_of(Claim(80 * MILLION)),
    "three tracks": mp4_of(*[Claim(8 * MILLION)] * 3),
    "a fragment": mp4_of(Claim(), fragment=80 * MILLION),
    "edits": mp4_of(Claim(2 * MILLION, edits=[(2 * MILLION, 0)] * 40)),
    "chunks of sound": mp4_of(
        Claim(), Claim(1700 * MILLION, 2, chunks=[(1, 150 * MILLION)], sound=True, places=1000)
    ),
}
ENOUGH = {
    "one picture": mp4_of(Claim()),
    "durations of more samples than there are": mp4_of(Claim(10, durations=[(1 << 31, 1)])),
    "ten hours of plain sound": mp4_of(Claim(), Claim(1700 * MILLION, 2, sound=True)),
    "a film cut into nine": mp4_of(Claim(2 * MILLION, edits=[(MILLION // 5, 0)] * 9)),
}


@pytest.mark.parametrize("what", TOO_MANY)
def test_more_samples_than_the_limit_are_refused(tmp_path: Path, what: str) -> None:
    (tmp_path / "x.mp4").write_bytes(TOO_MANY[what])
    with pytest.raises(MediaError, match=r"header claims [0-9,]+ samples"):
        index_video(tmp_path / "x.mp4")


@pytest.mark.parametrize("what", ENOUGH)
def test_what_a_film_may_have_is_read(tmp_path: Path, what: str) -> None:
    (tmp_path / "x.mp4").write_bytes(ENOUGH[what])
    assert index_video(tmp_path / "x.mp4").info.width == 64


def test_refusing_takes_no_memory(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(TOO_MANY["three tracks"])
    script = f"""
import resource
from fer_core.errors import MediaError
from fer_core.video.index import index_video
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    index_video({str(tmp_path / "x.mp4")!r})
except MediaError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / before)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=100
    )
    assert float(done.stdout) < 1.5, done.stderr


def packed(boxes: bytes) -> bytes:
    """Returns a header that is compressed as a whole."""
    return box(b"cmov", box(b"cmvd", bytes(4), zlib.compress(boxes)))


def test_packed_headers_are_unpacked_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    nested = box(b"free")
    for _ in range(1000):
        nested = packed(nested)
    check_claims(io.BytesIO(box(b"moov", nested)))
    twice = io.BytesIO(box(b"moov", packed(box(b"free", bytes(600))) * 2))
    check_claims(twice)
    monkeypatch.setattr(claims, "_HEADER_BYTES", 1000)
    with pytest.raises(MediaError, match="header claims"):
        check_claims(twice)


def test_a_table_that_is_cut_short_is_left_to_the_decoder(tmp_path: Path) -> None:
    whole = mp4_of(Claim(edits=[(1, 0)]))
    for end in range(0, len(whole), 7):
        (tmp_path / "x.mp4").write_bytes(whole[: end + 1])
        check_claims(tmp_path / "x.mp4")


@pytest.mark.parametrize("extreme", [1 << 62, (1 << 63) - 1])
def test_times_that_no_film_has_are_refused(tmp_path: Path, extreme: int) -> None:
    data = mp4_of(Claim(edits=[(extreme, -1), (1000, 0)]))
    (tmp_path / "x.mp4").write_bytes(data)
    with pytest.raises(MediaError, match=r"years apart|no complete frame"):
        index_video(tmp_path / "x.mp4")


def make_gap(path: Path, gap_s: int) -> Path:
    """Writes a Matroska file of one picture every tenth of a gap, and plain sound around it."""
    with av.open(str(path), "w") as output:
        video = output.add_stream("mjpeg", rate=1)
        sound = output.add_stream("pcm_s16le", rate=8000, layout="mono")
        assert isinstance(video, VideoStream)
        assert isinstance(sound, AudioStream)
        video.width, video.height, video.pix_fmt = 64, 48, "yuvj420p"
        for number in range(11):
            picture: Packet[Stream] = Packet(picture_bytes())
            picture.pts = picture.dts = number * gap_s * 100
            picture.stream, picture.time_base = video, Fraction(1, 1000)
            output.mux(picture)
        for at in (0, gap_s):
            tone: Packet[Stream] = Packet(b"\1\0" * 800)
            tone.pts = tone.dts = at * 1000
            tone.stream, tone.time_base = sound, Fraction(1, 1000)
            output.mux(tone)
    return path


@pytest.mark.parametrize(("gap_s", "kept"), [(600, True), (2_000_000, False)])
def test_a_hole_in_the_sound_is_filled_or_told(tmp_path: Path, gap_s: int, kept: bool) -> None:
    source = make_gap(tmp_path / "x.mkv", gap_s)
    joined = join_spans(source, [make_gap(tmp_path / "part.mkv", 1)], tmp_path / "x.mp4")
    assert joined.track_count == 1
    assert (joined.lost_sound == ()) == kept
    with av.open(str(tmp_path / "x.mp4")) as copy:
        track = copy.streams.audio[0]
        length = Fraction(track.duration or 0) * (track.time_base or 1)
    assert float(length) == pytest.approx(gap_s if kept else 0, abs=0.5)
    if not kept:
        assert "6 hours of silence" in joined.lost_sound[0]
