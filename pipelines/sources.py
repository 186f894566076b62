"""Where the bytes of a medium come from: this machine, or a store through Beam's file systems."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from fer_core.media import Source


@contextmanager
def open_source(path: str) -> Iterator[Source]:
    """Gives `fer_core` what it can read: a local path as it is, a URI as an open file.

    Raises:
        FileNotFoundError: the medium was listed, and is gone: no fault of its bytes.
    """
    if "://" not in path:
        if not os.path.lexists(path):
            raise FileNotFoundError(errno.ENOENT, "INPUT changed: this is gone", path)
        yield path
        return
    from apache_beam.io.filesystems import FileSystems

    with FileSystems.open(path) as file:
        yield file
