"""Removes from an OUTPUT what is ours, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import PurePosixPath

from fer_core.errors import ForeignError
from ferbeam.output.folder import Folder
from ferbeam.output.journal import journal_of

_ROOT = PurePosixPath(".")


def sweep_files(output: Folder, names: Iterable[str]) -> None:
    """Removes those files of OUTPUT that are ours, and the folders that then hold nothing."""
    swept = [name for name in names if _is_ours(output, name)]
    output.remove(*(output.path(name) for name in swept))
    folders = {parent for name in swept for parent in PurePosixPath(name).parents} - {_ROOT}
    for folder in sorted(folders, reverse=True) if output.is_local else ():
        with suppress(OSError):  # it holds something that is not ours
            os.rmdir(output.path(str(folder)))


def _is_ours(output: Folder, name: str) -> bool:
    try:
        return not output.is_local or output.wrote(output.path(name))
    except ForeignError:
        return False


def keep_notes(output: Folder) -> None:
    """Makes one file of the notes of an OUTPUT, without those of files that are gone."""
    if output.is_local:
        journal = journal_of(output.root)
        there = {name for name in journal.names() if _is_ours(output, name)}
        journal.keep(there)
