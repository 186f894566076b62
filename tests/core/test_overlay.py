"""Overlays: covered faces stay covered, labels stay in the frame, and order changes nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fer_core.drawing.canvas import Rect, RgbCanvas, YuvCanvas
from fer_core.drawing.overlay import Lang, Overlay, OverlayKind, OverlaySettings, round_up
from fer_core.drawing.placing import Places
from fer_core.drawing.stencils import TILE
from fer_core.emotions import NAMES
from fer_core.errors import UsageError
from fer_core.shown_face import ShownFace

KINDS: tuple[OverlayKind, ...] = ("emoji", "cover", "box")


def face(x: float, y: float, side: float, emotion: int = 3, track: int = 0) -> ShownFace:
    scores = np.full(7, 0.02, np.float32)
    scores[emotion] = 0.88
    return ShownFace(track, x, y, side, side, scores)


def drawn(
    overlay: Overlay, faces: list[ShownFace], size: tuple[int, int], grey: int
) -> NDArray[np.uint8]:
    pixels = np.full((size[1], size[0], 3), grey, np.uint8)
    overlay.draw(RgbCanvas(pixels), faces)
    return pixels


def shines_through(
    overlay: Overlay, faces: list[ShownFace], size: tuple[int, int]
) -> NDArray[np.bool_]:
    """Where what is drawn depends on what was there: bool (h, w)."""
    black, white = (drawn(overlay, faces, size, grey) for grey in (0, 255))
    return np.asarray((black != white).any(axis=2))


@pytest.fixture(scope="module")
def avatars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures that are mostly transparent, and not square."""
    folder = tmp_path_factory.mktemp("avatars")
    for name in NAMES:
        picture = Image.new("RGBA", (90, 40))
        picture.paste((255, 0, 200, 120), (30, 10, 60, 30))
        picture.save(folder / f"{name}.png")
    return folder


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize(
    ("x", "y", "side"),
    [(200.0, 100.0, 120.0), (10.4, 3.7, 33.3), (-40.0, 250.0, 90.0), (300, 20, 7)],
)
def test_a_cover_hides_the_face_and_its_surroundings(
    own: bool, x: float, y: float, side: float, avatars: Path
) -> None:
    overlay = Overlay(OverlaySettings("cover", avatars=avatars if own else None))
    for emotion in range(7):
        seen = shines_through(overlay, [face(x, y, side, emotion)], (640, 360))
        box = seen[max(0, int(y)) : int(np.ceil(y + side)), max(0, int(x)) : int(np.ceil(x + side))]
        assert box.size
        assert not box.any()
        middle = round(x + side / 2)
        above, below = max(0, round(y - 0.25 * side)), round(y + 1.25 * side)
        assert not seen[above:below, max(0, middle)].any()


@pytest.mark.parametrize("cut", [0.0, 0.3, 0.55])
def test_a_cover_in_a_corner_hides_the_whole_face_of_which_the_box_is_a_part(cut: float) -> None:
    side, size = 100.0, (640, 360)
    shown = side * (1 - cut)
    parts = face(size[0] - shown, size[1] - shown, shown)
    seen = shines_through(Overlay(OverlaySettings("cover")), [parts], size)
    reach = round(shown + 0.15 * side)
    assert not seen[-round(shown) :, -reach:].any()
    assert not seen[-reach:, -round(shown) :].any()


def test_a_cover_larger_than_a_tile_has_no_seams() -> None:
    side = 1.3 * TILE / 1.7
    overlay = Overlay(OverlaySettings("cover"))
    size = (900, 1500)
    seen = shines_through(overlay, [face(30, 300, side)], size)
    assert not seen[300 : 300 + int(side), 30 : 30 + int(side)].any()
    pixels = drawn(overlay, [face(30, 300, side)], size, 0).astype(int)
    seam = round(300 + side / 2 - round_up(int(side * 1.7) + 3) / 2) + TILE
    steps = np.abs(np.diff(pixels[:, 100:700], axis=0)).mean(axis=(1, 2))
    assert steps[seam - 1] < 4 * np.median(steps[seam - 40 : seam + 40]) + 1


def test_a_cover_hides_chroma_too() -> None:
    overlay = Overlay(OverlaySettings("cover"))
    results = []
    for value in (16, 235):
        planes = [np.full(shape, value, np.uint8) for shape in ((361, 641), (181, 321), (181, 321))]
        canvas = YuvCanvas(planes[0], planes[1], planes[2], full_range=False, bt709=True)
        overlay.draw(canvas, [face(541.3, 251.6, 100)])
        results.append(planes)
    for (black, white), scale in zip(zip(*results, strict=True), (1, 2, 2), strict=True):
        box = (slice(252 // scale, 352 // scale), slice(542 // scale, 641 // scale))
        assert (black[box] == white[box]).all()


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_faces_give_the_same_pixels(kind: OverlayKind, lang: Lang) -> None:
    """Whatever came before, and in whichever order they come."""
    faces = [face(100, 80, 90, 1, 0), face(220.5, 90.2, 95, 5, 1), face(500, 200, 140, 6, 2)]
    used = Overlay(OverlaySettings(kind, lang))
    for step in range(5):
        drawn(used, [face(20 + 7 * step, 200, 60 + step, step)], (640, 360), 90)
    first = drawn(Overlay(OverlaySettings(kind, lang)), faces, (640, 360), 90)
    assert (drawn(used, faces[::-1], (640, 360), 90) == first).all()
    assert (first != 90).any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (9, 7), (33, 90), (121, 65), (360, 203), (3840, 2160)])
def test_any_frame_can_be_drawn_on(kind: OverlayKind, size: tuple[int, int]) -> None:
    """Something is drawn where a face reaches into the frame, and nothing where it does not."""
    overlay = Overlay(OverlaySettings(kind, "fr"))
    side = max(1, min(size) / 3)
    for x, y in ((0, 0), (size[0] - 1, size[1] - 1), (-5, size[1] / 2)):
        pixels = drawn(overlay, [face(x, y, side, 5)], size, 90)
        assert (pixels != 90).any() == (x + side > 0)
        if kind == "cover":
            inside = pixels[int(y) : int(y + side), max(0, int(x)) : max(0, int(x + side))]
            assert (inside != 90).any(axis=2).all()


@pytest.mark.parametrize("kind", KINDS)
def test_labels_stay_whole_at_every_edge(kind: OverlayKind) -> None:
    """As many white pixels of letters as in the middle; disgust has little white in its emoji."""
    overlay = Overlay(OverlaySettings(kind, "fr"))

    def letters(x: float, y: float) -> int:
        pixels = drawn(overlay, [face(x, y, 260, 1)], (1280, 720), 60)
        return int((pixels.min(axis=2) > 250).sum())

    inside = letters(500, 250)
    assert inside > 150
    for x, y in ((1, 1), (1019, 1), (1, 459), (1019, 459), (500, 0), (0, 250), (1020, 250)):
        assert letters(x, y) == pytest.approx(inside, rel=0.02, abs=30)


def test_only_the_one_pointed_out_is_drawn_but_all_are_covered() -> None:
    faces = [face(60, 100, 80, 3, 0), face(400, 100, 80, 5, 1)]
    for kind in KINDS:
        pixels = np.full((360, 640, 3), 90, np.uint8)
        Overlay(OverlaySettings(kind)).draw(RgbCanvas(pixels), faces, about=0)
        assert (pixels[:, :320] != 90).any()
        assert (pixels[:, 320:] != 90).any() == (kind == "cover")


@pytest.mark.parametrize("sides_first", [False, True])
def test_labels_of_neighbours_do_not_hide_each_other(sides_first: bool) -> None:
    faces = [Rect(60 + 130 * at, 120, 110, 110) for at in range(4)]
    places = Places((640, 360), faces)
    size = (90, 90) if sides_first else (125, 30)
    found = [places.place(size, at, sides_first) for at in range(4)]
    for at, one in enumerate(found):
        assert one.x >= 0
        assert one.x + one.width <= 640
        assert one.y >= 0
        assert one.y + one.height <= 360
        for other in found[:at]:
            apart = abs(one.x - other.x) >= size[0] or abs(one.y - other.y) >= size[1]
            assert apart


def test_a_label_glides_while_its_face_leaves_upwards() -> None:
    before: int | None = None
    jumps = 0
    for y in range(60, -60, -1):
        place = Places((640, 360), [Rect(200, y, 120, 120)]).place((120, 36), 0)
        jumps += before is not None and abs(place.y - before) > 2
        before = place.y
    assert jumps == 1


def test_lengths_are_rounded_up_a_little() -> None:
    for length in range(1, 3000):
        assert length <= round_up(length) <= max(length + 1, length * 33 // 32 + 1)
    assert len({round_up(length) for length in range(100, 200)}) < 40


def test_settings_that_are_not_known_are_refused() -> None:
    with pytest.raises(UsageError, match="emoji, cover or box"):
        OverlaySettings("hat")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="en or fr"):
        OverlaySettings("box", "de")  # type: ignore[arg-type]
