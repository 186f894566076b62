"""Labelled faces for tests of figures, drawn or made of numbers; and model cards that are wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE
from fer_core.learn.dataset import OTHER_VOTE_COLUMNS, VOTE_COLUMNS
from fer_core.model import CARD_NAME


def draw_faces(count: int, seed: int) -> NDArray[np.uint8]:
    """Draws round faces with eyes and mouth at random places and greys, uint8 (n, 48, 48)."""
    rng = np.random.default_rng(seed)
    faces = rng.integers(0, 60, (count, CROP_SIZE, CROP_SIZE), np.uint8)
    for face in faces:
        cv2.circle(face, (24, 24), 21, int(rng.integers(120, 250)), -1)
        for x in (16, 32):
            cv2.circle(face, (x, int(rng.integers(16, 22))), 3, 20, -1)
        cv2.ellipse(face, (24, 34), (9, int(rng.integers(1, 9))), 0, 0, 180, 20, 2)
    return faces


def encode_png(crop: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".png", crop)[1])


def write_part(path: Path, images: list[bytes], labels: list[int | None], **more: Any) -> None:
    """Writes a Parquet part; nine of ten people vote for the label, one for surprise."""
    columns: dict[str, Any] = {"image": images, "emotion": pa.array(labels, pa.int64())}
    for index, name in enumerate(VOTE_COLUMNS):
        votes = [9 * (label == index) + (index == 6) for label in labels]
        columns[name] = pa.array(votes, pa.int64())
    for name in OTHER_VOTE_COLUMNS:
        columns[name] = pa.array([0] * len(labels), pa.int64())
    pq.write_table(pa.table({**columns, **more}), path)


def change_card(model_dir: Path, **changes: Any) -> None:
    """Changes fields of the card of a model folder."""
    file = model_dir / CARD_NAME
    card = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**card, **changes}), encoding="utf-8")
