"""A teacher outside ferbeam: its file, and how far it is heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fer_core.errors import DataError
from fer_core.learn.distillation import Teachers
from fer_core.learn.outside_teacher import hints_of, read_answers, write_answers
from tests.core.faces import draw_faces

HAPPY = 3


def test_answers_are_found_by_the_pixels_of_a_picture(tmp_path: Path) -> None:
    crops = draw_faces(6, seed=1)
    scores = np.random.default_rng(0).dirichlet(np.ones(7), 4).astype(np.float32)
    write_answers(tmp_path / "said.npz", crops[:4], scores)
    read = read_answers(tmp_path / "said.npz", crops[::-1])
    np.testing.assert_array_equal(read[2:], scores[::-1])
    assert np.isnan(read[:2]).all()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"scores": np.ones((2, 7))}, "is no file of answers"),
        ({"sha256": np.zeros((2, 32), "u1"), "scores": np.ones((2, 6))}, r"needs finite \(n, 7\)"),
        ({"sha256": np.zeros((2, 32), "u1"), "scores": np.full((2, 7), np.nan)}, "needs finite"),
        ({"sha256": np.zeros((2, 32), "u1"), "scores": np.ones((2, 7))}, "none of the pictures"),
    ],
)
def test_a_file_that_does_not_fit_is_one_clear_line(
    arrays: dict[str, np.ndarray], message: str, tmp_path: Path
) -> None:
    np.savez(tmp_path / "said.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=message):
        read_answers(tmp_path / "said.npz", draw_faces(2, seed=1))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04cut short", b"text", b"\x93NUMPY"])
def test_a_damaged_file_is_one_clear_line_too(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "said.npz").write_bytes(data)
    with pytest.raises(DataError, match="is no file of answers"):
        read_answers(tmp_path / "said.npz", draw_faces(2, seed=1))
    np.save(tmp_path / "said.npy", np.ones(3))
    with pytest.raises(DataError, match="is no file of answers"):
        read_answers(tmp_path / "said.npy", draw_faces(2, seed=1))


def test_only_what_a_teacher_says_beyond_its_habit_is_heard() -> None:
    """It says happy twice as often as anything; the third it calls happy more than that."""
    habit = np.array([1, 1, 1, 2, 1, 1, 1], np.float32) / 8
    more = np.array([1, 1, 1, 18, 1, 1, 1], np.float32) / 24
    answers = np.stack([habit, habit, more, np.full(7, np.nan, np.float32)])
    hints = hints_of(answers, 0.5)
    assert (hints[3] == 1).all()
    assert hints[2].argmax() == HAPPY
    assert hints[2, HAPPY] / hints[2, 0] > 1 > hints[0, HAPPY] / hints[0, 0]
    np.testing.assert_array_equal(hints_of(answers, 0.0), 1)


def test_a_teacher_tips_what_others_leave_open_and_speaks_alone_without_labels(
    tmp_path: Path,
) -> None:
    def undecided(crops: np.ndarray) -> np.ndarray:
        return np.tile(np.array([0.4, 0, 0, 0.4, 0.2, 0, 0], np.float32), (len(crops), 1))

    hints = np.ones((2, 7), np.float32)
    hints[:, HAPPY] = 3
    targets = np.stack([np.eye(7, dtype=np.float32)[0], np.zeros(7, np.float32)])
    teachers = Teachers(undecided, 0.5, 1, tmp_path, hints)
    mixed = teachers.mix_targets(targets, 0, np.zeros((2, 48, 48), np.uint8))
    tipped = np.array([0.4, 0, 0, 1.2, 0.2, 0, 0]) / 1.8
    np.testing.assert_allclose(mixed[1], tipped, atol=1e-6)
    np.testing.assert_allclose(mixed[0], 0.5 * tipped + 0.5 * targets[0], atol=1e-6)
