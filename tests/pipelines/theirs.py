"""Files of the user's, that no command may touch."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ferbeam.cli import main


def tree_of(folder: Path) -> dict[str, bytes | str]:
    """Returns what lies below a folder: the bytes of files, where links lead."""
    return {
        path.relative_to(folder).as_posix(): os.readlink(path)
        if path.is_symlink()
        else (path.read_bytes() if path.is_file() else "folder")
        for path in sorted(folder.rglob("*"))
    }


def put(folder: Path, *names: str) -> None:
    """Writes files of the user's."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine", encoding="utf-8")


def run(*words: str | Path) -> int:
    """Runs a command in this process; returns its exit code."""
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    code = ended.value.code
    return code if isinstance(code, int) else 0
