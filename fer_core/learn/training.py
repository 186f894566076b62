"""Training of the network with Keras; resumable after any epoch."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from fer_core.classify import load_keras, standardise_crops
from fer_core.errors import SettingsError
from fer_core.learn.augment import augment_crops, mix_up
from fer_core.learn.cameras import photograph_crops
from fer_core.learn.distillation import Teachers
from fer_core.learn.network import build_network
from fer_core.learn.settings import EPOCHS_FILE, NETWORKS, TrainSettings


class Watcher(Protocol):
    """What wants to know how a training run gets on."""

    def batch_ended(self, epoch: int, batch: int) -> None:
        """Is called after each step, with the numbers of epoch and batch from 0."""

    def epoch_ended(self, epoch: int, figures: dict[str, float]) -> None:
        """Is called after each epoch, with loss and accuracy; `val_` for the averaged weights."""


class TrainingBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Shuffled, augmented batches; the same for the same seed and epoch."""

    def __init__(
        self,
        rows: tuple[NDArray[np.uint8], NDArray[np.float32]],
        settings: TrainSettings,
        teachers: Teachers | None,
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=8)
        self.rows, self.settings, self.teachers = rows, settings, teachers
        self.epoch = 0
        self._view, self._order = rows, np.empty(0, np.intp)

    def __len__(self) -> int:
        return math.ceil(len(self.rows[0]) / self.settings.batch)

    def begin_epoch(self, epoch: int) -> None:
        """Changes every picture at random, and asks the teachers what they see then."""
        self.epoch, (crops, targets) = epoch, self.rows
        view = epoch if self.teachers is None else epoch % self.teachers.views
        rng = np.random.default_rng((self.settings.seed, view, 1))
        crops = augment_crops(crops, rng)
        if self.settings.mixup:
            crops, targets = mix_up((crops, targets), self.settings.mixup, rng)
        if self.teachers is not None:
            targets = self.teachers.mix_targets(targets, view, crops)
        if self.settings.cameras:
            # After the teachers: what they see in a good light is to be seen in any.
            crops = photograph_crops(crops, np.random.default_rng((self.settings.seed, epoch, 2)))
        order = np.random.default_rng((self.settings.seed, epoch)).permutation(len(crops))
        self._view, self._order = (crops, targets), order

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rows = self._order[index * self.settings.batch : (index + 1) * self.settings.batch]
        crops, targets = self._view
        return standardise_crops(crops[rows]), targets[rows]


def _tell(batches: TrainingBatches, watcher: Watcher) -> keras.callbacks.Callback:
    """Returns a callback that tells the batches which epoch it is, and the watcher all."""

    # Keras passes `logs` by name.
    def begin_epoch(epoch: int, logs: Any) -> None:
        batches.begin_epoch(epoch)

    def end_batch(batch: int, logs: Any) -> None:
        watcher.batch_ended(batches.epoch, batch)

    def end_epoch(epoch: int, logs: dict[str, Any]) -> None:
        watcher.epoch_ended(epoch, {name: float(value) for name, value in logs.items()})

    return keras.callbacks.LambdaCallback(
        on_epoch_begin=begin_epoch,
        on_epoch_end=end_epoch,
        on_train_batch_end=end_batch,
    )


def _optimizer(settings: TrainSettings, steps: int) -> keras.optimizers.Optimizer:
    """SGD with Nesterov momentum, warm-up then cosine decay, and a running weight average."""
    warmup = steps // 5
    schedule = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate / 25,
        steps - warmup,
        warmup_target=settings.learning_rate,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.SGD(
        schedule,
        momentum=0.9,
        nesterov=True,
        weight_decay=settings.weight_decay,
        use_ema=True,
        ema_momentum=settings.ema,
    )
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer


@contextmanager
def _computing_in(policy: str) -> Iterator[None]:
    """Lets layers that are built meanwhile compute so (Micikevicius et al. 2018, 1710.03740)."""
    usual = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(usual)


def _weights_of(file: Path, network: keras.Model, option: str) -> list[NDArray[np.float32]]:
    """Returns the weights of a `.keras` file, which must hold the same network."""
    weights: list[NDArray[np.float32]] = load_keras(file).get_weights()
    if [each.shape for each in weights] != [each.shape for each in network.get_weights()]:
        raise SettingsError(f"{option} {file.parent}: is another network; name its own --network")
    return weights


def average_weights(network: keras.Model, others: Sequence[tuple[Path, float]]) -> None:
    """Makes the weights the mean of those learnt and of other networks'.

    What each has learnt is kept so (Wortsman et al. 2022, arXiv 2203.05482 and 2109.01903); they
    must have grown out of one another, or the mean knows nothing.

    Args:
        network: keeps what the shares of the others leave.
        others: `.keras` files of networks of the same shape, and the share of each.

    Raises:
        SettingsError: one is another network.
        ModelError: one is no network.
    """
    kept = 1 - sum(share for _, share in others)
    mean = [kept * each for each in network.get_weights()]
    for file, share in others:
        for whole, each in zip(mean, _weights_of(file, network, "--mean"), strict=True):
            whole += share * each
    network.set_weights(mean)


def _untrained_network(settings: TrainSettings, steps: int, start: Path | None) -> keras.Model:
    """Returns the network that is to be trained for so many steps; see `train_network`."""
    with _computing_in("mixed_bfloat16" if settings.mixed_precision else "float32"):
        network = build_network(NETWORKS[settings.network])
    if start is not None:
        network.set_weights(_weights_of(start, network, "--start"))
    network.compile(
        _optimizer(settings, steps),
        keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["categorical_accuracy"],
    )
    return network


def _mend_checkpoint(folder: Path) -> None:
    """Goes back to the epoch before where a stop cut off what is written last.

    Keras itself does so where it is the weights that cannot be read.
    """
    last = folder / "training_metadata.json"
    try:
        json.loads(last.read_text(encoding="utf-8") if last.exists() else "{}")
    except ValueError:
        for file in (folder / "latest.weights.h5", last):
            before = file.with_name(f"{file.name}.bkp")
            if before.exists():
                shutil.copy(before, file)
            else:
                file.unlink()


def train_network(
    train: tuple[NDArray[np.uint8], NDArray[np.float32]],
    valid: tuple[NDArray[np.uint8], NDArray[np.float32]],
    model_dir: Path,
    settings: TrainSettings,
    watcher: Watcher,
    teachers: Teachers | None = None,
    start: Path | None = None,
) -> keras.Model:
    """Trains a network, or goes on where an earlier run into `model_dir` stopped.

    Args:
        train: crops uint8 (n, 48, 48) and targets float32 (n, 7), each row a distribution.
        valid: the same for the pictures that are measured after each epoch.
        model_dir: keeps the checkpoint of the last whole epoch in `checkpoint/`, and EPOCHS_FILE.
        settings: see TrainSettings.
        watcher: told after each step and each epoch.
        teachers: what else the targets come from, None for nothing.
        start: `.keras` file of a network to begin with, None for random weights.

    Returns:
        The network with the averaged weights.

    Raises:
        SettingsError: `start` is another network than `settings` asks for.
        ModelError: it is no network.
    """
    keras.utils.set_random_seed(settings.seed)
    batches = TrainingBatches(train, settings, teachers)
    _mend_checkpoint(model_dir / "checkpoint")
    network = _untrained_network(settings, len(batches) * settings.epochs, start)
    network.fit(
        batches,
        epochs=settings.epochs,
        validation_data=(standardise_crops(valid[0]), valid[1]),
        validation_batch_size=256,
        callbacks=[
            keras.callbacks.SwapEMAWeights(swap_on_epoch=False),
            keras.callbacks.BackupAndRestore(
                model_dir / "checkpoint", double_checkpoint=True, delete_checkpoint=False
            ),
            keras.callbacks.CSVLogger(model_dir / EPOCHS_FILE, append=True),
            _tell(batches, watcher),
        ],
        verbose=0,
    )
    exact = build_network(NETWORKS[settings.network])
    exact.set_weights(network.get_weights())
    return exact
