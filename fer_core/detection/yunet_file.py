"""Where the file of YuNet lies that ferbeam ships."""

from __future__ import annotations

from pathlib import Path

from fer_core.model import YUNET_NAME, find_model_dir

YUNET_SHA256 = "5b170799981ae1a96e2fd61207254015fd7600aa8032c3217e1dc52120c88cab"
"""Of OpenCV Zoo's file (MIT licence) as `fer_core.learn.yunet_conversion` writes it."""


def find_yunet() -> Path:
    """Returns the file of YuNet, for LiteRT.

    Raises:
        ModelError: it is not there.
    """
    return find_model_dir(name=YUNET_NAME) / "model.tflite"
