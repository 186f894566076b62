"""How faces are searched: known to a command that searches none, and so without OpenCV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fer_core.errors import FerError

YUNET_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
"""Of YuNet's ONNX file, of OpenCV Zoo (MIT licence)."""
CHECK_SHA256 = "b6021fa5524ea6b4d77958d52e27dd443d5d8cc9b741076636a32ff7245747f1"
"""Of the face check that ships: another one finds other faces."""


@dataclass(frozen=True)
class DetectorSettings:
    """How faces are searched; every field changes rows.

    Attributes:
        kind: names the finder.
        redetect_ms: how often a frame of a video is searched whole, where there is any change;
            lost faces and large changes are at once.
        model_sha256: of YuNet's ONNX file.
        revision: changes whenever the same settings find other faces.
        check_sha256: of the face check.
    """

    kind: Literal["yunet", "haar"] = "yunet"
    redetect_ms: int = 500
    model_sha256: str = YUNET_SHA256
    revision: int = 17
    check_sha256: str = CHECK_SHA256

    def __post_init__(self) -> None:
        if self.redetect_ms < 1:
            raise FerError(f"redetect: {self.redetect_ms} ms is too short, from 1 ms is needed")


DEFAULT = DetectorSettings()
"""What finds the most faces and the fewest false ones in real pictures."""
HAAR = DetectorSettings("haar", redetect_ms=1000, model_sha256="", revision=16)
