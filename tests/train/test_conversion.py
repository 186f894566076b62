"""From Keras to LiteRT: rounding to int8 costs least where channels are alike; needs TensorFlow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fer_core.classify import LiteRtClassifier, softmax
from fer_core.model import find_model_dir
from tests.train.drawn import sample_crops

pytestmark = pytest.mark.timeout(600)


def test_channels_are_balanced_before_they_are_rounded(tmp_path: Path) -> None:
    """A network with channels of very unlike range gives the same scores, and loses less."""
    import keras

    from fer_core.learn.conversion import balance_channels, convert_network, widest_channels
    from fer_core.learn.export import network_logits

    crops = sample_crops()
    network = keras.saving.load_model(find_model_dir() / "model.keras", compile=False)
    wanted = softmax(network_logits(network, crops), 1.0)
    norm = next(
        layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)
    )
    relu = network.layers[network.layers.index(norm) + 1]
    by = np.geomspace(1 / 32, 32, norm.gamma.shape[0]).astype(np.float32)
    norm.gamma.assign(norm.gamma * by)
    norm.beta.assign(norm.beta * by)
    for layer in network.layers:
        if layer.input is relu.output:
            layer.kernel.assign(layer.kernel / by[None, None, :, None])
    uneven = network_logits(network, crops)
    balanced = balance_channels(network, widest_channels(network, crops))
    np.testing.assert_allclose(softmax(uneven, 1.0), wanted, atol=1e-4)
    np.testing.assert_allclose(network_logits(network, crops), uneven, atol=1e-6)
    np.testing.assert_allclose(softmax(network_logits(balanced, crops), 1.0), wanted, atol=1e-4)
    lost = []
    for each in (network, balanced):
        file = tmp_path / "model.tflite"
        file.write_bytes(convert_network(each, "int8"))
        lost.append(np.abs(LiteRtClassifier(file, 1.0)(crops) - wanted).max())
    assert lost[1] < lost[0] / 2
