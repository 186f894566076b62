"""Targets from teachers: what trained networks see in a picture, beside what people said."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer_core.classify import Classifier


@dataclass(frozen=True)
class Ensemble:
    """A classifier: the mean of networks, each shown the crop and its mirror image.

    Attributes:
        networks: crops to scores, at least one.
    """

    networks: Sequence[Classifier]

    def __call__(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Returns the scores of crops uint8 (n, 48, 48), float32 (n, 7); a thread per network."""
        shown = np.concatenate([crops, crops[:, :, ::-1]])
        with ThreadPoolExecutor(len(self.networks)) as pool:
            answers = list(pool.map(lambda network: network(shown), self.networks))
        first, mirrored = np.split(np.mean(answers, axis=0), 2)
        return np.asarray((first + mirrored) / 2, np.float32)


@dataclass(frozen=True)
class Teachers:
    """Trained networks, and how much their word counts.

    A teacher is shown what the network is shown, crop by crop (Beyer et al. 2022, arXiv
    2106.05237): it need not have learnt the picture by heart to say something of this view of it.

    Attributes:
        ensemble: crops to scores; calibrated, so that they are as soft as the votes and no further
            temperature is needed.
        share: of a target that is theirs, 0 to 1.
        views: random views of each picture; the epochs after show these again.
        folder: keeps what the teachers said, a file for each view.
        hints: float32 (n, 7), what their scores of each picture are multiplied by (`hints_of`);
            None for nothing.
    """

    ensemble: Classifier
    share: float
    views: int
    folder: Path
    hints: NDArray[np.float32] | None = None

    def mix_targets(
        self, targets: NDArray[np.float32], view: int, crops: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        """Mixes targets with teachers' scores (distillation: Hinton et al. 2015, arXiv 1503.02531).

        Args:
            targets: float32 (n, 7), each row summing to 1, or to 0 where no person has said
                anything: then the teachers' word is all.
            view: which view of the pictures it is, from 0.
            crops: that view, uint8 (n, 48, 48).
        """
        file = self.folder / f"teachers-{view}.npy"
        if file.exists():
            scores = np.load(file, allow_pickle=False)
        else:
            scores = self.ensemble(crops)
            unfinished = file.with_suffix(".part.npy")
            np.save(unfinished, scores, allow_pickle=False)
            unfinished.replace(file)
        if self.hints is not None:
            scores = scores * self.hints
            scores /= scores.sum(axis=1, keepdims=True)
        share = np.where(targets.any(axis=1, keepdims=True), self.share, 1.0)
        mixed: NDArray[np.float32] = ((1 - share) * targets + share * scores).astype(np.float32)
        return mixed
