"""Emoji pictures: ferbeam's own and the user's."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer_core.drawing.emoji import LARGEST_SIDE, fit_emoji, hash_emoji, read_emoji
from fer_core.emotions import NAMES
from fer_core.errors import UsageError
from tests.core.emoji_pictures import ASSETS, draw_svg


def save_avatars(folder: Path, end: str = "png", size: tuple[int, int] = (40, 40)) -> Path:
    folder.mkdir(exist_ok=True)
    for at, name in enumerate(NAMES):
        Image.new("RGB", size, (30 * at, 100, 200)).save(folder / f"{name}.{end}")
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_the_pictures_are_made_from_their_vectors(name: str) -> None:
    shipped = np.asarray(Image.open(ASSETS / f"{name}.png")).astype(int)
    made = draw_svg(ASSETS / f"{name}.svg").astype(int)
    assert shipped.shape == made.shape
    assert np.abs(shipped - made).mean() < 0.5


def test_the_emoji_differ_even_when_small_and_grey() -> None:
    """Not by colour alone: some readers do not see it."""
    small = [
        np.asarray(Image.fromarray(fit_emoji(one, 24)).convert("L")).astype(int)
        for one in read_emoji()
    ]
    for one, other in itertools.combinations(small, 2):
        assert np.abs((one - one.mean()) - (other - other.mean())).mean() > 8


def test_corners_are_transparent_and_the_middle_is_not() -> None:
    for picture in read_emoji():
        for side in (24, 400):
            fitted = fit_emoji(picture, side)
            assert fitted.shape == (side, side, 4)
            assert fitted[0, 0, 3] == 0
            assert fitted[side // 2, side // 2, 3] == 255


def test_pictures_that_are_not_square_keep_their_proportions() -> None:
    fitted = fit_emoji(Image.new("RGBA", (300, 100), "red"), 60)
    rows, columns = np.nonzero(fitted[..., 3])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (20, 39, 0, 59)


@pytest.mark.parametrize("end", ["png", "jpg", "webp"])
def test_avatars_of_every_format_are_read(tmp_path: Path, end: str) -> None:
    avatars = read_emoji(save_avatars(tmp_path / "own", end))
    for at, avatar in enumerate(avatars):
        pixel = avatar.getpixel((20, 20))
        assert pixel == pytest.approx((30 * at, 100, 200, 255), abs=6)


def test_large_avatars_are_reduced(tmp_path: Path) -> None:
    avatars = read_emoji(save_avatars(tmp_path / "own", size=(1400, 700)))
    assert avatars[0].size == (LARGEST_SIDE, LARGEST_SIDE // 2)


def test_what_is_wrong_with_avatars_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere is no folder"):
        read_emoji(tmp_path / "nowhere")
    folder = save_avatars(tmp_path / "own")
    (folder / "sad.png").write_bytes(b"no picture")
    with pytest.raises(UsageError, match=r"sad\.png, the picture for sad, cannot be read"):
        read_emoji(folder)
    cut = (folder / "fear.png").read_bytes()[:60]
    (folder / "fear.png").write_bytes(cut)
    with pytest.raises(UsageError, match=r"fear\.png, the picture for fear"):
        read_emoji(folder)
    (folder / "sad.png").unlink()
    (folder / "happy.png").unlink()
    with pytest.raises(UsageError, match=r"no picture for happy, sad; happy\.png"):
        read_emoji(folder)
    with pytest.raises(UsageError, match="no picture for happy, sad"):
        hash_emoji(folder)


def test_the_hash_changes_with_a_picture(tmp_path: Path) -> None:
    folder = save_avatars(tmp_path / "own")
    before = hash_emoji(folder)
    assert before == hash_emoji(save_avatars(tmp_path / "same"))
    Image.new("RGB", (40, 40), "white").save(folder / "angry.png")
    assert len({before, hash_emoji(folder), hash_emoji()}) == 3
