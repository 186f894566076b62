"""Copies of pictures: format, size, colours and transparency stay; what could tell who goes."""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms
from pillow_heif import register_heif_opener

from fer_core.drawing.canvas import Canvas, PictureCanvas, Rect, RgbCanvas
from fer_core.drawing.picture_copy import copy_picture
from fer_core.drawing.sprites import Sprite
from fer_core.errors import MediaError
from fer_core.pictures import probe_picture, read_coloured

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM")
RED = (255, 0, 0)


def draw_mark(canvas: Canvas) -> None:
    canvas.fill_rect(Rect(0, 0, 16, 16), RED)


def scene(width: int = 93, height: int = 61) -> Image.Image:
    noise = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(np.asarray(cv2.GaussianBlur(noise, (0, 0), 6)))


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def copy_of(source: io.BytesIO, draw: Callable[[Canvas], None], max_pixels: int = 10**8) -> bytes:
    file = io.BytesIO()
    copy_picture(source, draw, file, max_pixels)
    return file.getvalue()


def copied(data: bytes) -> tuple[Image.Image, NDArray[np.int64]]:
    """Returns the copy, and how far its grey is from the original's, away from the mark."""
    copy = copy_of(io.BytesIO(data), draw_mark)
    before, after = (read_coloured(io.BytesIO(one))[0].astype(np.int64) for one in (data, copy))
    assert before.shape == after.shape
    picture = Image.open(io.BytesIO(copy))
    picture.load()
    return picture, np.abs(before - after)[20:, 20:]


def assert_marked(picture: Image.Image) -> None:
    corner = np.asarray(picture.convert("RGB"))[:16, :16].astype(int)
    assert np.abs(corner - RED)[2:-2, 2:-2].max() < 12


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
@pytest.mark.parametrize("kind", FORMATS)
def test_format_and_size_stay_and_grey_becomes_colour(kind: str, mode: str) -> None:
    if kind == "JPEG" and mode == "P":
        pytest.skip("JPEG has no palette")
    source = scene().convert(mode)
    if kind == "PPM" and mode == "P":
        source = source.convert("L")
    picture, difference = copied(saved(source, kind))
    assert picture.format == kind
    assert picture.size == (93, 61)
    assert_marked(picture)
    assert difference.max() <= (0 if kind not in ("JPEG", "WEBP") else 12)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "JPEG2000"])
def test_what_phones_and_archives_write_stays_in_its_format(kind: str) -> None:
    register_heif_opener()
    picture, difference = copied(saved(scene(128, 96), kind))
    assert picture.format == kind
    assert picture.size == (128, 96)
    assert difference.max() <= 12
    corner = np.asarray(picture.convert("RGB"))[4:12, 4:12].astype(int)
    assert np.abs(corner - RED).max() < 30


@pytest.mark.parametrize("kind", ["HEIF", "JPEG2000", "TIFF", "PPM", "JPEG", "AVIF", "PNG"])
def test_what_browsers_do_not_show_comes_with_a_jpeg(kind: str) -> None:
    register_heif_opener()
    source = io.BytesIO(saved(scene(2000, 300), kind))
    shown = copy_picture(source, draw_mark, io.BytesIO())
    assert (shown is None) == (kind in ("JPEG", "AVIF", "PNG"))
    if shown is not None:
        picture = Image.open(io.BytesIO(shown))
        assert (picture.format, picture.size) == ("JPEG", (1600, 240))
        corner = np.asarray(picture)[3:9, 3:9].astype(int)
        assert np.abs(corner - RED).max() < 30


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_once(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    picture, difference = copied(saved(scene(), kind, exif=exif))
    assert picture.size == ((61, 93) if orientation > 4 else (93, 61))
    assert picture.getexif().get(274) in (None, 1)
    assert_marked(picture)
    assert difference.max() <= 6


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_an_orientation_that_only_xmp_knows_turns_nothing(kind: str) -> None:
    """OpenCV, whose pixels were analysed, does not know it either: boxes would lie elsewhere."""
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-'
        'rdf-syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
        'tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    )
    data = saved(scene(), kind, xmp=xmp.encode())
    assert copied(data)[0].size == (93, 61)
    info = probe_picture(io.BytesIO(data))
    assert (info.width, info.height, info.rotation) == (93, 61, 0)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_transparency_stays_and_the_drawing_is_opaque(kind: str) -> None:
    source = scene().convert("RGBA")
    source.putalpha(Image.linear_gradient("L").resize(source.size))
    picture, _ = copied(saved(source, kind, **({"lossless": True} if kind == "WEBP" else {})))
    alpha = np.asarray(picture)[..., 3]
    assert (alpha[:16, :16] == 255).all()
    assert (alpha[16:] == np.asarray(source)[16:, :, 3]).all()


def test_a_transparent_palette_becomes_rgba() -> None:
    picture, _ = copied(saved(scene().convert("P"), "PNG", transparency=3))
    assert picture.mode == "RGBA"


@pytest.mark.parametrize("end", [".png", ".tiff", ".pgm"])
def test_sixteen_bits_become_eight(end: str) -> None:
    deep = np.asarray(scene())[..., 0].astype(np.uint16) * 257
    picture, difference = copied(cv2.imencode(end, deep)[1].tobytes())
    assert_marked(picture)
    assert difference.max() <= 1


def test_cmyk_becomes_rgb() -> None:
    picture, difference = copied(saved(scene().convert("CMYK"), "JPEG"))
    assert picture.mode == "RGB"
    assert difference.max() <= 6


def test_a_colour_profile_stays_where_it_fits() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        picture, _ = copied(saved(scene(), kind, icc_profile=profile))
        assert picture.info["icc_profile"] == profile
    grey = profile[:16] + b"GRAY" + profile[20:]
    picture, _ = copied(saved(scene().convert("L"), "JPEG", icc_profile=grey))
    assert "icc_profile" not in picture.info


@pytest.mark.parametrize("kind", ["WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_picture_is_kept(kind: str) -> None:
    more = [Image.new("RGB", (93, 61), colour) for colour in ("white", "black")]
    picture, difference = copied(saved(scene(), kind, save_all=True, append_images=more))
    assert getattr(picture, "n_frames", 1) == 1
    assert difference.max() <= 12


def test_no_thumbnail_or_comment_of_the_original_stays() -> None:
    exif = Image.Exif()
    exif[0x010E] = "who this is"
    data = saved(scene(), "JPEG", exif=exif, comment=b"who this is")
    assert b"who this is" in data
    assert b"who this is" not in copy_of(io.BytesIO(data), draw_mark)


def test_damaged_and_too_large_pictures_are_refused() -> None:
    data = saved(scene(), "PNG")
    with pytest.raises(MediaError, match="more than the limit of 100"):
        copy_of(io.BytesIO(data), draw_mark, max_pixels=100)
    with pytest.raises(MediaError, match="cut short or damaged"):
        copy_of(io.BytesIO(data[:1500]), draw_mark)
    with pytest.raises(MediaError, match="no picture"):
        copy_of(io.BytesIO(b"nothing"), draw_mark)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("place", [(5, 7), (-9, -3), (80, 50), (200, 200)])
def test_drawing_on_a_picture_changes_what_drawing_on_its_pixels_does(
    mode: str, place: tuple[int, int]
) -> None:
    picture = scene().convert(mode)
    pixels = np.array(picture)
    sprite = Sprite(np.random.default_rng(2).integers(0, 256, (20, 30, 4), np.uint8))
    canvas: Canvas
    for canvas in (PictureCanvas(picture), RgbCanvas(pixels)):
        canvas.draw_sprite(sprite, *place)
        canvas.fill_rect(Rect(*place, 7, 9), RED)
    assert np.array_equal(np.asarray(picture), pixels)


def test_a_picture_of_nothing_but_grain_is_copied() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)
    data = saved(Image.fromarray(noise), "JPEG", quality=100, subsampling=0)
    assert len(copy_of(io.BytesIO(data), draw_mark)) > 300 * 300
