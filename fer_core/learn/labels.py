"""Labelled faces, and what their labels and votes say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS
from fer_core.errors import DataError

LABEL_SETS = ("ferplus", "fer2013")


@dataclass(frozen=True)
class LabelledFaces:
    """Faces with what is known about them.

    Attributes:
        crops: uint8 (n, 48, 48), grey.
        labels: int64 (n,), the single label in ferbeam's order, or -1 where there is none.
        votes: float32 (n, 10), votes for the seven emotions, then contempt, unknown, not a face;
            all 0 where nobody voted.
        skipped: one line for each picture that could not be read.
        sizes: float64 (n,), width of the face in the medium it was cut from, in pixels, NaN where
            that is not known; None where it is known of no face.
    """

    crops: NDArray[np.uint8]
    labels: NDArray[np.int64]
    votes: NDArray[np.float32]
    skipped: tuple[str, ...] = ()
    sizes: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.crops)

    def take(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> LabelledFaces:
        """Returns the chosen faces, by mask or by position."""
        sizes = None if self.sizes is None else self.sizes[keep]
        crops, labels, votes = self.crops[keep], self.labels[keep], self.votes[keep]
        return LabelledFaces(crops, labels, votes, self.skipped, sizes)

    def known_sizes(self) -> NDArray[np.float64]:
        """Returns `sizes`, float64 (n,), NaN where not known."""
        return np.full(len(self), np.nan) if self.sizes is None else self.sizes


def drop_single_votes(votes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sets votes of one person to 0, as FER+ does (Barsoum et al. 2016, arXiv 1608.01041)."""
    return np.where(votes > 1, votes, 0).astype(np.float32)


def majority_labels(votes: NDArray[np.float32]) -> NDArray[np.int64]:
    """Returns the emotion with more than half of the votes that remain, else -1; int64 (n,)."""
    kept = drop_single_votes(votes)
    seven = kept[:, : len(EMOTIONS)]
    best = seven.argmax(axis=1)
    most = seven[np.arange(len(seven)), best]
    return np.where(most * 2 > kept.sum(axis=1), best, -1).astype(np.int64)


def uses_votes(faces: LabelledFaces, label_set: str) -> bool:
    """Tells whether the votes say what is right; else, as where there are none, the labels do."""
    return label_set == "ferplus" and bool(faces.votes.any())


def true_labels(faces: LabelledFaces, label_set: str = "ferplus") -> NDArray[np.int64]:
    """Returns the one emotion that is right, -1 where none is; int64 (n,).

    `ferplus` uses the majority, and falls back on the label where a data set has no votes at all.
    """
    return majority_labels(faces.votes) if uses_votes(faces, label_set) else faces.labels


def vote_shares(votes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the share of each emotion among the votes for the seven; (n, 7), 0 without votes."""
    seven = votes[:, : len(EMOTIONS)]
    total = seven.sum(axis=1, keepdims=True)
    shares: NDArray[np.float32] = seven / np.maximum(total, 1)
    return shares


def repeat_rare(targets: NDArray[np.float32], rare_share: float, seed: int) -> NDArray[np.intp]:
    """Returns which pictures to show in an epoch: all, and those of rare emotions several times.

    An emotion of share f counts sqrt(`rare_share` / f) times (Gupta et al. 2019, arXiv 1908.03195).

    Args:
        targets: float32 (n, 7), each row summing to 1, every emotion in some.
        rare_share: emotions with a larger share of the targets are not rare; 0 repeats nothing.
        seed: of the rounding to whole times.

    Returns:
        Rows of `targets`, in their order, some several times.
    """
    factors = np.maximum(1, np.sqrt(rare_share / targets.mean(axis=0)))
    times = np.floor(targets @ factors + np.random.default_rng(seed).random(len(targets)))
    return np.repeat(np.arange(len(targets)), np.maximum(1, times).astype(np.intp))


def training_targets(
    faces: LabelledFaces, label_set: str, label_share: float = 0.0
) -> NDArray[np.float32]:
    """Returns what the network is to predict, float32 (n, 7); rows of 0 are not to be used.

    `ferplus` uses the vote shares without single votes and falls back on the label where a data
    set has no votes at all; `fer2013` uses the label alone.

    Args:
        faces: some labelled faces.
        label_set: one of LABEL_SETS.
        label_share: how much of a target the label is where votes are used and it is there too:
            it keeps the anger and fear of pictures that look neutral to ten people.

    Raises:
        DataError: the label set is unknown.
    """
    if label_set not in LABEL_SETS:
        raise DataError(f"label set: '{label_set}' is unknown, use one of {', '.join(LABEL_SETS)}")
    one_hot = np.zeros((len(faces), len(EMOTIONS)), np.float32)
    labelled = faces.labels >= 0
    one_hot[labelled, faces.labels[labelled]] = 1
    if not uses_votes(faces, label_set):
        return one_hot
    targets = vote_shares(drop_single_votes(faces.votes))
    heard = (labelled & targets.any(axis=1))[:, np.newaxis] * label_share
    targets = (1 - heard) * targets + heard * one_hot
    usable = faces.votes[:, -1] < faces.votes.sum(axis=1) / 2
    return np.where(usable[:, np.newaxis], targets, 0).astype(np.float32)
