"""Sprites and rectangles on RGB and YUV pixels: right colours, nothing outside, no loss inside."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fer_core.drawing.canvas import Canvas, Rect, RgbCanvas, YuvCanvas
from fer_core.drawing.sprites import Sprite, SpriteCache
from fer_core.errors import FerError

Pixels = NDArray[np.uint8]
RED = (255, 0, 0)


def yuv_planes(width: int, height: int, value: int = 100) -> tuple[Pixels, Pixels, Pixels]:
    half = ((height + 1) // 2, (width + 1) // 2)
    return (
        np.full((height, width), value, np.uint8),
        np.full(half, value, np.uint8),
        np.full(half, value, np.uint8),
    )


def soft_sprite(width: int, height: int) -> Sprite:
    """A sprite of every alpha, with a smooth run of colours."""
    rgba = np.empty((height, width, 4), np.uint8)
    rgba[..., 0] = np.linspace(0, 255, width).astype(np.uint8)
    rgba[..., 1] = np.linspace(255, 0, height).astype(np.uint8)[:, None]
    rgba[..., 2] = 90
    rgba[..., 3] = np.linspace(0, 255, width * height).reshape(height, width).astype(np.uint8)
    return Sprite(rgba)


def solid_sprite(side: int, alpha: int = 255) -> Sprite:
    return Sprite(np.full((side, side, 4), (*RED, alpha), np.uint8))


@pytest.mark.parametrize(
    ("full_range", "bt709", "red"),
    [
        (False, False, (81, 90, 240)),
        (True, False, (76, 85, 255)),
        (False, True, (63, 102, 240)),
        (True, True, (54, 99, 255)),
    ],
)
def test_red_is_red_in_every_colour_space(
    full_range: bool, bt709: bool, red: tuple[int, int, int]
) -> None:
    planes = yuv_planes(16, 16)
    canvas = YuvCanvas(*planes, full_range=full_range, bt709=bt709)
    canvas.fill_rect(Rect(0, 0, 8, 16), RED)
    canvas.draw_sprite(solid_sprite(8), 8, 0)
    for plane, value in zip(planes, red, strict=True):
        assert np.abs(plane[:4].astype(int) - value).max() <= 1
    assert (planes[0][8:, 8:] == 100).all()
    assert (planes[1][4:, 4:] == 100).all()


@pytest.mark.parametrize("place", [(-7, -5), (25, -3), (-4, 16), (27, 17), (9, 3), (40, 40)])
@pytest.mark.parametrize("size", [(31, 21), (32, 22)])
def test_nothing_is_drawn_outside(size: tuple[int, int], place: tuple[int, int]) -> None:
    """The canvas is a window in larger arrays, whose rest must stay as it is."""
    width, height = size
    y, u, v = yuv_planes(width + 20, height + 20)
    window = (slice(10, 10 + height), slice(10, 10 + width))
    half = (slice(5, 5 + (height + 1) // 2), slice(5, 5 + (width + 1) // 2))
    canvas = YuvCanvas(y[window], u[half], v[half], full_range=False, bt709=False)
    rgb = np.full((height + 20, width + 20, 3), 100, np.uint8)
    for one in (canvas, RgbCanvas(rgb[window])):
        one.draw_sprite(soft_sprite(11, 9), *place)
        one.fill_rect(Rect(place[0] + 3, place[1] + 3, 7, 5), RED)
    expected = np.zeros((height, width), bool)
    x0, y0 = max(0, place[0]), max(0, place[1])
    expected[y0 : max(0, place[1] + 9), x0 : max(0, place[0] + 11)] = True
    for plane, inside in ((y, window), (rgb[..., 0], window), (u, half), (v, half)):
        changed = plane != 100
        assert changed[inside].any() == expected.any()
        changed[inside] = False
        assert not changed.any()
    assert not (rgb[window] != 100).any(axis=2)[~expected].any()


def test_full_alpha_gives_the_colour_and_none_keeps_the_pixel() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    clear, opaque = noise.copy(), noise.copy()
    RgbCanvas(clear).draw_sprite(solid_sprite(16, alpha=0), 0, 0)
    RgbCanvas(opaque).draw_sprite(solid_sprite(16), 0, 0)
    assert (clear == noise).all()
    assert (opaque == RED).all()


def test_half_alpha_is_the_mean() -> None:
    pixels = np.full((4, 4, 3), (0, 200, 100), np.uint8)
    RgbCanvas(pixels).draw_sprite(solid_sprite(4, alpha=128), 0, 0)
    assert np.abs(pixels.astype(int) - (128, 100, 50)).max() <= 1


@pytest.mark.parametrize("at", [(4, 6), (5, 6), (4, 7), (5, 7)])
def test_yuv_and_rgb_agree(at: tuple[int, int]) -> None:
    """A smooth sprite, so that chroma of half the size loses little; OpenCV converts back."""
    planes = yuv_planes(64, 48, 128)
    rgb = np.full((48, 64, 3), 130, np.uint8)  # (128 - 16) * 255 / 219
    YuvCanvas(*planes, full_range=False, bt709=False).draw_sprite(soft_sprite(48, 36), *at)
    RgbCanvas(rgb).draw_sprite(soft_sprite(48, 36), *at)
    joined = np.concatenate([plane.ravel() for plane in planes]).reshape(72, 64)
    back = cv2.cvtColor(joined, cv2.COLOR_YUV2RGB_I420).astype(int)
    inner = (slice(at[1] + 2, at[1] + 34), slice(at[0] + 2, at[0] + 46))
    assert np.abs(back - rgb)[inner].max() <= 14
    assert np.abs(back - rgb)[inner].mean() <= 2.5


@pytest.mark.parametrize("start", [6, 7])
def test_thin_lines_keep_their_colour_in_yuv(start: int) -> None:
    """Two rows from an even or odd one on: one row of chroma, never none."""
    planes = yuv_planes(32, 32)
    canvas = YuvCanvas(*planes, full_range=False, bt709=False)
    canvas.fill_rect(Rect(0, start, 32, 2), RED)
    assert (planes[0] != 100).sum() == 2 * 32
    assert (planes[2] != 100).sum() == 16


def test_turned_views_are_drawn_on() -> None:
    """A frame shown upright may be a view of one stored on its side."""
    straight, turned = yuv_planes(20, 30), yuv_planes(30, 20)
    views = tuple(plane.T[:, ::-1] for plane in turned)
    for planes in (straight, views):
        y, u, v = planes
        canvas: Canvas = YuvCanvas(y, u, v, full_range=True, bt709=True)
        canvas.draw_sprite(soft_sprite(15, 17), 7, 9)
    for one, other in zip(straight, views, strict=True):
        assert (one == other).all()


def test_transparency_is_kept_and_what_is_drawn_is_opaque() -> None:
    pixels = np.full((8, 8, 4), (10, 20, 30, 0), np.uint8)
    canvas = RgbCanvas(pixels)
    canvas.draw_sprite(solid_sprite(4), 0, 0)
    canvas.draw_sprite(solid_sprite(2, alpha=128), 4, 4)
    canvas.fill_rect(Rect(6, 0, 2, 2), RED)
    assert (pixels[:4, :4] == (*RED, 255)).all()
    assert (pixels[4:6, 4:6] == (*RED, 128)).all()
    assert (pixels[:2, 6:] == (*RED, 255)).all()
    assert (pixels[6:, :4] == (10, 20, 30, 0)).all()


def test_planes_that_do_not_fit_are_refused() -> None:
    y, u, v = yuv_planes(31, 21)
    with pytest.raises(FerError, match="chroma"):
        YuvCanvas(y, u[:-1], v, full_range=False, bt709=False)
    with pytest.raises(FerError, match="h, w, 3"):
        RgbCanvas(y)


def test_the_cache_forgets_what_was_not_used_for_longest() -> None:
    made: list[int] = []

    def make(key: int) -> Pixels:
        made.append(key)
        return np.zeros((10, 10, 4), np.uint8)

    cache = SpriteCache(2 * 100 * SpriteCache.BYTES_PER_PIXEL)
    for key in (1, 2, 1, 3, 1, 2):
        cache.find(key, partial(make, key))
    assert made == [1, 2, 3, 2]
    assert len(cache) == 2
