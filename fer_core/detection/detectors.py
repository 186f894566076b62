"""The detectors by name: their settings, and how one is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fer_core.detection.detect import Detector
from fer_core.detection.haar import IN_PICTURES, IN_VIDEOS, HaarDetector, HaarSettings
from fer_core.detection.yunet import YuNetDetector, YuNetSettings
from fer_core.errors import FerError

DetectorSettings = HaarSettings | YuNetSettings
"""How faces are searched; `kind` says by which detector."""


def load_detector(
    settings: DetectorSettings, model_path: str | None = None, for_pictures: bool = False
) -> Detector:
    """Loads a detector, for one thread.

    Args:
        settings: of the detector.
        model_path: its model file, for the detectors that have one.
        for_pictures: whether each frame is a picture of its own.

    Raises:
        FerError: the detector or its file cannot be loaded.
    """
    if isinstance(settings, HaarSettings):
        return HaarDetector(settings, IN_PICTURES if for_pictures else IN_VIDEOS)
    if model_path is None:
        raise FerError("detector yunet: has no model file")
    return YuNetDetector(settings, Path(model_path))


def detector_settings(values: dict[str, Any]) -> DetectorSettings:
    """Builds settings from what `dataclasses.asdict` made of them."""
    return HaarSettings(**values) if values["kind"] == "haar" else YuNetSettings(**values)
