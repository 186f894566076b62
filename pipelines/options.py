"""Options that several commands have."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

Command = Callable[..., Any]


def runner_options(command: Command) -> Command:
    """Adds what says where a job runs: `--runner` and `--workers`."""
    runner = click.option(
        "--runner", default="local", show_default=True, help="local, or a Beam runner."
    )
    workers = click.option(
        "--workers",
        type=click.IntRange(min=1),
        default=lambda: os.cpu_count() or 1,
        show_default="number of CPUs",
        help="Worker processes of the local runner.",
    )
    return runner(workers(command))


def model_options(command: Command) -> Command:
    """Adds what says which network runs, and on what: `--model` (`model_dir`) and `--engine`."""
    model = click.option(
        "--model",
        "model_dir",
        type=click.Path(exists=True, file_okay=False),
        help="Model folder; without it the one that ferbeam ships.",
    )
    engine = click.option(
        "--engine",
        type=click.Choice(["litert", "tensorflow"]),
        default="litert",
        show_default=True,
        help="What runs the network.",
    )
    return model(engine(command))
