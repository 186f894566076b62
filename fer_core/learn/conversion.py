"""From a Keras network to LiteRT: the format of its weights, and what makes rounding gentle."""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf  # noqa: TID251 (LiteRT's converter is in it)
from numpy.typing import NDArray

from fer_core.classify import LiteRtClassifier, standardise_crops
from fer_core.learn.labels import LabelledFaces, true_labels

LARGEST_DIFFERENCE = 0.03
"""How far from Keras's scores those of int8 weights may be."""
ACCURACY_LOSS = 0.002
"""Share of the labelled faces that may get another, wrong emotion from them."""

BALANCES = (0.5, 0.6, 0.7, 0.8)
"""What is tried of `balance_channels`; the best differs from network to network."""


def convert_network(network: keras.Model, weights: str) -> bytes:
    """Converts a network to LiteRT.

    Args:
        network: standardised crops to logits.
        weights: `float16` (computes in float32) or `int8` (each picture's activations are rounded
            to 8 bits as they come).
    """
    # from_concrete_functions would lose the weights of a Keras 3 network.
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if weights == "float16":
        converter.target_spec.supported_types = [tf.float16]
    # Keras would print a line for every weight.
    with redirect_stdout(StringIO()):
        return bytes(converter.convert())


def _readers(network: keras.Model, layer: keras.Layer) -> list[keras.Layer]:
    """Returns the layers that a layer's output goes to."""
    return [
        other
        for other in network.layers
        if any(tensor is layer.output for tensor in keras.tree.flatten(other.input))
    ]


def _narrowable(network: keras.Model) -> list[tuple[keras.Layer, keras.Layer, list[keras.Layer]]]:
    """Returns what lies between convolutions: each normalisation, its ReLU, and what reads that."""
    found = []
    for norm in network.layers:
        if isinstance(norm, keras.layers.BatchNormalization):
            after = _readers(network, norm)[0]
            readers = _readers(network, after)
            if isinstance(after, keras.layers.ReLU) and all(
                isinstance(reader, keras.layers.Conv2D) for reader in readers
            ):
                found.append((norm, after, readers))
    return found


def widest_channels(network: keras.Model, crops: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Returns how far the channels between convolutions go on crops uint8 (n, 48, 48)."""
    ends = [keras.layers.GlobalMaxPooling2D()(relu.output) for _, relu, _ in _narrowable(network)]
    probe = keras.Model(network.input, ends)
    brightest = probe.predict(standardise_crops(crops), batch_size=256, verbose=0)
    return [np.asarray(each.max(axis=0), np.float32) for each in brightest]


def balance_channels(
    network: keras.Model, widest: list[NDArray[np.float32]], share: float = 0.5
) -> keras.Model:
    """Makes the channels between two convolutions alike in range, so that rounding costs them less.

    All channels of a picture are rounded with one step, which the widest sets. Dividing a channel
    before the ReLU and multiplying the weights that read it changes no score (SmoothQuant: Xiao et
    al. 2023, arXiv 2211.10438).

    Args:
        network: standardised crops to logits; left as it is.
        widest: see `widest_channels`.
        share: how much of a channel's range goes to the weights that read it, 0 to 1.

    Returns:
        A network with the same scores.
    """
    balanced = keras.models.clone_model(network)
    balanced.set_weights(network.get_weights())
    for (norm, _, readers), most in zip(_narrowable(balanced), widest, strict=True):
        kernels = [np.abs(keras.ops.convert_to_numpy(reader.kernel)) for reader in readers]
        heaviest = np.max([kernel.max(axis=(0, 1, 3)) for kernel in kernels], axis=0)
        # A channel that is never lit, or never read, has no range to share.
        by = np.maximum(most, 1e-3) ** share / np.maximum(heaviest, 1e-3) ** (1 - share)
        norm.gamma.assign(norm.gamma / by)
        norm.beta.assign(norm.beta / by)
        for reader in readers:
            reader.kernel.assign(reader.kernel * by[None, None, :, None])
    return balanced


def write_litert(
    network: keras.Model,
    file: Path,
    temperature: float,
    reference: tuple[LabelledFaces, NDArray[np.float32]],
) -> tuple[str, NDArray[np.float32]]:
    """Writes the `.tflite` with int8 weights where these keep to Keras's scores, else float16.

    Args:
        network: standardised crops to logits.
        file: gets the network.
        temperature: see `softmax`.
        reference: faces, and Keras's scores of them.

    Returns:
        The format of the weights, and LiteRT's scores of the faces.
    """
    faces, wanted = reference
    truth = true_labels(faces)
    known = truth >= 0

    def measure(content: bytes) -> tuple[float, float, NDArray[np.float32]]:
        """Returns the largest difference, the accuracy lost, and the scores of a conversion."""
        file.write_bytes(content)
        scores = LiteRtClassifier(file, temperature)(faces.crops)
        now, before = (
            float(np.mean(some[known].argmax(axis=1) == truth[known])) for some in (scores, wanted)
        )
        return float(np.abs(scores - wanted).max()), before - now, scores

    widest = widest_channels(network, faces.crops)
    balanced = (balance_channels(network, widest, share) for share in BALANCES)
    rounded = (convert_network(each, "int8") for each in balanced)
    difference, lost, scores = measure(min(rounded, key=lambda content: measure(content)[0]))
    if difference <= LARGEST_DIFFERENCE and lost <= ACCURACY_LOSS:
        return "int8", scores
    return "float16", measure(convert_network(network, "float16"))[2]
