"""Animations and pages: each picture is a frame at its time, as those of a GIF are."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fer_core.errors import MediaError
from fer_core.pictures import probe_picture
from fer_core.video import picture_series
from fer_core.video.frames import Frame, read_spans
from fer_core.video.index import index_video
from fer_core.video.spans import plan_spans

GREYS = (20, 120, 220)
LENGTHS_MS = (500, 40, 1000)


def save(kind: str, sizes: tuple[tuple[int, int], ...] = ((64, 48),) * 3, **how: Any) -> bytes:
    """Returns a file of three grey pictures."""
    first, *others = (
        Image.new("RGB", size, (grey,) * 3) for size, grey in zip(sizes, GREYS, strict=True)
    )
    target = io.BytesIO()
    first.save(target, kind, save_all=True, append_images=others, **how)
    return target.getvalue()


def read(path: Path) -> tuple[list[int], list[Frame], int]:
    """Returns the times of all pictures, the pictures, and when the last one ends."""
    index = index_video(path)
    assert len(plan_spans(index, None, 1)) == 1  # read in one go: opening it decodes all
    frames = list(read_spans(path, [span for (span,) in plan_spans(index, None, 1)]))
    return [frame.timestamp_ms for frame in frames], frames, index.info.duration_ms


@pytest.mark.parametrize(
    ("kind", "codec"), [("PNG", "apng"), ("WEBP", "webp"), ("AVIF", "avif"), ("GIF", "gif")]
)
def test_the_pictures_of_an_animation_are_shown_for_their_time(
    kind: str, codec: str, tmp_path: Path
) -> None:
    how: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    path = tmp_path / "x"
    path.write_bytes(save(kind, duration=list(LENGTHS_MS), **how))
    times, frames, end = read(path)
    assert times == [0, 500, 540]
    assert end == sum(LENGTHS_MS)
    for frame, grey in zip(frames, GREYS, strict=True):
        assert frame.grey is not None
        assert np.abs(frame.grey.astype(int) - grey).max() <= 4
    assert index_video(path).info.codec == codec
    if kind != "GIF":
        assert probe_picture(path).pictures == 3


def test_every_page_of_a_tiff_counts_and_no_smaller_one_of_it(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    path.write_bytes(save("TIFF", sizes=((64, 48), (40, 80), (8, 8)), compression="tiff_lzw"))
    times, frames, end = read(path)
    assert (times, end) == ([0, 1000, 2000], 3000)
    assert frames[1].grey is not None
    assert frames[1].grey.shape == (80, 64)
    assert (frames[1].grey[:, :40] == GREYS[1]).all()
    assert (frames[1].grey[:, 40:] == 0).all()
    assert probe_picture(path).pictures == 3
    first, *others = (Image.new("L", size) for size in ((64, 48), (32, 24), (64, 48)))
    others[0].encoderinfo = {"tiffinfo": {254: 1}}
    first.save(path, "TIFF", save_all=True, append_images=others)
    assert probe_picture(path).pictures == 2


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_a_single_picture_is_one(kind: str) -> None:
    target = io.BytesIO()
    Image.new("RGB", (64, 48)).save(target, kind)
    assert probe_picture(target).pictures == 1


def test_what_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.webp"
    whole = save("WEBP", duration=100)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MediaError, match=r"x\.webp: "):
        index_video(path)
    path.write_bytes(whole)
    monkeypatch.setattr(picture_series, "MOST_PIXELS", 9000)
    with pytest.raises(MediaError, match=r"3 pictures of 64 x 48 pixels, more than 9,000 in all"):
        index_video(path)


def test_a_later_page_may_be_no_larger_than_a_first_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.tif"
    path.write_bytes(save("TIFF", sizes=((8, 8), (64, 48), (8, 8))))
    monkeypatch.setattr(picture_series, "_MOST_OF_ONE", 3000)
    with pytest.raises(MediaError, match=r"too many pixels .* 64 x 48, 3,000 are the limit"):
        index_video(path)
    path.write_bytes(save("TIFF", sizes=((64, 48), (8, 8), (8, 8))))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1500)
    with pytest.raises(MediaError, match="too many pixels"):
        index_video(path)
