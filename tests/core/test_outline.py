"""The index of a video that lies far away is that of the same file on this machine."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fer_core.video.index import index_video
from fer_core.video.mp4_boxes import list_boxes
from fer_core.video.mp4_outline import Outline
from tests.core.clip_kinds import CLIPS, X264
from tests.core.clips import Clip, make_clip

FRAGMENTS = {"movflags": "frag_keyframe+empty_moov"}
LONG = {
    "open_gop.mp4": CLIPS["open_gop.mp4"],
    "b_frames.mov": Clip(codec="mpeg4", options={"bf": "2"}),
    "sound.mp4": CLIPS["sound_first.mp4"],
    "fragments.mp4": Clip(options=X264, container=FRAGMENTS),
    "matroska.mkv": Clip(options=X264),
}


class CountingFile(io.BytesIO):
    """A file that counts how many of its bytes behind a place are read."""

    behind = 0
    counted = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Reads and counts."""
        data = super().read(size)
        self.counted += max(0, min(len(data), self.tell() - self.behind))
        return data


@pytest.mark.parametrize("name", LONG)
def test_the_index_of_a_file_object_is_that_of_its_path(tmp_path: Path, name: str) -> None:
    path = make_clip(tmp_path / name, replace(LONG[name], frames=800, size=(192, 128)))
    ours, theirs = index_video(io.BytesIO(path.read_bytes())), index_video(path)
    assert (ours.info, ours.look, ours.end_pts) == (theirs.info, theirs.look, theirs.end_pts)
    assert (ours.start, ours.seekable) == (theirs.start, theirs.seekable)
    for column in ("pts", "key_pts", "key_dts"):
        np.testing.assert_array_equal(getattr(ours, column), getattr(theirs, column))
    assert len(ours.key_pts) > 10


def test_an_outline_reads_nothing_of_the_media_once_it_is_hollow(tmp_path: Path) -> None:
    data = make_clip(tmp_path / "clip.mp4", Clip()).read_bytes()
    kinds = {box.kind: box for box in list_boxes(io.BytesIO(data))}
    file = CountingFile(data)
    outline = Outline(file)
    outline.seek(0)
    assert b"".join(iter(lambda: outline.read(1000), b"")) == data
    outline.hollow, file.behind, file.counted = True, kinds[b"mdat"].body, 0
    file.seek(0)
    outline.seek(0)
    hollow = b"".join(iter(lambda: outline.read(1000), b""))
    media = kinds[b"mdat"]
    assert hollow == data[: media.body] + bytes(media.end - media.body) + data[media.end :]
    assert file.counted == len(data) - media.end


def test_a_file_that_is_no_mp4_has_no_boxes() -> None:
    assert not list(list_boxes(io.BytesIO(bytes([0, 0, 0, 24]) * 100)))
    assert not Outline(io.BytesIO(b"\x1aE\xdf\xa3" * 100)).has_media
