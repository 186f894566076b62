"""Drawn data, and a model trained on them, for all tests of training."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_core.emotions import NAMES
from ferbeam.training.train import TrainRequest, run_train
from tests.train.drawn import PICTURES, SETTINGS, draw_face


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder per emotion, with drawn faces."""
    root, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for part, count in PICTURES.items():
        for emotion, name in enumerate(NAMES):
            folder = root / part / name
            folder.mkdir(parents=True)
            for index in range(count):
                cv2.imwrite(str(folder / f"{index}.png"), draw_face(emotion, rng))
    return root


@pytest.fixture(scope="session")
def straight(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained without a stop."""
    model_dir = tmp_path_factory.mktemp("models") / "straight"
    run_train(TrainRequest(data, model_dir, SETTINGS), lambda line: None)
    return model_dir
