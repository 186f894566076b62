"""How much room the disk of OUTPUT has, and whether a run that needs more may begin."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable

from fer_core.errors import TryLaterError
from ferbeam.analysis.elements import Medium
from ferbeam.output.folder import Output
from ferbeam.text import show_size

LEAST_SHARE = 0.05
"""A copy is seldom smaller than this share of its video: H.264 again, at half its quality."""


def check_space(output: Output, media: Iterable[Medium]) -> None:
    """Refuses to begin copies of media that cannot have room; `--dry-run` tells more exactly.

    A run that goes on from an earlier one is not refused: much may be there already.

    Raises:
        TryLaterError: with the ways out.
    """
    free = free_bytes(output)
    if free is None or os.path.isdir(output.path("annotated")):
        return
    size = sum(medium.size for medium in media)
    if free < size * LEAST_SHARE:
        raise TryLaterError(
            f"OUTPUT {output.root}: {show_size(free)} are free, too little for copies of "
            f"{show_size(size)} of media; free some space, choose another disk, or add "
            "--overlay none (--dry-run tells how much it would be)"
        )


def free_bytes(output: Output) -> int | None:
    """Returns the space on the disk of a local OUTPUT, None on a store."""
    if not output.is_local:
        return None
    folder = os.path.abspath(output.root)
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return shutil.disk_usage(folder).free
