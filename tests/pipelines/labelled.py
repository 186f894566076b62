"""Folders of labelled pictures, for tests of `prepare`."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from fer_core.emotions import NAMES
from fer_core.pictures import read_coloured
from tests.pipelines.jobs import SAMPLES


def fill(folder: Path, copies: int = 1) -> None:
    """Puts composite faces into a folder per emotion, each copy a little darker."""
    for name in NAMES:
        (folder / name).mkdir(parents=True)
        face = read_coloured(SAMPLES / f"composites/{name}.png")[0]
        for number in range(copies):
            cv2.imwrite(str(folder / name / f"{number:02}.png"), face - np.minimum(face, number))
