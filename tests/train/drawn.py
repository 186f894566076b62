"""Faces drawn for training, those of the samples, and how the tests train."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE
from fer_core.detection.detector import load_detector
from fer_core.detection.detector_settings import HAAR
from fer_core.faces import crop_face
from fer_core.learn.settings import TrainSettings
from fer_core.model import ModelCard, file_sha256, write_card

PICTURE_FOLDER = Path(__file__).resolve().parents[2] / "sample_data" / "pictures"
SETTINGS = TrainSettings(epochs=2, batch=28, learning_rate=0.02)
PICTURES = {"train": 12, "valid": 4}
"""Of each emotion."""


def draw_face(emotion: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draws a round face whose mouth and brows depend on the emotion."""
    face = rng.integers(0, 60, (CROP_SIZE, CROP_SIZE), np.uint8)
    cv2.circle(face, (24, 24), 21, 190, -1)
    for x in (16, 32):
        cv2.circle(face, (x, 19), 3, 20, -1)
        cv2.line(face, (x - 4, 10 + emotion), (x + 4, 10 + emotion), 20, 1)
    cv2.ellipse(face, (24, 34), (9, 1 + emotion), 0, 0, 180 + 30 * emotion, 20, 2)
    return face


def drawn_crops() -> NDArray[np.uint8]:
    rng = np.random.default_rng(1)
    return np.stack([draw_face(emotion, rng) for emotion in range(7)])


def sample_crops() -> NDArray[np.uint8]:
    """The faces that the detector finds in the sample pictures."""
    detect = load_detector(HAAR)
    crops = []
    for path in sorted(PICTURE_FOLDER.iterdir()):
        grey = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
        if grey is not None:
            pixels = np.asarray(grey, np.uint8)
            crops += [crop_face(pixels, face.square) for face in detect(pixels)]
    return np.stack(crops)


def always(emotion: int, folder: Path) -> Path:
    """Writes a model that calls every crop the same into `folder/always`, and returns that."""
    import keras

    from fer_core.learn.conversion import convert_network

    inputs = keras.Input((CROP_SIZE, CROP_SIZE, 1))
    last = keras.layers.Dense(7)
    network = keras.Model(inputs, last(keras.layers.GlobalAveragePooling2D()(inputs)))
    last.set_weights([np.zeros((1, 7)), 5 * np.eye(7)[emotion]])
    file = folder / "always" / "model.tflite"
    file.parent.mkdir()
    file.write_bytes(convert_network(network, "float16"))
    write_card(file.parent, ModelCard(name="always", files={file.name: file_sha256(file)}))
    return file.parent
