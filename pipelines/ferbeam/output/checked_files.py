"""Reads the files of an OUTPUT from anywhere: only what lies in it, and is not too large."""

from __future__ import annotations

import json
import os
import stat
from typing import Any

from fer_core.errors import ForeignError
from ferbeam.output.folder import Folder
from ferbeam.stores import store_of


class LeadsOutError(ValueError):
    """A path that is not below OUTPUT."""


def leads_out(output: Folder, file: str) -> bool:
    """Tells whether a path below OUTPUT is not below it by its name, or leads through a link."""
    if {"", ".", ".."} & set(file.split("/")) or "\0" in file:
        return True
    try:
        output.checked(output.path(file))
    except ForeignError:
        return True
    return False


def read_checked(output: Folder, file: str, most: int) -> bytes:
    """Reads a file of an OUTPUT whole.

    Args:
        output: where it lies.
        file: its path below OUTPUT.
        most: how many bytes it may have.

    Raises:
        FileNotFoundError: it is not there.
        ValueError: it leads out of OUTPUT, is no file, or is larger.
    """
    measure_checked(output, file, most)
    return output.read(output.path(file))


def read_checked_json(output: Folder, file: str, most: int) -> Any:
    """Reads a JSON file of an OUTPUT; None where it is none, or `read_checked` would refuse it."""
    try:
        return json.loads(read_checked(output, file, most))
    except (OSError, ValueError, RecursionError):
        return None


def measure_checked(output: Folder, file: str, most: int) -> int:
    """Returns the bytes of a file of an OUTPUT; raises as `read_checked` does."""
    if leads_out(output, file):
        raise LeadsOutError("it leads out of OUTPUT, or through a link")
    path = output.path(file)
    size = _local_size(path) if output.is_local else _stored_size(path)
    if size > most:
        raise ValueError(f"it has {size:,} bytes, more than {most:,}")
    return size


def _local_size(path: str) -> int:
    place = os.lstat(path)
    if not stat.S_ISREG(place.st_mode):
        raise ValueError("it is a folder, a link or a device, where a file should be")
    return place.st_size


def _stored_size(uri: str) -> int:
    stored = store_of(uri).find(uri)
    if stored is None:
        raise FileNotFoundError(uri)
    return stored.size
