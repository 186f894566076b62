"""Other light and cameras: nearly all crops change, and what is drawn follows from the seed."""

from __future__ import annotations

import numpy as np

from fer_core.learn.cameras import CHANGES, photograph_crops
from tests.core.faces import draw_faces


def test_crops_change_each_in_its_way_and_the_same_again_for_the_same_seed() -> None:
    crops = np.tile(draw_faces(1, seed=2), (400, 1, 1))
    first, again = (photograph_crops(crops, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.dtype == np.uint8
    assert first.shape == crops.shape
    changed = (first != crops).any(axis=(1, 2))
    # One in twenty draws none of the changes.
    assert abs(changed.mean() - 0.95) < 0.06
    assert len(np.unique(first[changed], axis=0)) > 0.9 * changed.sum()


def test_every_change_keeps_a_face_recognisable() -> None:
    crop = draw_faces(1, seed=7)[0]
    for change in CHANGES:
        changed = [change(crop, np.random.default_rng(seed)) for seed in range(20)]
        assert all(each.dtype == np.uint8 and each.shape == crop.shape for each in changed)
        alike = [np.corrcoef(each.ravel(), crop.ravel())[0, 1] for each in changed]
        assert min(alike) > 0.6, (change.__name__, min(alike))
        assert any((each != crop).any() for each in changed)
