"""The model handler that runs the classifier on whole spans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from apache_beam.ml.inference.base import ModelHandler, PredictionResult
from numpy.typing import NDArray

from fer_core.classify import Classifier
from fer_core.model import find_model_dir, load_classifier
from ferbeam.analysis.elements import DetectedSpan
from ferbeam.output.costs import timed


class SpanModelHandler(ModelHandler[DetectedSpan, PredictionResult, Classifier]):
    """Runs the network on the crops of a span: an element is a span and brings its own batch.

    Args:
        model_dir: the model folder, None for the one ferbeam ships.
        engine: `litert` or `tensorflow`.
        prior: how often emotions are expected, one of PRIORS.
    """

    def __init__(self, model_dir: str | None, engine: str, prior: str) -> None:
        super().__init__()
        self._model_dir = model_dir
        self._engine, self._prior = engine, prior

    def load_model(self) -> Classifier:
        """Loads the classifier; Beam shares it among the threads of a process."""
        return load_classifier(
            find_model_dir(self._model_dir),
            self._engine,
            self._prior,
        )

    def run_inference(
        self,
        batch: Sequence[DetectedSpan],
        model: Classifier,
        inference_args: dict[str, Any] | None = None,
    ) -> Iterable[PredictionResult]:
        """Yields each span with its scores, float32 (n, 7)."""
        for detected in batch:
            with timed(detected.costs, "classify") as counts:
                scores: NDArray[np.float32] = model(detected.found.crops)
                counts["faces"] = len(scores)
            yield PredictionResult(detected, scores)

    def should_skip_batching(self) -> bool:
        """Takes batches of one span: Beam's own batching passes one on when the next has come."""
        return True

    def get_num_bytes(self, batch: Sequence[DetectedSpan]) -> int:
        """Counts the crops; Beam's default would pickle the batch for it."""
        return sum(detected.found.crops.nbytes for detected in batch)

    def get_metrics_namespace(self) -> str:
        """Names the group of Beam's counters."""
        return "ferbeam"
