"""Where the bytes of a medium come from: this machine, or a store."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from fer_core.media import Source, identity_of
from ferbeam.stores import is_uri, store_of


@contextmanager
def open_source(path: str) -> Iterator[Source]:
    """Gives `fer_core` what it can read: a local path as it is, a URI as an open file.

    Raises:
        FileNotFoundError: the medium was listed, and is gone: no fault of its bytes.
    """
    if not is_uri(path):
        if not os.path.lexists(path):
            raise FileNotFoundError(errno.ENOENT, "INPUT changed: this is gone", path)
        yield path
        return
    from ferbeam.stores.file import StoreFile

    store = store_of(path)
    stored = store.find(path)
    if stored is None:
        raise FileNotFoundError(errno.ENOENT, "INPUT changed: this is gone", path)
    yield cast(Source, StoreFile(store, stored))


def identify(source: Source, known: str | None) -> str:
    """Returns what stands for the bytes: a sha256, or what the store itself has computed.

    Args:
        source: as `open_source` gave it.
        known: the sha256, where an earlier run computed it.
    """
    stored = getattr(source, "stored", None)
    if stored is not None:
        return str(stored.identity)
    return known or identity_of(source)


def read_object(uri: str) -> bytes:
    """Reads a whole object of a store.

    Raises:
        StoreError: the store refuses.
        FileNotFoundError: it is not there.
    """
    store = store_of(uri)
    stored = store.find(uri)
    if stored is None:
        raise FileNotFoundError(f"{uri}: does not exist")
    return store.read(stored, 0, stored.size) if stored.size else b""
