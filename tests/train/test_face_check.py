"""Training of the face check, small and short: windows, targets, going on, and what ships."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer_core.detection.place import Place
from fer_core.learn.face_check_card import export_check
from fer_core.learn.face_check_training import (
    EPOCHS_FILE,
    draw_valid,
    measure_check,
    score_windows,
    train_check,
)
from fer_core.learn.face_decoys import draw_emoji
from fer_core.learn.face_pictures import POINTS, MarkedFace, read_pictures
from fer_core.learn.face_windows import (
    FACE_TIMES,
    PROFILE_TIMES,
    TURNED_TIMES,
    Proposal,
    cut_off,
    cut_windows,
    describe_face,
    face_shown,
    mirror_target,
    times_of,
)
from tests.pipelines.jobs import SAMPLES

SHARES = {
    "left_eye": (0.32, 0.37),
    "right_eye": (0.68, 0.37),
    "nose": (0.5, 0.58),
    "mouth_left": (0.4, 0.77),
    "mouth_right": (0.6, 0.77),
}


def picture(name: str, x: int, side: int = 64) -> dict[str, object]:
    """A composite in a grey picture, with its marks."""
    face = cv2.imread(str(SAMPLES / f"composites/{name}.png"), cv2.IMREAD_GRAYSCALE)
    grey = np.full((120, 200), 100, np.uint8)
    grey[30 : 30 + side, x : x + side] = cv2.resize(face, (side, side))
    marks = {"x": x + 8.0, "y": 34.0, "width": side - 16.0, "height": side - 6.0, "ignore": False}
    for point, (across, down) in SHARES.items():
        marks |= {f"{point}_x": x + across * side, f"{point}_y": 30 + down * side}
    return {"image": cv2.imencode(".jpg", grey)[1].tobytes(), "faces": [marks]}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("marked")
    rows = [picture(name, x) for name in ("happy", "sad", "neutral") for x in (20, 60, 110)]
    empty = {"image": cv2.imencode(".png", np.full((90, 90), 70, np.uint8))[1].tobytes()}
    for part in ("train", "valid"):
        pq.write_table(
            pa.Table.from_pylist([*rows, {**empty, "faces": []}]), folder / f"{part}.parquet"
        )
    return folder


def test_windows_are_faces_background_or_neither(data: Path) -> None:
    (face,) = read_pictures(data / "train.parquet")[0].faces
    place = face.place
    assert face_shown(place, (face,)) is face
    assert face_shown(place._replace(x=place.x + 0.2 * place.side), (face,)) is face
    assert face_shown(place._replace(x=place.x + 0.4 * place.side), (face,)) is False
    assert face_shown(place._replace(x=place.x + 0.8 * place.side), (face,)) is None
    assert face_shown(place._replace(side=0.4 * place.side), (face,)) is None
    away = face._replace(counts=False)
    assert face_shown(place._replace(x=place.x + 0.9 * place.side), (away,)) is False


def test_targets_say_where_the_face_lies_in_its_window(data: Path) -> None:
    (face,) = read_pictures(data / "train.parquet")[0].faces
    place = Place(face.place.x + 8, face.place.y, face.place.side * 2)
    target = describe_face(face, place)
    assert target[0] == target[14] == target[15] == 1
    assert target[1] == pytest.approx(-8 / place.side)
    assert target[3] == pytest.approx(-np.log(2))
    mirrored = mirror_target(target)
    assert mirrored[1] == -target[1]
    left_eye, right_eye = 4, 6
    assert mirrored[left_eye] == pytest.approx(-target[right_eye])
    assert len(POINTS) == 5


def test_what_a_window_shows_is_what_lies_there(data: Path) -> None:
    pictures = read_pictures(data / "train.parquet")
    face = pictures[0].faces[0]
    windows = cut_windows(pictures, [Proposal(0, face.place), Proposal(9, Place(40, 40, 30))])
    assert windows.targets[:, 0].tolist() == [1, 0]
    assert windows.crops[0].std() > 20
    assert windows.crops[1].std() == 0


def test_heads_from_the_side_are_shown_more_often(data: Path) -> None:
    (front,) = read_pictures(data / "train.parquet")[0].faces
    marked = front.points
    assert marked is not None
    middle = marked[:2].mean(axis=0)

    def times(eyes: float, nose: float) -> int:
        """Of the face with its eyes brought together and its nose aside, in sides."""
        points = marked.copy()
        points[:2] = middle + (points[:2] - middle) * eyes
        points[2, 0] = middle[0] + nose * front.place.side
        return times_of(MarkedFace(front.place, points, True))

    assert times(1.0, 0.0) == times_of(front._replace(points=None)) == FACE_TIMES
    assert times(0.9, 0.15) == TURNED_TIMES
    assert times(0.3, 0.15) == PROFILE_TIMES


def test_a_face_that_the_edge_cuts_goes_on_as_its_edge() -> None:
    rng = np.random.default_rng(0)
    crop = rng.integers(0, 256, (48, 48), np.uint8)
    sides = set()
    for _ in range(40):
        cut = cut_off(crop, rng)
        repeated = [
            bool((np.rot90(cut, turns)[-2:] == np.rot90(cut, turns)[-3]).all())
            for turns in range(4)
        ]
        sides.add(sum(repeated))
        assert (cut[22:26, 22:26] == crop[22:26, 22:26]).all()
    assert sides == {1, 4}


def test_drawn_faces_cover_the_background_alone() -> None:
    wall = np.full((48, 48), 90, np.uint8)
    drawn = draw_emoji(wall, np.random.default_rng(0))
    assert drawn.shape == (48, 48)
    assert np.abs(drawn.astype(int) - wall)[16:32, 16:32].mean() > 20
    assert (drawn[[0, 0, -1, -1], [0, -1, 0, -1]] == 90).all()


def test_training_learns_goes_on_and_writes_what_ships(data: Path, tmp_path: Path) -> None:
    network = train_check(data, tmp_path, epochs=1, seed=1)
    again = train_check(data, tmp_path, epochs=2, seed=1)
    assert len((tmp_path / EPOCHS_FILE).read_text().splitlines()) == 3
    valid = draw_valid(data)
    before, after = (score_windows(each, valid.crops) for each in (network, again))
    assert before.shape == (len(valid.crops), 14)
    assert np.abs(before - after).max() > 0
    metrics = measure_check(again, valid)
    assert 0 <= metrics["area_under_curve"] <= 1
    card = export_check(again, tmp_path, "drawn faces", "make face-check", metrics)
    written = json.loads((tmp_path / "card.json").read_text())
    assert written["files"] == card.files
    assert written["parameters"] == 81_374
