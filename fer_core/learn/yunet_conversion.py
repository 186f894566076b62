"""From YuNet's ONNX file to its network for LiteRT, which takes a third of OpenCV's time.

Without its weights: these `fer_core.detection.yunet_file` fills in.

`python -m fer_core.learn.yunet_conversion face_detection_yunet_2023mar.onnx models/yunet`
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import tensorflow as tf  # noqa: TID251 (LiteRT's converter is in it)
from keras import layers
from numpy.typing import NDArray

from fer_core.detection.yunet_file import PLAN, arrange
from fer_core.errors import FerError
from fer_core.learn.export import installed_versions
from fer_core.model import CARD_NAME, YUNET_NAME, file_sha256

SOURCE = (
    "face_detection_yunet_2023mar.onnx of OpenCV Zoo (Wu, Peng and Yu 2023), MIT licence, "
    "copyright 2020 Shiqi Yu; trained by its authors on WIDER FACE. Its weights are not in here"
)
SCALES = 3
"""Levels of the pyramid at which it finds faces: of cells of 8, 16 and 32 pixels."""
HEADS = 4 * SCALES * 2
"""Convolutions that tell class, box, object and points."""

Weights = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Kernel (out, in, h, w) and bias (out,)."""

Place = tuple[int, list[tuple[int, tuple[int, ...]]]]
"""Where weights lie in the network, and from where in the ONNX file, in which shape, each comes."""


def read_convolutions(onnx: Path) -> list[Weights]:
    """Reads the convolutions of an ONNX file in their order."""
    network = cv2.dnn.readNetFromONNX(str(onnx))
    names = [name for name in network.getLayerNames() if "Conv" in name]
    return [(network.getParam(name, 0), network.getParam(name, 1).ravel()) for name in names]


def _pointwise(x: Any, weights: Weights) -> Any:
    layer = layers.Conv2D(len(weights[1]), 1)
    result = layer(x)
    layer.set_weights([weights[0].transpose(2, 3, 1, 0), weights[1]])
    return result


def _depthwise(x: Any, weights: Weights, activation: str | None = "relu") -> Any:
    layer = layers.DepthwiseConv2D(3, padding="same", activation=activation)
    result = layer(x)
    layer.set_weights([weights[0].transpose(2, 3, 0, 1), weights[1]])
    return result


def _blocks(x: Any, weights: Iterator[Weights], count: int) -> Any:
    for _ in range(count):
        x = _depthwise(_pointwise(x, next(weights)), next(weights))
    return x


def _stem(x: Any, weights: Weights) -> Any:
    layer = layers.Conv2D(len(weights[1]), 3, 2, activation="relu")
    result = layer(layers.ZeroPadding2D(1)(x))
    layer.set_weights([weights[0].transpose(2, 3, 1, 0), weights[1]])
    return result


def _enlarge(x: Any) -> Any:
    """Doubles a map by repeating; LiteRT's own way to do so needs a size that is known before."""
    four = layers.Concatenate()([x] * 4)
    return layers.Lambda(lambda each: tf.nn.depth_to_space(each, 2))(four)


def _join(several: list[Weights]) -> Weights:
    kernels, biases = zip(*several, strict=True)
    return np.concatenate(kernels), np.concatenate(biases)


def group_convolutions(convolutions: list[Weights]) -> list[list[Weights]]:
    """Groups the convolutions that are run as one: for each scale the two of all that it tells."""
    body, heads = convolutions[:-HEADS], convolutions[-HEADS:]
    # Of class, box, object and points each the scales, of each two.
    return [*([each] for each in body), *(heads[at :: 2 * SCALES] for at in range(2 * SCALES))]


def build_yunet(groups: list[list[Weights]]) -> keras.Model:
    """Builds the network for pictures of any size whose sides are multiples of 32.

    Args:
        groups: of `group_convolutions`.

    Returns:
        A model from colours, float32 (1, h, w, 3), blue, green, red from 0 to 255, to three maps
        float32 (1, h / s, w / s, 16), s = 8, 16 and 32, of CELL_NUMBERS.
    """
    weights = map(_join, groups)
    inputs = keras.Input((None, None, 3), 1)
    x = _blocks(_stem(inputs, next(weights)), weights, 1)
    x = _blocks(layers.MaxPooling2D()(x), weights, 4)
    levels = []
    for _ in range(SCALES):
        x = _blocks(layers.MaxPooling2D()(x), weights, 2)
        levels.append(x)
    maps = [_blocks(levels.pop(), weights, 1)]
    while levels:
        x = layers.Add()([levels.pop(), _enlarge(maps[0])])
        maps.insert(0, _blocks(x, weights, 1))
    outputs = [_depthwise(_pointwise(x, next(weights)), next(weights), None) for x in maps]
    return keras.Model(inputs, outputs, name=YUNET_NAME)


def convert_yunet(onnx: Path) -> tuple[bytes, list[Place]]:
    """Converts an ONNX file to LiteRT.

    Returns:
        The network with zeros for its weights, and where in it which weights of the file belong.
    """
    groups = group_convolutions(read_convolutions(onnx))
    converter = tf.lite.TFLiteConverter.from_keras_model(build_yunet(groups))
    with redirect_stdout(StringIO()):
        network = bytearray(converter.convert())
    data, places = onnx.read_bytes(), []
    for group in groups:
        for weights in zip(*group, strict=True):
            values = arrange(list(weights))
            at = _find_once(values, network)
            network[at : at + len(values)] = bytes(len(values))
            sources = [(_find_once(each.tobytes(), data), each.shape) for each in weights]
            places.append((at, sources))
    return bytes(network), places


def _find_once(values: bytes, data: bytes | bytearray) -> int:
    if data.count(values) != 1:
        raise FerError(f"yunet: weights of {len(values)} bytes are not in its file once")
    return data.index(values)


def export_yunet(onnx: Path, model_dir: Path) -> None:
    """Writes PLAN and its card."""
    model_dir.mkdir(parents=True, exist_ok=True)
    file = model_dir / PLAN
    network, places = convert_yunet(onnx)
    file.write_bytes(network)
    card = {
        "name": YUNET_NAME,
        "files": {PLAN: file_sha256(file)},
        "of": {onnx.name: file_sha256(onnx)},
        "data": SOURCE,
        "command": f"python -m fer_core.learn.yunet_conversion {onnx.name} models/{YUNET_NAME}",
        "versions": installed_versions(),
        "filled_in": None,
    }
    text = json.dumps(card, ensure_ascii=False, indent=2)
    lines = ",\n    ".join(map(json.dumps, places))  # one a place
    text = text.replace('"filled_in": null', f'"filled_in": [\n    {lines}\n  ]')
    (model_dir / CARD_NAME).write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Converts the file that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("onnx", type=Path)
    parser.add_argument("model_dir", type=Path)
    given = parser.parse_args()
    export_yunet(given.onnx, given.model_dir)


if __name__ == "__main__":
    main()
