"""Options that several commands have."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

Command = Callable[..., Any]


def runner_options(command: Command) -> Command:
    """Adds what says where a job runs: `--runner` and `--workers`."""
    for option in (
        click.option(
            "--workers",
            type=click.IntRange(min=1),
            default=lambda: os.cpu_count() or 1,
            show_default="number of CPUs",
            help="Worker processes of the local runner.",
        ),
        click.option(
            "--runner", default="local", show_default=True, help="local, or a Beam runner."
        ),
    ):
        command = option(command)
    return command
