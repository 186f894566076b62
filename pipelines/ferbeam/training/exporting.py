"""Exports a trained network in a process of its own."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer_core.errors import FerError
from fer_core.learn.labels import LabelledFaces
from fer_core.model import ModelCard, Provenance
from ferbeam.guard.fresh_python import away_from_here

TRAINED = Path("checkpoint", "network.keras")
"""Where, in the model folder, training leaves the network that is to be exported."""


def export_apart(
    model_dir: Path, valid: LabelledFaces, copies: NDArray[np.bool_], provenance: Provenance
) -> ModelCard:
    """Exports what lies in TRAINED: LiteRT is made by TensorFlow, whatever Keras trained with.

    Args:
        model_dir: see `export_network`, as for the others.
        valid: faces not trained on.
        copies: bool (n,), those identical to a training picture.
        provenance: see Provenance.

    Raises:
        FerError: the process was killed.
    """
    with ProcessPoolExecutor(1, get_context("spawn"), _use_tensorflow) as pool:
        with away_from_here():
            exported = pool.submit(_export, model_dir, valid, copies, provenance)
        try:
            return exported.result()
        except BrokenProcessPool as error:
            raise FerError(
                "export: the process was killed, perhaps for memory; the same command again "
                "goes on from the trained network"
            ) from error


def _use_tensorflow() -> None:
    os.environ["KERAS_BACKEND"] = "tensorflow"


def _export(
    model_dir: Path, valid: LabelledFaces, copies: NDArray[np.bool_], provenance: Provenance
) -> ModelCard:
    from fer_core.learn.export import export_network

    return export_network(model_dir / TRAINED, model_dir, valid, copies, provenance)
