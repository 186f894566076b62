"""Crops to scores: preprocessing, temperature, and the LiteRT engine on the shipped model."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fer_core.classify import (
    LARGEST_BATCH,
    Classifier,
    LiteRtClassifier,
    softmax,
    standardise_crops,
)
from fer_core.errors import ModelError
from fer_core.model import find_model_dir, load_classifier

BATCHES = (1, 3, LARGEST_BATCH, LARGEST_BATCH + 1)


def random_crops(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(7).integers(0, 256, (count, 48, 48), np.uint8)


@pytest.fixture(scope="module")
def classify() -> Classifier:
    return load_classifier(find_model_dir(), "litert")


def test_standardised_crops_have_mean_0_and_deviation_1() -> None:
    values = standardise_crops(random_crops(4))
    assert values.shape == (4, 48, 48, 1)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values.mean(axis=(1, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(values.std(axis=(1, 2, 3)), 1, atol=1e-5)


def test_standardising_ignores_brightness_and_contrast() -> None:
    crops = random_crops(1) // 4
    np.testing.assert_allclose(
        standardise_crops(crops * 2 + 50), standardise_crops(crops), atol=1e-5
    )


def test_a_crop_of_one_grey_becomes_zeros() -> None:
    assert not standardise_crops(np.full((1, 48, 48), 200, np.uint8)).any()


def test_softmax_divides_by_the_temperature_and_survives_large_logits() -> None:
    logits = np.array([[0, 2, 0, 0, 0, 0, 0], [1000, 0, 0, 0, 0, 0, 0]], np.float32)
    scores = softmax(logits, 2.0)
    assert scores[0, 1] == pytest.approx(np.e / (np.e + 6), abs=1e-6)
    assert scores[1, 0] == 1
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)


def test_scores_are_float32_and_sum_to_1(classify: Classifier) -> None:
    scores = classify(random_crops(5))
    assert scores.shape == (5, 7)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)
    assert np.ptp(scores, axis=0).max() > 0


def test_no_crops_give_no_scores(classify: Classifier) -> None:
    assert classify(random_crops(0)).shape == (0, 7)


def test_a_crop_scores_the_same_in_every_batch(classify: Classifier) -> None:
    crops = random_crops(2 * LARGEST_BATCH + 2)
    together = classify(crops)
    for batch in BATCHES:
        parts = [classify(crops[i : i + batch]) for i in range(0, len(crops), batch)]
        np.testing.assert_allclose(np.concatenate(parts), together, atol=1e-4)


def test_two_threads_may_share_a_classifier(classify: Classifier) -> None:
    crops = random_crops(40)
    expected = classify(crops)
    results: list[NDArray[np.float32]] = []

    def classify_in_parts(batch: int) -> None:
        for _ in range(5):
            parts = [classify(crops[i : i + batch]) for i in range(0, len(crops), batch)]
            results.append(np.concatenate(parts))

    threads = [threading.Thread(target=classify_in_parts, args=(n,)) for n in (4, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 10
    for scores in results:
        np.testing.assert_allclose(scores, expected, atol=1e-4)


@pytest.mark.parametrize(
    "crops",
    [np.zeros((1, 48, 48), np.float32), np.zeros((1, 64, 64), np.uint8)],
    ids=["float", "64x64"],
)
def test_other_crops_are_refused(classify: Classifier, crops: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="needs uint8"):
        classify(crops)


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(b"not a network")
    with pytest.raises(ModelError, match="is no LiteRT network"):
        LiteRtClassifier(tmp_path / "model.tflite")
    with pytest.raises(ModelError, match="is no LiteRT network"):
        LiteRtClassifier(tmp_path / "absent.tflite")
