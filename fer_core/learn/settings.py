"""What shapes a training run; importable without TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from fer_core.errors import SettingsError


class NetworkShape(NamedTuple):
    """How wide and deep a network is.

    Attributes:
        stem: channels of the first convolution, at full resolution.
        widths: channels of each stage; each stage halves the resolution.
        blocks: residual blocks in each stage.
    """

    stem: int
    widths: tuple[int, ...]
    blocks: tuple[int, ...]


NETWORKS = {
    "small": NetworkShape(16, (32, 48, 128), (1, 1, 2)),
    "medium": NetworkShape(16, (32, 64, 128), (1, 2, 2)),
    "large": NetworkShape(24, (48, 96, 192), (1, 2, 2)),
}
"""`small` ships; `large` is there to teach the others."""


EPOCHS_FILE = "epochs.csv"
"""In the model folder: figures after each epoch, one row each, from epoch 0."""


@dataclass(frozen=True)
class TrainSettings:
    """What shapes a training run.

    Attributes:
        network: one of NETWORKS.
        epochs: passes over the training pictures.
        batch: pictures per step.
        learning_rate: highest rate of the one-cycle schedule.
        weight_decay: decay of the convolution weights per step, times the rate.
        ema: momentum of the running average of the weights, which is what is kept.
        teacher_share: how much of a target comes from the teachers, where there are some; 0 to 1.
        views: random views of each picture that the teachers are asked about, one for each epoch;
            the epochs after show these again.
        rare_share: pictures of an emotion with a smaller share of the targets are shown more often.
        label_share: how much of a target is the single label, where there are votes too; 0 to 1.
        hint_power: how much of what a teacher outside ferbeam says is heard; see `hints_of`.
        faces_hint_power: the same for faces that nobody has labelled, where no vote is lost by it.
        cameras: shows the pictures in the light and through the cameras of `photograph_crops`.
        mixup: two pictures are shown as one, with random shares from Beta(mixup, mixup); 0 for
            each picture alone.
        mixed_precision: computes in bfloat16 and keeps the weights in float32.
        seed: seed of weights, order and augmentation.
    """

    network: str = "small"
    epochs: int = 16
    batch: int = 128
    learning_rate: float = 0.1
    weight_decay: float = 5e-3
    ema: float = 0.995
    teacher_share: float = 0.7
    views: int = 8
    rare_share: float = 0.05
    label_share: float = 0.0
    hint_power: float = 0.1
    faces_hint_power: float = 0.1
    cameras: bool = False
    mixup: float = 0.0
    mixed_precision: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.network not in NETWORKS:
            raise SettingsError(
                f"network: '{self.network}' is unknown, use one of {', '.join(NETWORKS)}"
            )
