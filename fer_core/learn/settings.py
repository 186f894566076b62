"""What shapes a training run; importable without TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainSettings:
    """What shapes a training run.

    Attributes:
        epochs: passes over the training pictures.
        batch: pictures per step.
        learning_rate: highest rate of the one-cycle schedule.
        weight_decay: decay of the convolution weights per step, times the rate.
        ema: momentum of the running average of the weights, which is what is kept.
        seed: seed of weights, order and augmentation.
    """

    epochs: int = 16
    batch: int = 128
    learning_rate: float = 0.1
    weight_decay: float = 5e-3
    ema: float = 0.995
    seed: int = 0
