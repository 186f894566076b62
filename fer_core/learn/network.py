"""The network: a small residual network with squeeze-and-excitation."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from fer_core.classify import CROP_SIZE
from fer_core.emotions import EMOTIONS
from fer_core.learn.settings import NetworkShape


def _conv(x: Any, width: int, stride: int = 1, kernel: int = 3, relu: bool = True) -> Any:
    """Convolution and batch normalisation, then ReLU if asked."""
    x = layers.Conv2D(
        width, kernel, stride, "same", use_bias=False, kernel_initializer="he_normal"
    )(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.ReLU()(x) if relu else x


def _excite(x: Any, width: int) -> Any:
    """Weights each channel by its global context (Hu et al. 2018, arXiv 1709.01507)."""
    weights = layers.GlobalAveragePooling2D(keepdims=True)(x)
    weights = layers.Conv2D(max(8, width // 8), 1, activation="relu")(weights)
    weights = layers.Conv2D(width, 1, activation="sigmoid")(weights)
    return layers.Multiply()([x, weights])


def _block(x: Any, width: int, stride: int) -> Any:
    """A residual block of two convolutions (He et al. 2016, arXiv 1512.03385)."""
    y = _conv(x, width, stride)
    y = _excite(_conv(y, width, relu=False), width)
    if stride != 1 or x.shape[-1] != width:
        x = _conv(x, width, stride, kernel=1, relu=False)
    return layers.ReLU()(layers.Add()([x, y]))


def build_network(shape: NetworkShape, dropout: float = 0.3) -> keras.Model:
    """Builds an untrained network.

    Args:
        shape: see NetworkShape.
        dropout: share of the pooled features dropped in training.

    Returns:
        A model from standardised crops, float32 (n, 48, 48, 1), to logits, float32 (n, 7).
    """
    inputs = layers.Input((CROP_SIZE, CROP_SIZE, 1), name="crops")
    x = _conv(inputs, shape.stem)
    for width, count in zip(shape.widths, shape.blocks, strict=True):
        for index in range(count):
            x = _block(x, width, 2 if index == 0 else 1)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(dropout)(x)
    # A loss in bfloat16 would be off by up to a percent.
    logits = layers.Dense(len(EMOTIONS), dtype="float32", name="logits")(x)
    return keras.Model(inputs, logits, name="fer_cnn")
