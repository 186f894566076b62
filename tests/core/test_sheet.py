"""Contact sheets: every tile is there, times are right, and any name will do."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fer_core.drawing.overlay import Overlay, OverlaySettings
from fer_core.drawing.sheet import (
    MAX_TILES,
    TILE_SIZE,
    Tile,
    compose_sheet,
    cut_tile,
    read_places,
    show_time,
)
from fer_core.shown_face import ShownFace

SCORES = np.array([0.05, 0.05, 0.05, 0.7, 0.05, 0.05, 0.05], np.float32)


def tiles(count: int) -> list[Tile]:
    pixels = np.full((TILE_SIZE[1], TILE_SIZE[0], 3), (255, 0, 255), np.uint8)
    return [Tile(pixels, 1000 * at, at, at % 7, 0.8) for at in range(count)]


def opened(data: bytes) -> NDArray[np.int64]:
    picture = Image.open(io.BytesIO(data))
    assert picture.format == "JPEG"
    return np.asarray(picture).astype(np.int64)


def count_tiles(sheet: NDArray[np.int64]) -> float:
    magenta = (np.abs(sheet - (255, 0, 255)).max(axis=2) < 40).sum()
    return float(magenta / (TILE_SIZE[0] * TILE_SIZE[1]))


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_every_tile_is_on_the_sheet(count: int, lang: str) -> None:
    sheet = opened(compose_sheet("a.mp4", tiles(count), lang))
    assert count_tiles(sheet) == pytest.approx(count, rel=0.02)


def test_a_sheet_is_bounded_and_says_what_is_left_out() -> None:
    full = opened(compose_sheet("a.mp4", tiles(MAX_TILES), "en"))
    more = opened(compose_sheet("a.mp4", tiles(MAX_TILES + 5), "en"))
    assert full.shape == more.shape
    assert (full[:120] != more[:120]).any()
    assert compose_sheet("a", tiles(2), "en", left_out=5) != compose_sheet("a", tiles(2), "en")


def test_a_sheet_says_where_each_person_is() -> None:
    shown = [tile._replace(person_id=7 - tile.person_id) for tile in tiles(5)]
    shown[3].pixels[:] = (0, 255, 0)
    shown[3] = shown[3]._replace(pixels=shown[3].pixels.copy())
    shown[0].pixels[:] = (255, 0, 255)
    data = compose_sheet("a.mp4", shown, "en")
    places = read_places(io.BytesIO(data))
    assert places is not None
    sheet = opened(data)
    assert (places.height, places.width) == sheet.shape[:2]
    assert sorted(places.people) == [3, 4, 5, 6, 7]
    for person, (x, y, width, height) in places.people.items():
        colour = (0, 255, 0) if person == 4 else (255, 0, 255)
        tile = sheet[y + 8 : y + height - 8, x + 8 : x + width - 8]
        assert np.abs(tile - colour).max() < 40


@pytest.mark.parametrize("comment", [None, b"", b"[[1]]", b'{"a": 1}', b"[[1, 2, 3, 4, 1e999]]"])
def test_what_is_no_sheet_of_ours_says_nothing(comment: bytes | None) -> None:
    file = io.BytesIO()
    Image.new("RGB", (40, 40)).save(file, "JPEG", **({"comment": comment} if comment else {}))
    assert read_places(io.BytesIO(file.getvalue())) is None
    assert read_places(io.BytesIO(b"no picture")) is None


@pytest.mark.parametrize(
    "name", ["", "é 日本 😀\n.mp4", "x" * 500, "%FF/" * 90 + "a.mp4", "\udcff"]
)
def test_any_name_will_do(name: str) -> None:
    assert opened(compose_sheet(name, tiles(1), "fr")).shape[1] == 2 * (TILE_SIZE[0] + 15) + 15


def test_times_are_never_after_the_moment() -> None:
    assert show_time(0) == "0:00:00.0"
    assert show_time(3_723_999) == "1:02:03.9"
    assert show_time(36_000_049) == "10:00:00.0"


@pytest.mark.parametrize("size", [(640, 360), (270, 480), (64, 48), (2000, 100), (90, 1500)])
@pytest.mark.parametrize("place", [(0.0, 0.0), (0.5, 0.5), (0.9, 0.9)])
def test_a_tile_shows_its_face_whole(size: tuple[int, int], place: tuple[float, float]) -> None:
    side = min(size) * 0.4
    x, y = (min(at * most, most - side - 1) for at, most in zip(place, size, strict=True))
    frame = np.full((size[1], size[0], 3), 128, np.uint8)
    frame[int(y) : int(y + side), int(x) : int(x + side)] = (0, 255, 0)
    faces = [ShownFace(4, x, y, side, side, SCORES)]
    tile = cut_tile(frame, faces, 0, Overlay(OverlaySettings("emoji")))
    assert tile.shape == (TILE_SIZE[1], TILE_SIZE[0], 3)
    green = np.abs(tile.astype(int) - (0, 255, 0)).max(axis=2) < 60
    assert green.sum() > 5000
    rows, columns = np.nonzero(green)
    shape = (np.ptp(columns) + 1) / (np.ptp(rows) + 1)
    assert shape == pytest.approx(1, abs=0.12)


def test_the_tile_of_a_covered_face_shows_no_face() -> None:
    faces = [ShownFace(at, 60.0 + 130 * at, 100, 90, 90, SCORES) for at in range(3)]
    overlay = Overlay(OverlaySettings("cover"))
    frame = np.full((360, 640, 3), 128, np.uint8)
    for one in faces:
        frame[100:190, int(one.x) : int(one.x) + 90] = (0, 255, 0)
    tile = cut_tile(frame, faces, 1, overlay).astype(int)
    assert not (np.abs(tile - (0, 255, 0)).max(axis=2) < 60).any()


def test_a_tile_tells_the_score_that_is_written_below_it() -> None:
    """In the video a percentage is held, so that it does not flicker; it may be of another time."""
    frame = np.full((360, 640, 3), 128, np.uint8)
    now = ShownFace(0, 250, 100, 90, 90, SCORES)
    for kind in ("emoji", "cover"):
        overlay = Overlay(OverlaySettings(kind))
        held, plain = (
            cut_tile(frame, [face], 0, overlay) for face in (now._replace(held_confidence=0.4), now)
        )
        assert (held == plain).all()


def test_the_face_that_a_tile_is_about_is_on_top_of_other_covers() -> None:
    """As where a cut follows, and who comes then is covered already."""
    frame = np.full((360, 640, 3), 128, np.uint8)
    own = ShownFace(1, 250, 100, 90, 90, SCORES)
    other = ShownFace(2, 280, 110, 150, 150, np.roll(SCORES, 1))
    overlay = Overlay(OverlaySettings("cover"))
    tile, alone = (cut_tile(frame, faces, 0, overlay) for faces in ([own, other], [own]))
    middle = (slice(TILE_SIZE[1] // 2 - 30, TILE_SIZE[1] // 2 + 30), slice(140, 200))
    assert (tile[middle] == alone[middle]).all()
    assert (tile != alone).any()
