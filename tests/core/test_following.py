"""What is followed and what is not: a drawn scene for each fault that real footage showed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from fer_core.detection.colour import Colour
from fer_core.detection.detector import load_detector
from fer_core.detection.detector_settings import DEFAULT, HAAR, DetectorSettings
from fer_core.detection.face_check import OUTPUTS, FaceCheck
from fer_core.detection.face_detector import FaceDetector
from fer_core.detection.finder import Proposal
from fer_core.detection.place import Place
from fer_core.faces import Face
from tests.corpus.rooms import (
    Grey,
    add_head,
    draw_pebbles,
    draw_room,
    draw_screen,
    draw_shelf,
    load_composite,
    turn_aside,
)

SIDE = 110
FRAME_MS = 40
FINDERS: dict[str, DetectorSettings] = {"yunet": DEFAULT, "haar": HAAR}


class FakeFinder:
    """Proposes what it is told, everywhere and around a place alike."""

    def __init__(self, *proposals: Proposal) -> None:
        self.proposals = list(proposals)
        self.closely: list[bool] = []

    def __call__(
        self,
        grey: Grey,
        colour: Colour | None,
        near: Place | None = None,
        closely: bool = False,
    ) -> list[Proposal]:
        """Proposes it."""
        self.closely.append(closely)
        return self.proposals


class FakeCheck(FaceCheck):
    """Says the same of every place."""

    def __init__(self, logit: float) -> None:
        self.logit, self._looks = logit, 0

    def judge(self, window: Grey) -> NDArray[np.float32]:
        """Says it."""
        return np.array([self.logit, *[0] * (OUTPUTS - 1)], np.float32)


def head_at(left: int, top: int = 80, name: str = "neutral") -> Grey:
    return add_head(draw_room(), load_composite(name, SIDE), left, top)


def middle(left: int, top: int = 80) -> tuple[float, float]:
    return left + SIDE / 2, top + 0.54 * SIDE


def stir(room: Grey, left: int) -> Grey:
    """Lights up something small, 100 pixels from the top."""
    changed = room.copy()
    changed[100:130, left : left + 30] += 40
    return changed


def follow(detector: FaceDetector, frames: Sequence[Grey]) -> list[list[Face]]:
    return [detector(grey, FRAME_MS if at else None) for at, grey in enumerate(frames)]


def is_at(face: Face, left: int, top: int = 80) -> bool:
    x, y = middle(left, top)
    apart = abs(face.box.x + face.box.width / 2 - x), abs(face.box.y + face.box.height / 2 - y)
    return max(apart) < 0.2 * SIDE


@pytest.mark.parametrize("finder", FINDERS)
@pytest.mark.parametrize(
    "scene",
    [draw_room(), draw_shelf(), draw_pebbles(), *map(draw_screen, ("happy", "sad", "surprise"))],
    ids=["wall", "shelf", "pebbles", "emoji happy", "emoji sad", "emoji surprise"],
)
def test_what_is_no_face_is_not_followed(finder: str, scene: Grey) -> None:
    frames = [np.roll(scene, shift, axis=1) for shift in range(4)]
    assert not any(follow(load_detector(FINDERS[finder]), frames))


@pytest.mark.parametrize(
    "scene",
    [
        add_head(draw_room(), turn_aside(load_composite("neutral", SIDE), 40), 180, 80),
        add_head(draw_room(), load_composite("happy", SIDE, 25), 180, 80),
        add_head(draw_room(), load_composite("happy", SIDE, -35), 180, 80),
        head_at(-round(0.3 * SIDE)),
        head_at(180) // 8,
    ],
    ids=["turned", "tilted", "tilted more", "cut by the edge", "dark"],
)
def test_faces_that_are_hard_to_see_are_found_and_followed(scene: Grey) -> None:
    frames = [np.roll(scene, shift, axis=0) for shift in range(0, 48, 8)]
    found = follow(load_detector(DEFAULT), frames)
    assert [len(faces) for faces in found] == [1] * len(frames)
    assert found[-1][0].box.y - found[0][0].box.y > 20


def test_a_mouth_is_not_followed() -> None:
    """As a cascade proposes it, with all else of the face that is none."""
    grey = head_at(180)
    x, y = middle(180)
    parts = [Place(x, y + 0.27 * SIDE, 0.4 * SIDE), Place(x - 0.2 * SIDE, y - 0.14 * SIDE, 40)]
    finder = FakeFinder(*(Proposal(place, None) for place in parts))
    found = follow(FaceDetector(finder, FaceCheck(), FRAME_MS), [grey] * 4)
    assert all(face.box.width > 0.7 * SIDE for faces in found for face in faces)
    finder.proposals.append(Proposal(Place(x, y, 0.9 * SIDE), None))
    found = follow(FaceDetector(finder, FaceCheck(), FRAME_MS), [grey] * 4)
    assert [[is_at(face, 180) for face in faces] for faces in found] == [[True]] * 4


@pytest.mark.parametrize("finder", FINDERS)
def test_a_face_that_jumps_away_leaves_no_row_where_it_was(finder: str) -> None:
    frames = [head_at(40)] * 4 + [head_at(300)] * 8
    found = follow(load_detector(FINDERS[finder]), frames)
    assert all(is_at(face, 40) for faces in found[:4] for face in faces)
    assert all(is_at(face, 300) for faces in found[4:] for face in faces)
    assert len(found[3]) == len(found[-1]) == 1


def test_what_the_check_does_not_know_is_followed_as_the_finder_sees_it() -> None:
    """A head from behind, say, of which the finder is sure."""
    wall = draw_room()
    finder = FakeFinder()
    detector = FaceDetector(finder, FaceCheck(), 60_000)
    boxes = []
    for at, x in enumerate(range(100, 220, 15)):
        finder.proposals = [Proposal(Place(x, 120, 80), 0.9)]
        (face,) = detector(wall, FRAME_MS if at else None)
        boxes.append(face.box)
    assert [box.x + box.width // 2 for box in boxes] == list(range(100, 220, 15))
    for score, kept in ((0.65, 1), (0.55, 0), (0.65, 0)):  # to go on needs less than to begin
        finder.proposals = [Proposal(Place(205, 120, 80), score)]
        assert len(detector(wall, FRAME_MS)) == kept


@pytest.mark.parametrize(
    ("score", "logit", "in_a_picture", "in_a_film"),
    [
        (0.69, 3.0, 1, 0),
        (0.71, 3.0, 1, 1),
        (0.62, 6.0, 1, 1),
        (None, 3.0, 1, 1),
        (0.64, -4.0, 0, 0),
    ],
)
def test_a_film_begins_with_what_is_sure(
    score: float | None, logit: float, in_a_picture: int, in_a_film: int
) -> None:
    """It shows a face again and again: a hand that looks like one for a moment is not followed."""
    finder = FakeFinder(Proposal(Place(100, 120, 80), score))
    for redetect_ms, count in ((None, in_a_picture), (1000, in_a_film)):
        detector = FaceDetector(finder, FakeCheck(logit), redetect_ms)
        assert len(detector(draw_room())) == count


@pytest.mark.parametrize(
    ("scores", "logit", "sure"),
    [
        ((0.75, 0.79, 0.75), -0.5, [False, False, False]),
        ((0.75, 0.81, 0.65), -0.5, [False, True, True]),  # and stays so
        ((0.62, 0.62), 6.0, [True, True]),
        ((None, None), 3.0, [False, False]),
        ((None, None), 6.0, [True, True]),
    ],
)
def test_a_face_is_sure_once_finder_or_check_is(
    scores: tuple[float | None, ...], logit: float, sure: list[bool]
) -> None:
    finder, room, told = FakeFinder(), draw_room(), []
    detector = FaceDetector(finder, FakeCheck(logit), 60_000)
    for at, score in enumerate(scores):
        finder.proposals = [Proposal(Place(240, 120, 80), score)]
        (face,) = detector(room, FRAME_MS if at else None)
        told.append(face.sure)
    assert told == sure


@pytest.mark.parametrize(
    ("score", "logit", "in_mirror", "x", "count"),
    [
        (0.7, 1.0, 0.32, 380, 1),
        (0.7, 1.0, 0.28, 380, 0),
        (0.7, 1.0, 0.9, 100, 0),
        (0.7, 2.5, 0.28, 380, 1),
        (0.92, -2.0, 0.0, 380, 1),
    ],
)
def test_what_is_in_doubt_is_looked_at_in_a_mirror(
    score: float, logit: float, in_mirror: float, x: float, count: int
) -> None:
    room = draw_room()
    finder = FakeFinder(Proposal(Place(100, 120, 80), score))
    seen: list[tuple[Grey, Place | None]] = []

    def find(
        grey: Grey, colour: Colour | None, near: Place | None = None, closely: bool = False
    ) -> list[Proposal]:
        seen.append((grey if colour is None else colour(480, 270)[..., 0], near))
        return [Proposal(Place(x, 120, 80), in_mirror)] if near else finder(grey, colour)

    assert len(FaceDetector(find, FakeCheck(logit), None)(room)) == count
    for grey, near in seen[1:]:
        assert np.array_equal(grey, room[:, ::-1])
        assert near is not None
        assert near.x == 480 - 100


def test_of_several_proposals_for_one_face_the_surest_counts() -> None:
    x, y = middle(180)
    whole = Proposal(Place(x, y, 0.9 * SIDE), 0.9)
    part = Proposal(Place(x, y + 0.2 * SIDE, 0.6 * SIDE), 0.6)
    for order in ([whole, part], [part, whole]):
        detector = FaceDetector(FakeFinder(*order), FaceCheck(), FRAME_MS)
        for faces in follow(detector, [draw_room()] * 3):
            (face,) = faces
            assert face.score == 0.9
            assert face.box.width == round(0.9 * SIDE)


def test_where_a_proposal_lies_beside_a_face_the_check_finds_the_face_once() -> None:
    x, y = middle(180)
    beside = Proposal(Place(x - 0.5 * SIDE, y, 1.1 * SIDE), None)
    for proposals in ([beside], [beside, Proposal(Place(x, y, 0.9 * SIDE), None)]):
        finder = FakeFinder(*proposals)
        (faces,) = follow(FaceDetector(finder, FaceCheck(), FRAME_MS), [head_at(180)])
        assert [is_at(face, 180) for face in faces] == [True]


def test_what_starts_a_scene_is_searched_closely_and_what_goes_on_with_it_is_not() -> None:
    finder = FakeFinder()
    detector = FaceDetector(finder, FaceCheck(), 400)
    room, lit = draw_room(), stir(draw_room(), 200)
    for at, grey in enumerate([room, room, lit, 255 - room, 255 - lit, 255 - lit]):
        detector(grey, 200 if at else None)
    assert finder.closely == [True, False, True, False]


def test_a_frame_is_searched_again_only_once_something_has_changed_beside_those_followed() -> None:
    detector = FaceDetector(FakeFinder(Proposal(Place(100, 120, 80), 0.9)), FakeCheck(4), 400)
    room = draw_room()
    for change, scans in ((room, 1), (stir(room, 80), 0), (stir(room, 200), 1)):
        for at, grey in enumerate([room, *[change] * 10]):
            detector(grey, 100 if at or change is not room else None)
        assert detector.take_counts()["scans"] == scans


def test_what_is_lost_is_sought_until_it_is_there_again_a_second_long() -> None:
    head = Proposal(Place(100, 120, 80), 0.9)
    for back_ms, searched_ms in ((300, [160, 320]), (9000, [160, 320, 480, 640, 800, 960])):
        finder, times, found = FakeFinder(head), [], []
        detector = FaceDetector(finder, FakeCheck(-4), 60_000)
        for ms in range(0, 3000, FRAME_MS):
            finder.proposals = [head] if not ms or ms >= back_ms else []
            found += [ms] if detector(draw_room(), FRAME_MS if ms else None) else []
            times += [ms] if detector.take_counts()["scans"] else []
        assert times == [0, *searched_ms]
        assert found == [0, *(range(320, 3000, FRAME_MS) if back_ms == 300 else ())]
