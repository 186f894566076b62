"""The face check's network and what it is taught by."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from fer_core.classify import CROP_SIZE
from fer_core.detection.face_check import OUTPUTS

WIDTHS = (16, 32, 64)
"""Channels of the three stages; each halves the resolution."""
BOX_WEIGHT, POINT_WEIGHT = 4.0, 4.0
NEAR = 0.1
"""Sides of the place from where on an error counts by its size and not by its square."""


def _conv(x: Any, width: int, stride: int = 1) -> Any:
    x = layers.Conv2D(width, 3, stride, "same", use_bias=False, kernel_initializer="he_normal")(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))


def build_check_network() -> keras.Model:
    """Builds an untrained network, 0.1 M parameters.

    Returns:
        A model from standardised windows, float32 (n, 48, 48, 1), to float32 (n, OUTPUTS).
    """
    inputs = layers.Input((CROP_SIZE, CROP_SIZE, 1), name="windows")
    x = _conv(inputs, WIDTHS[0], 2)
    for index, width in enumerate(WIDTHS):
        x = _conv(x, width, 1 if index == 0 else 2)
        if index:
            x = _conv(x, width)
    x = layers.DepthwiseConv2D(3, 2, "same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))
    x = layers.Flatten()(x)
    x = layers.Dropout(0.1)(x)
    return keras.Model(inputs, layers.Dense(OUTPUTS, name="face")(x), name="face_check")


def check_loss(targets: Any, outputs: Any) -> Any:
    """Cross-entropy of face or not, and the errors of box and points where they are known."""
    face = ops.binary_crossentropy(targets[:, 0], outputs[:, 0], from_logits=True)
    box = ops.mean(_huber(targets[:, 1:4] - outputs[:, 1:4]), axis=1)
    points = ops.mean(_huber(targets[:, 4:OUTPUTS] - outputs[:, 4:OUTPUTS]), axis=1)
    return (
        face
        + BOX_WEIGHT * targets[:, OUTPUTS] * box
        + POINT_WEIGHT * targets[:, OUTPUTS + 1] * points
    )


def _huber(error: Any) -> Any:
    size = ops.abs(error)
    return ops.where(size < NEAR, size * size / (2 * NEAR), size - NEAR / 2)
