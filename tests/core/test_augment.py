"""Random changes: the same for the same seed, and targets go with their pictures."""

from __future__ import annotations

import numpy as np

from fer_core.learn.augment import augment_crops, mix_up


def test_each_crop_is_changed_at_random_and_the_same_again_for_the_same_seed() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (20, 48, 48), np.uint8)
    crops[10:] = crops[:10]
    first, again = (augment_crops(crops, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.dtype == np.uint8
    assert (first[:10] != first[10:]).any(axis=(1, 2)).all()


def test_mixup_mixes_pictures_and_targets_alike() -> None:
    # Picture k is of the grey 40 k, so that the greys say how much of which picture is in it.
    crops = np.full((6, 48, 48), 40, np.uint8) * np.arange(6, dtype=np.uint8)[:, None, None]
    targets = np.eye(7, dtype=np.float32)[:6]
    mixed, shares = mix_up((crops, targets), 0.4, np.random.default_rng(3))
    assert mixed.dtype == np.uint8
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(mixed[:, 0, 0], 40 * shares[:, :6] @ np.arange(6), atol=0.51)
    assert ((shares > 0.01).sum(axis=1) == 2).any()
    # The first share is the picture's own.
    assert (shares[np.arange(6), np.arange(6)] > 0).all()
