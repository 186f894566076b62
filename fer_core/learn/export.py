"""From a trained network to the files that ship: `.keras`, `.tflite` and the card."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from fer_core.classify import TensorFlowClassifier, softmax, standardise_crops, weigh_scores
from fer_core.learn.calibration import fit_expected, fit_temperature
from fer_core.learn.conversion import write_litert
from fer_core.learn.labels import LabelledFaces, training_targets, uses_votes, vote_shares
from fer_core.learn.measuring import Metrics, measure_scores
from fer_core.model import MODEL_FILES, ModelCard, Provenance, file_sha256, write_card
from fer_core.prior import LEARNT, score_factors

LIBRARIES = ("ferbeam", "keras", "tensorflow", "ai-edge-litert", "numpy", "opencv-python-headless")


def network_logits(network: keras.Model, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns the logits of crops uint8 (n, 48, 48), float32 (n, 7)."""
    return np.asarray(network.predict(standardise_crops(crops), batch_size=256, verbose=0))


def _fit_to_people(
    logits: NDArray[np.float32], faces: LabelledFaces, provenance: Provenance
) -> tuple[float, tuple[float, ...]]:
    """Returns the temperature that fits the votes, or the labels where these were learnt.

    Beside it, how often the scores then expect each emotion.
    """
    if uses_votes(faces, provenance.label_set):
        said = vote_shares(faces.votes)
    else:
        said = training_targets(faces, provenance.label_set)
    told = said.any(axis=1)
    temperature = fit_temperature(logits[told], said[told])
    if not provenance.shares:
        return temperature, ()
    scores = softmax(logits[told], temperature)
    return temperature, fit_expected(scores, said[told], provenance.shares)


def installed_versions() -> dict[str, str]:
    """Returns the versions of LIBRARIES that are installed, by name."""
    versions = {}
    for library in LIBRARIES:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _card_metrics(metrics: Metrics) -> dict[str, float]:
    """Returns what a card keeps of the figures: those of the whole, rounded."""
    kept = ("all.", "without_copies.")
    return {
        name: round(value, 4)
        for name, value in metrics.items()
        if name.startswith(kept) and ".reliability_" not in name
    }


def export_network(
    trained: Path,
    model_dir: Path,
    valid: LabelledFaces,
    copies: NDArray[np.bool_],
    provenance: Provenance,
) -> ModelCard:
    """Writes a network and its card, with figures of the very files that were written.

    Args:
        trained: `.keras` file, standardised crops to logits.
        model_dir: gets `model.keras`, `model.tflite` and, last, `card.json`.
        valid: faces not trained on; they fit the temperature and give the figures.
        copies: bool (n,), valid faces that are identical to a training picture.
        provenance: see Provenance.

    Returns:
        The card.
    """
    network = keras.saving.load_model(trained, compile=False, safe_mode=True)
    keras_file, tflite_file = (
        model_dir / MODEL_FILES[engine] for engine in ("tensorflow", "litert")
    )
    network.save(keras_file)
    logits = network_logits(network, valid.crops)
    temperature, expected = _fit_to_people(logits, valid, provenance)
    reference = TensorFlowClassifier(keras_file, temperature)(valid.crops)
    weights, scores = write_litert(network, tflite_file, temperature, (valid, reference))
    factors = score_factors(provenance.shares, expected, LEARNT)
    learnt = weigh_scores(scores, factors) if factors else scores
    metrics = _card_metrics(measure_scores(valid, learnt, copies))
    difference = float(np.abs(scores - reference).max())
    metrics["litert_largest_score_difference"] = round(difference, 6)
    card = ModelCard(
        name=provenance.name,
        files={file.name: file_sha256(file) for file in (keras_file, tflite_file)},
        temperature=temperature,
        shares=provenance.shares,
        expected=expected,
        parameters=int(network.count_params()),
        weights=weights,
        data=provenance.data,
        command=provenance.command,
        commit=provenance.commit,
        metrics=metrics,
        versions=installed_versions(),
    )
    write_card(model_dir, card)
    return card
