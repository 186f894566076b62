"""What counts as found in real pictures: `tests.bench.wild_truth`."""

from __future__ import annotations

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer_core.faces import Box
from tests.bench.wild_truth import Labelled, Marked, Tally, read_pictures

SIZE = (640, 480)
FACE = Marked(100, 100, 60, 80, turn=0.7, roll=-25)


def tally_of(*boxes: Box, ignore: tuple[Marked, ...] = ()) -> Tally:
    tally = Tally()
    faces = (FACE, Marked(300, 300, 15, 20))
    tally.add(Labelled("groups", SIZE, faces, ignore), boxes)
    return tally


def test_a_face_counts_by_its_size_turn_and_tilt() -> None:
    tally = tally_of(Box(95, 103, 70, 70))
    assert tally.faces == {"all": 1, "80-10000 px": 1, "turned": 1, "tilted": 1}
    assert tally.hits == tally.faces
    assert tally.false_faces == 0


def test_what_is_elsewhere_or_a_second_time_there_is_false() -> None:
    tally = tally_of(Box(95, 103, 70, 70), Box(97, 105, 70, 70), Box(10, 10, 50, 50))
    assert (tally.hits["all"], tally.false_faces) == (1, 2)
    missed = tally_of(Box(60, 60, 70, 70))
    assert (missed.hits["all"], missed.false_faces) == (0, 1)


def test_of_a_face_that_is_cut_by_the_edge_counts_what_is_seen() -> None:
    cut = Labelled("groups", SIZE, (Marked(-40, 420, 100, 120),), ())
    assert cut.pair_faces([Box(0, 424, 57, 56)]) == {0: 0}
    assert not cut.pair_faces([Box(0, 373, 107, 107)])  # the same square, moved into the frame


def test_small_and_ignored_faces_count_for_nothing() -> None:
    tally = tally_of(
        Box(299, 302, 17, 17), Box(400, 400, 40, 40), ignore=(Marked(390, 390, 60, 60),)
    )
    assert tally.false_faces == 0
    assert tally.hits["all"] == 0


def test_pictures_are_read_with_their_truth(tmp_path) -> None:  # type: ignore[no-untyped-def]
    image = cv2.imencode(".jpg", np.zeros((20, 30, 3), np.uint8))[1].tobytes()
    face = {"x": 1.0, "y": 2.0, "width": 3.0, "height": 4.0, "turn": 0.1, "roll": 5.0}
    ignore = {"x": 1.0, "y": 2.0, "width": 3.0, "height": 4.0}
    row = {"set": "coco", "image": image, "faces": [face], "ignore": [ignore]}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "pictures.parquet")
    (found,) = read_pictures(tmp_path, tmp_path).items()
    assert found[0] == "00000.jpg"
    assert found[1] == Labelled(
        "coco", (30, 20), (Marked(1, 2, 3, 4, 0.1, 5),), (Marked(1, 2, 3, 4),)
    )
    assert found[1].faces[0].square.width == pytest.approx(0.89 * 4)
