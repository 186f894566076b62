"""Bad input costs a row in `failures`, never the job; a bad command costs one line."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from fer_core.emotions import EMOTIONS
from tests.core.clips import Clip, make_clip, make_sound
from tests.pipelines.jobs import ROOT, SAMPLES, ferbeam, frames_of

PICTURE = SAMPLES / "pictures/happy.jpg"
ODD_STEMS = (
    "with space",
    "qu'o\"te",
    "smile 😀",
    "new\nline",
    "[b]#%d;{}",
    "red\x1b[31m",
    "caf\udce9",
)
"""The last is a byte that is not UTF-8; the tables show it as %E9."""
SHOWN_STEMS = (*ODD_STEMS[:-1], "caf%E9")


def png_of(side: int) -> bytes:
    """A PNG whose header claims side x side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rows + chunk(b"IEND", b"")


def fill(folder: Path) -> None:
    """Puts every kind of bad and odd input into a folder."""
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "text.mp4").write_text("this is no video")
    (folder / "truncated.jpg").write_bytes(PICTURE.read_bytes()[:5000])
    make_sound(folder / "sound.mp4")
    (folder / "huge.png").write_bytes(png_of(30_000))
    shutil.copy(PICTURE, folder / "secret.jpg")
    (folder / "secret.jpg").chmod(0)
    clip = make_clip(folder / "clip.mp4", Clip(frames=12))
    for stem in ODD_STEMS:
        shutil.copy(PICTURE, folder / f"{stem}.jpg")
        shutil.copy(clip, folder / f"{stem}.mp4")
    for name in ("one", "two"):
        (folder / name).mkdir()
        shutil.copy(PICTURE, folder / name / "same.jpg")
    (folder / "one/loop").symlink_to(folder)
    (folder / "self.mp4").symlink_to(folder / "self.mp4")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The OUTPUT of one job over all of it, and what the command printed."""
    folder, output = tmp_path_factory.mktemp("in"), tmp_path_factory.mktemp("out")
    fill(folder)
    command = [sys.executable, "-m", "ferbeam.cli", "analyze", str(folder), str(output)]
    if os.geteuid() == 0:  # root may read everything, unless these are taken away
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 3, done.stdout + done.stderr
    return output, done.stdout + done.stderr


def test_what_cannot_be_read_is_a_failure_with_a_reason(finished: tuple[Path, str]) -> None:
    failures = frames_of(finished[0])["failures"].set_index("media")
    expected = {
        "empty.mp4": ("probe", "empty"),
        "text.mp4": ("probe", "no video"),
        "truncated.jpg": ("decode", "cut short"),
        "sound.mp4": ("probe", "only sound"),
        "huge.png": ("probe", "too many pixels"),
        "secret.jpg": ("probe", "permission"),
        "one/loop": ("list", "leads back"),
        "self.mp4": ("list", "cannot be listed"),
    }
    assert set(failures.index) == set(expected)
    for name, (stage, words) in expected.items():
        assert failures.stage[name] == stage
        assert words in failures.message[name]


def test_everything_else_is_analysed_under_its_own_name(finished: tuple[Path, str]) -> None:
    tables = frames_of(finished[0])
    media = tables["media"].set_index("media")
    pictures = [*(f"{stem}.jpg" for stem in SHOWN_STEMS), "one/same.jpg", "two/same.jpg"]
    videos = [*(f"{stem}.mp4" for stem in SHOWN_STEMS), "clip.mp4"]
    assert sorted(media.index) == sorted([*pictures, *videos, "truncated.jpg"])
    assert (media.face_count[pictures] == 1).all()
    assert (media.frames_sampled[videos] == 10).all()
    assert media.frames_lost["truncated.jpg"] == 1
    frames = tables["frames"]
    assert dict(frames.status[frames.media == "truncated.jpg"].value_counts()) == {
        "decode_error": 1
    }
    assert (frames.groupby("media").size() == media.frames_sampled).all()


def test_no_traceback_is_shown(finished: tuple[Path, str]) -> None:
    assert "Traceback" not in finished[1]
    assert "\x1b" not in finished[1]  # a name with an escape is shown, and does nothing
    assert "red\\x1b[31m.jpg" in finished[1]
    assert "8 failures" in finished[1]


def test_an_input_without_media_is_one_line(tmp_path: Path) -> None:
    for source in (tmp_path / "nothing", tmp_path):
        refused = ferbeam("analyze", source, tmp_path / "out")
        assert refused.returncode == 2
        assert refused.stderr.count("\n") == 1
        assert "INPUT" in refused.stderr
    assert not (tmp_path / "out").exists()


def test_a_model_that_does_not_fit_is_one_line(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "models/fer_cnn", tmp_path / "model")
    (tmp_path / "model/model.tflite").write_bytes(b"other")
    refused = ferbeam("analyze", PICTURE, tmp_path / "out", "--model", tmp_path / "model")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "sha256" in refused.stderr


def test_an_output_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = ferbeam("analyze", PICTURE, tmp_path / "file/out")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1


def test_a_path_that_is_not_utf_8_can_be_input_but_not_output(tmp_path: Path) -> None:
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    os.mkdir(odd)
    shutil.copy(PICTURE, odd)
    done = ferbeam("analyze", odd, tmp_path / "out", "--overlay", "none")
    assert done.returncode == 0, done.stdout + done.stderr
    refused = ferbeam("analyze", PICTURE, odd)
    assert refused.returncode == 2
    assert "its path is not UTF-8" in refused.stderr


def test_a_pipe_for_a_picture_or_a_model_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "avatars").mkdir()
    for emotion in EMOTIONS:
        os.mkfifo(tmp_path / f"avatars/{emotion.name}.png")
    pipe = tmp_path / "avatars/happy.png"
    for options in (
        ("--avatars", tmp_path / "avatars"),
        ("--detector", "yunet", "--detector-model", pipe),
    ):
        refused = ferbeam("analyze", PICTURE, tmp_path / "out", *options)
        assert refused.returncode in (1, 2), refused.stdout + refused.stderr
        assert refused.stderr.count("\n") == 1
        assert "is no file" in refused.stderr
