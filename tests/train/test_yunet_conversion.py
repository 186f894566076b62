"""What the conversion of YuNet's ONNX file writes is what ships, and holds none of its weights."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from fer_core.detection.yunet_file import PLAN, arrange, fill_plan, find_yunet
from fer_core.detection.yunet_network import find_rows
from fer_core.learn.yunet_conversion import export_yunet, read_convolutions
from fer_core.litert import LiteRtNetwork
from fer_core.model import YUNET_NAME, find_model_dir
from tests.pipelines.jobs import SAMPLES


def test_converting_the_original_gives_the_network_that_ships(tmp_path: Path) -> None:
    export_yunet(find_yunet(), tmp_path)
    onnx = find_yunet().read_bytes()
    picture = np.asarray(cv2.imread(str(SAMPLES / "pictures/group.png")), np.uint8)
    networks = fill_plan(onnx, tmp_path), fill_plan(onnx)
    made, ships = (find_rows(LiteRtNetwork(network), picture, 0.4) for network in networks)
    assert len(made) > 1
    np.testing.assert_allclose(made, ships, atol=1e-3)
    folder = find_model_dir(name=YUNET_NAME)
    cards = [json.loads((at / "card.json").read_text()) for at in (tmp_path, folder)]
    for name in ("name", "of", "data", "command"):
        assert cards[0][name] == cards[1][name]
    sources = [[source for _, source in card["filled_in"]] for card in cards]
    assert sources[0] == sources[1]
    plan = (folder / PLAN).read_bytes()
    kernels = [kernel for kernel, _ in read_convolutions(find_yunet())]
    assert len(kernels) > 50
    assert not any(
        each in plan for values in kernels for each in (values.tobytes(), arrange([values]))
    )
