"""Faces keep their tracks in generated clips where it is known who is seen; a part of the bench."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fer_core.faces import Box
from tests.bench.generated import ENCOUNTERS, TrueFace, Truth
from tests.bench.generated.encounters import overlap_seconds
from tests.bench.generated.identity import Identities, Tracked, score_tracks
from tests.bench.generated.staging import set_stage
from tests.bench.tracks import score_seed

AGAIN = pytest.param("crossing", 2, marks=pytest.mark.long)


@pytest.mark.parametrize(
    ("name", "seed"), [("crossing", 1), AGAIN, ("back_soon", 3), ("scene_cut", 1)]
)
def test_nobody_gets_the_track_of_another(tmp_path: Path, name: str, seed: int) -> None:
    scored = score_seed(tmp_path, name, seed, seconds=5)
    assert scored.people >= 1
    assert (scored.switches, scored.fragments) == (0, 0)


@pytest.mark.parametrize(("name", "seed"), [("back_late", 1), ("crossing", 1)])
def test_who_comes_back_is_the_same_person(tmp_path: Path, name: str, seed: int) -> None:
    scored = score_seed(tmp_path, name, seed, seconds=7, by="people")
    assert scored.people == 2
    assert (scored.switches, scored.fragments, scored.later) == (0, 0, 0)
    assert scored.tracks == scored.people


@pytest.mark.parametrize("name", ["crossing", "turning_back"])
@pytest.mark.parametrize("seed", range(1, 4))
def test_two_meet_for_as_long_as_promised(name: str, seed: int) -> None:
    stage = set_stage(ENCOUNTERS[name], seed, 200, None)
    back, front = (actor.path for actor in stage.scenes[0].actors)
    assert 0.5 <= overlap_seconds(back, front) < 1.5
    passed = np.sign(back.x[0] - front.x[0]) != np.sign(back.x[-1] - front.x[-1])
    assert passed == (name == "crossing")


def test_switches_and_fragments_are_counted() -> None:
    here, there = TrueFace(0, 0, 50, 50, 0, 0), TrueFace(100, 0, 50, 50, 0, 1)
    hidden = ((), (), (), (here,), (), ())
    seen = ((here, there), (here, there), (here, there), (there,), (here, there), (here, there))
    truth = Truth((200, 100), 25, seen, hidden)
    one, other = Box(0, 0, 50, 50), Box(100, 0, 50, 50)
    tracks = [[0, 1], [0, 1], [1, 0], [9, 0], [1, 0], [2, 3]]
    times = [0, 100, 200, 300, 400, 1800]
    sampled = [
        Tracked(index, ms, [one, other], numbers)
        for index, (ms, numbers) in enumerate(zip(times, tracks, strict=True))
    ]
    assert score_tracks(truth, sampled) == Identities(2, 5, switches=2, fragments=2, later=2)
    assert score_tracks(truth, sampled[:2]) == Identities(2, 2)
    doubled = Identities(1, 2, 3, 4, 5) + Identities(1, 2, 3, 4, 5)
    assert doubled == Identities(2, 4, 6, 8, 10)
