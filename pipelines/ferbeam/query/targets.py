"""Where an answer goes: a file of this machine or of a store, put in place whole."""

from __future__ import annotations

import os
import stat
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from fer_core.errors import UsageError
from ferbeam.output.analysis_folder import OWN_NAMES, REMEMBERED
from ferbeam.output.folder import SUBTITLES, Output
from ferbeam.output.owned_names import FOLDER, LOCK
from ferbeam.output.unwritable import unwritable
from ferbeam.stores import check_uri, is_uri, store_of
from ferbeam.stores.store import StoreError


@contextmanager
def whole_file(path: str) -> Iterator[str]:
    """Gives a path of this machine to write to; what is there in the end is put in place.

    A pipe or device, such as `/dev/stdout`, is written to. Of a link the file takes the place: one
    in an OUTPUT from elsewhere may lead anywhere.

    Args:
        path: of a file, or a URI.

    Raises:
        UsageError: the URI is none, or the file cannot be written.
        TryLaterError: its disk is full.
        StoreError: the store refuses.
    """
    if is_uri(path):
        check_uri(path)
        attempt = os.path.join(tempfile.gettempdir(), f"ferbeam-{uuid.uuid4().hex}")
    elif _is_device(path):
        yield path
        return
    else:
        attempt = f"{path}.{uuid.uuid4().hex[:8]}.tmp"
    try:
        yield attempt
        if is_uri(path):
            store_of(path).upload(attempt, path)
        else:
            os.replace(attempt, path)
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise unwritable("FILE", path, error) from None
    finally:
        if os.path.exists(attempt):
            os.unlink(attempt)


def _is_device(path: str) -> bool:
    """Tells whether what lies at a path is written to, not replaced."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return False
    return path.startswith("/dev/") or stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def refuse_own_files(output: Output, path: str) -> None:
    """Refuses to write where the files of a run lie; subtitles may lie beside its copies.

    Args:
        output: of the run.
        path: what a user wants written, such as an answer.

    Raises:
        UsageError: the file would lie there.
        ForeignError: it is named below OUTPUT, and a step to it is a link.
    """
    root, place = os.path.abspath(output.root), os.path.abspath(path)
    if output.is_local and place.startswith(f"{root}/"):
        output.checked(output.path(place[len(root) + 1 :]))
    name = _below(output, path)
    if name is None:
        return
    first = name.partition("/")[0]
    if first == "annotated" and name.endswith(SUBTITLES):
        return
    if first in (*OWN_NAMES, *REMEMBERED, FOLDER, LOCK):
        raise UsageError(f"{path}: {first} is a part of OUTPUT itself; choose another name")


def _below(output: Output, path: str) -> str | None:
    """Returns the path below OUTPUT with forward slashes, None where it is elsewhere."""
    if output.is_local == is_uri(path):
        return None
    root, place = output.root.rstrip("/"), path
    if output.is_local:
        root, place = os.path.realpath(root), os.path.realpath(path)
    return place[len(root) + 1 :].replace(os.sep, "/") if place.startswith(f"{root}/") else None
