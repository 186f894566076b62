"""Tracks of one person are joined across gaps, by what the person looks like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from fer_core.tracking.descriptors import LOOKS_SIZE, SCENE_SIZE, Descriptors
from fer_core.tracking.people import number_people
from fer_core.tracking.sightings import read_sightings
from fer_core.tracking.tracks import link_tracks, number_tracks
from tests.core.linked import Places, make_rows, people_of

HERE, THERE = (100, 50), (400, 50)
ME, YOU = 90, 160
"""Grey levels of what two people look like."""


def stays(*parts: tuple[int, Sequence[tuple[tuple[int, int], int]]]) -> tuple[list[int], list[int]]:
    """Returns the people of the single or first face of each part, and those of the others.

    Args:
        parts: of ten samples a second: how many, and place and looks of each face.
    """
    seen: list[tuple[int, Places]] = []
    looks: list[int] = []
    for count, faces in parts:
        for _ in range(count):
            seen.append((100 * len(seen), [place for place, _ in faces]))
            looks += [grey for _, grey in faces]
    people = people_of(seen, looks)
    return [row[0] for row in people if row], [row[1] for row in people if len(row) > 1]


def test_who_leaves_and_returns_is_the_same_person() -> None:
    first, _ = stays((20, [(HERE, ME)]), (40, []), (20, [(THERE, ME)]))
    assert first == [0] * 40


def test_who_looks_different_is_another_person() -> None:
    first, _ = stays((20, [(HERE, ME)]), (40, []), (20, [(HERE, YOU)]), (30, []), (9, [(HERE, ME)]))
    assert first == [0] * 20 + [1] * 20 + [0] * 9


def test_two_who_are_seen_at_the_same_time_are_two_though_they_look_alike() -> None:
    twins = [(HERE, ME), (THERE, ME)]
    first, others = stays((20, twins), (30, []), (20, twins))
    assert set(first) | set(others) == {0, 1}
    assert all(one != other for one, other in zip(first, others, strict=True))


def test_a_passer_by_is_nobody_else() -> None:
    first, others = stays(
        (20, [(HERE, ME)]), (10, [(HERE, ME), (THERE, YOU)]), (30, []), (20, [(HERE, ME)])
    )
    assert (set(first), set(others)) == ({0}, {1})


@pytest.mark.parametrize(("people", "wanted"), [(None, 2), (2, 2), (1, 1)])
def test_it_can_be_said_how_many_people_there_are(people: int | None, wanted: int) -> None:
    seen: list[tuple[int, Places]] = [(100 * n, [] if 20 <= n < 50 else [HERE]) for n in range(70)]
    found = people_of(seen, [ME] * 20 + [YOU] * 20, people)
    assert len({person for row in found for person in row}) == wanted


def test_one_person_is_not_joined_with_who_is_seen_beside() -> None:
    both: Places = [HERE, THERE]
    seen = [(100 * n, both if n < 10 else [HERE]) for n in range(30)]
    found = people_of(seen, [ME, YOU] * 10 + [ME] * 20, 1)
    assert found == [[0, 1]] * 10 + [[0]] * 20


def test_without_looks_every_track_is_a_person() -> None:
    faces, frames = make_rows([(100 * n, [HERE] if n in (0, 50) else []) for n in range(51)])
    linked, _ = link_tracks(faces, frames)
    assert linked["person_id"].to_pylist() == linked["track_id"].to_pylist() == [0, 1]


def test_a_crowd_of_passers_by_is_numbered_as_it_comes() -> None:
    """More than are looked back at, of whom one comes again and again."""
    rng = np.random.default_rng(1)
    people = rng.integers(0, 256, (200, LOOKS_SIZE), np.uint8)
    order = [0 if n % 20 == 0 else n for n in range(200)]
    seen: list[tuple[int, Places]] = [
        (400 * n, [] if n % 5 else [HERE]) for n in range(5 * len(order))
    ]
    faces, frames = make_rows(seen)
    scenes = np.full((len(seen), SCENE_SIZE), 100, np.uint8)
    marks = Descriptors(people[order], scenes, np.ones(len(order), np.bool_))
    sightings = read_sightings(faces, frames, marks)
    numbers = number_people(sightings, number_tracks(sightings))
    assert numbers.tolist() == np.unique(order, return_inverse=True)[1].tolist()
