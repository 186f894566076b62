"""Crops to scores: the one preprocessing, and the engines that run the network."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS
from fer_core.errors import ModelError
from fer_core.litert import LiteRtNetwork

CROP_SIZE = 48
"""Side of a crop in pixels."""
PREPROCESSING = "standardise_crops"
"""What a model's card must name; a model trained on other input would run and be wrong."""
NETWORK_SHAPES = [(CROP_SIZE, CROP_SIZE, 1), (len(EMOTIONS),)]
"""Of one crop and of its logits."""
LARGEST_BATCH = 16
"""Crops per run of the network: more gain no speed and cost memory."""

Classifier: TypeAlias = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Crops uint8 (n, 48, 48) to scores float32 (n, 7); each row sums to 1; n may be 0."""


def standardise_crops(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Gives every crop mean 0 and standard deviation 1; the only preprocessing there is.

    Args:
        crops: uint8 (n, 48, 48), grey, 0-255.

    Returns:
        float32 (n, 48, 48, 1). A crop of one single grey becomes zeros.
    """
    values = crops.astype(np.float32)
    values -= _mean(values)
    deviation = np.sqrt(_mean(np.square(values)))
    values /= np.maximum(deviation, np.float32(1.0))
    return values[..., np.newaxis]


def _mean(crops: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns what `crops.mean(axis=(1, 2), keepdims=True)` does, which takes thrice as long."""
    sums = np.add.reduce(crops, axis=(1, 2), keepdims=True)
    return np.asarray(sums / np.float32(CROP_SIZE**2), np.float32)


def softmax(logits: NDArray[np.float32], temperature: float = 1.0) -> NDArray[np.float32]:
    """Turns logits into scores that sum to 1 (temperature: Guo et al. 2017, arXiv 1706.04599).

    Args:
        logits: float32 (n, 7).
        temperature: above 0; larger makes the scores more alike.

    Returns:
        float32 (n, 7).
    """
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    scores: NDArray[np.float32] = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return scores


def weigh_scores(scores: NDArray[np.float32], factors: tuple[float, ...]) -> NDArray[np.float32]:
    """Returns scores float32 (n, 7) times seven factors, each row summing to 1 again."""
    weighed = scores.astype(np.float64) * factors
    return np.asarray(weighed / weighed.sum(axis=1, keepdims=True), np.float32)


@dataclass(frozen=True)
class PriorClassifier:
    """A classifier whose scores expect emotions in other shares than it learnt.

    Attributes:
        classifier: crops to calibrated scores.
        factors: of `score_factors`.
    """

    classifier: Classifier
    factors: tuple[float, ...]

    def __call__(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Returns the scores of crops uint8 (n, 48, 48), float32 (n, 7)."""
        return weigh_scores(self.classifier(crops), self.factors)


def _check_crops(crops: NDArray[np.uint8]) -> None:
    if crops.dtype != np.uint8 or crops.shape[1:] != (CROP_SIZE, CROP_SIZE):
        raise ValueError(
            f"crops: got {crops.dtype} {crops.shape}, needs uint8 (n, {CROP_SIZE}, {CROP_SIZE})"
        )


def load_keras(file: Path) -> Any:
    """Loads the network of a `.keras` file, refusing any code in it.

    Raises:
        ModelError: the file is no network from crops to seven logits.
    """
    import keras

    try:
        network = keras.saving.load_model(file, compile=False, safe_mode=True)
        shapes = [network.input_shape[1:], network.output_shape[1:]]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"{file}: is no Keras network ({_first_line(error)})") from error
    if shapes != NETWORK_SHAPES:
        raise ModelError(f"{file}: maps {shapes}, needs {NETWORK_SHAPES}")
    return network


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


class LiteRtClassifier:
    """Runs a `.tflite` network on one thread, without TensorFlow.

    It may be shared: a lock lets one thread at a time use the interpreter.
    """

    def __init__(self, model: Path, temperature: float = 1.0) -> None:
        """Loads the network.

        Args:
            model: the `.tflite` file, standardised crops to logits.
            temperature: see `softmax`.

        Raises:
            ModelError: the file cannot be read, or is no network from crops to seven logits.
        """
        self._temperature = temperature
        self._lock = threading.Lock()
        try:
            self._network = LiteRtNetwork(model.read_bytes())
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(f"{model}: is no LiteRT network ({error})") from error
        shapes = [shape[1:] for shape in self._network.shapes]
        if shapes != NETWORK_SHAPES:
            raise ModelError(f"{model}: maps {shapes}, needs {NETWORK_SHAPES}")

    def __call__(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Returns the scores of crops uint8 (n, 48, 48), float32 (n, 7)."""
        _check_crops(crops)
        logits = np.empty((len(crops), len(EMOTIONS)), np.float32)
        with self._lock:
            for start in range(0, len(crops), LARGEST_BATCH):
                part = slice(start, start + LARGEST_BATCH)
                (logits[part],) = self._network(standardise_crops(crops[part]))
        return softmax(logits, self._temperature)


class TensorFlowClassifier:
    """Runs a `.keras` network with TensorFlow (the extra `train`)."""

    def __init__(self, model: Path, temperature: float = 1.0) -> None:
        """Loads the network, refusing any code in the file.

        Args:
            model: the `.keras` file, standardised crops to logits.
            temperature: see `softmax`.

        Raises:
            ModelError: TensorFlow is not installed, or the file is no such network.
        """
        if "tensorflow" not in sys.modules:
            # Read when TensorFlow starts; it takes every core otherwise, in every worker.
            os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        try:
            import keras
        except ImportError as error:
            raise ModelError(
                "engine tensorflow: is not installed; pip install 'ferbeam[train]'"
            ) from error
        network = load_keras(model)
        self._network, self._numpy = network, keras.ops.convert_to_numpy
        self._temperature = temperature

    def __call__(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Returns the scores of crops uint8 (n, 48, 48), float32 (n, 7)."""
        _check_crops(crops)
        logits = np.empty((len(crops), len(EMOTIONS)), np.float32)
        for start in range(0, len(crops), LARGEST_BATCH):
            part = slice(start, start + LARGEST_BATCH)
            # Calling the network, not predict(), which costs some 90 ms a call.
            values = standardise_crops(crops[part])
            logits[part] = self._numpy(self._network(values, training=False))
        return softmax(logits, self._temperature)
