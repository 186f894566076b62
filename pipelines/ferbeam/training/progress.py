"""What `train` shows while it runs."""

from __future__ import annotations

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ferbeam.text import open_console
from ferbeam.training.labelled import Echo


class TrainProgress:
    """Shows how training gets on: a bar on a terminal, and one line for each epoch."""

    def __init__(self, epochs: int, batches: int, echo: Echo) -> None:
        self._epochs, self._batches, self._echo = epochs, batches, echo
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=open_console(),
            transient=True,
        )
        self._task = self._bar.add_task("training", total=epochs * batches)

    def __enter__(self) -> TrainProgress:
        if self._bar.console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def batch_ended(self, epoch: int, batch: int) -> None:
        """Moves the bar; epoch and batch count from 0."""
        self._bar.update(self._task, completed=epoch * self._batches + batch + 1)

    def epoch_ended(self, epoch: int, figures: dict[str, float]) -> None:
        """Writes the figures of an epoch, from 0, on one line."""
        self._echo(
            f"epoch {epoch + 1} of {self._epochs}: "
            f"loss {figures['loss']:.3f}, accuracy {figures['categorical_accuracy']:.3f}; "
            f"valid: loss {figures['val_loss']:.3f}, "
            f"accuracy {figures['val_categorical_accuracy']:.3f}"
        )
