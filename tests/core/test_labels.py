"""What labels and votes say: majorities, targets, rare emotions, and simple figures."""

from __future__ import annotations

import numpy as np
import pytest

from fer_core.errors import DataError
from fer_core.learn.labels import LabelledFaces, majority_labels, repeat_rare, training_targets
from fer_core.learn.measuring import measure_scores


def faces_with(votes: list[list[int]]) -> LabelledFaces:
    count = len(votes)
    crops = np.zeros((count, 48, 48), np.uint8)
    return LabelledFaces(crops, np.full(count, -1, np.int64), np.array(votes, np.float32))


def test_majority_drops_single_votes_and_counts_the_other_answers() -> None:
    votes = [
        [0, 0, 0, 6, 4, 0, 0, 0, 0, 0],  # six of ten
        [0, 0, 0, 5, 5, 0, 0, 0, 0, 0],  # a tie
        [1, 1, 1, 4, 0, 1, 1, 0, 1, 0],  # four of four, once single votes are gone
        [0, 0, 0, 4, 0, 0, 0, 6, 0, 0],  # most say contempt
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ]
    assert majority_labels(np.array(votes, np.float32)).tolist() == [3, -1, 3, -1, -1]


def test_targets_are_shares_of_votes_or_labels() -> None:
    faces = faces_with([[0, 0, 0, 6, 2, 1, 0, 0, 0, 0], [0, 0, 0, 2, 0, 0, 0, 0, 0, 8]])
    assert training_targets(faces, "ferplus").tolist() == [[0, 0, 0, 0.75, 0.25, 0, 0], [0] * 7]
    labelled = LabelledFaces(faces.crops, np.array([2, -1]), faces.votes)
    assert training_targets(labelled, "fer2013").tolist() == [[0, 0, 1, 0, 0, 0, 0], [0] * 7]
    with pytest.raises(DataError, match="'affectnet' is unknown, use one of ferplus, fer2013"):
        training_targets(faces, "affectnet")


def test_pictures_of_rare_emotions_are_shown_more_often() -> None:
    """100 pictures of six emotions, 4 of the seventh: 0.05 / 0.0066 is 2.75 squared."""
    targets = np.repeat(np.eye(7, dtype=np.float32), [4, *[100] * 6], axis=0)
    rows = repeat_rare(targets, 0.05, seed=0)
    times = np.bincount(rows)
    assert set(times[4:]) == {1}
    assert set(times[:4]) <= {2, 3}
    assert rows.tolist() == sorted(rows)
    counts = [len(repeat_rare(targets, 0.05, seed)) - 600 for seed in range(200)]
    assert np.mean(counts) == pytest.approx(4 * 2.75, rel=0.05)
    assert len(repeat_rare(targets, 0, seed=0)) == 604


def test_figures_of_a_small_example() -> None:
    faces = faces_with([[9, 0, 0, 0, 0, 0, 0, 0, 0, 0]] * 2 + [[0, 0, 0, 8, 2, 0, 0, 0, 0, 0]] * 2)
    scores = np.full((4, 7), 0.05, np.float32)
    scores[[0, 1, 2, 3], [0, 3, 3, 3]] = 0.7
    figures = measure_scores(faces, scores, None)
    assert figures["all.ferplus.accuracy"] == 0.75
    happy = [figures[f"all.ferplus.{name}_happy"] for name in ("precision", "recall", "f1")]
    assert happy == pytest.approx([2 / 3, 1, 0.8])
    assert figures["all.ferplus.macro_f1"] == pytest.approx((2 / 3 + 0.8) / 7, abs=1e-4)
    shown = [figures[f"all.ferplus.confusion_angry_as_{name}"] for name in ("angry", "happy")]
    assert shown == [1, 1]
    assert not any(name.startswith("all.fer2013") for name in figures)


def test_a_share_of_the_single_label_is_kept_beside_the_votes() -> None:
    votes = np.zeros((3, 10), np.float32)
    votes[0, 4] = votes[1, 4] = votes[2, 4] = 10
    faces = LabelledFaces(np.zeros((3, 48, 48), np.uint8), np.array([0, 4, -1]), votes)
    targets = training_targets(faces, "ferplus", 0.25)
    np.testing.assert_allclose(targets[0], [0.25, 0, 0, 0, 0.75, 0, 0])
    # A label that says the same, or none at all, changes nothing.
    np.testing.assert_allclose(targets[1:, 4], 1)
