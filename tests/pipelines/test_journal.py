"""Only what is noted as ours is replaced or removed, and notes outlive a kill."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fer_core.errors import ForeignError, NameRefusedError
from ferbeam.output.folder import Output
from ferbeam.output.journal import Journal, journal_of
from ferbeam.output.sweeping import keep_notes, sweep_files
from tests.pipelines.jobs import ROOT
from tests.pipelines.theirs import put, tree_of


def test_only_what_is_noted_is_replaced_or_removed(claimed: Output, tmp_path: Path) -> None:
    put(tmp_path / "out", "annotated/a/theirs.jpg")
    with pytest.raises(ForeignError, match="is not ferbeam's"):
        claimed.write(claimed.path("annotated/a/theirs.jpg"), b"ours")
    claimed.write(claimed.path("annotated/a/ours.jpg"), b"ours")
    claimed.write(claimed.path("annotated/b/ours.jpg"), b"ours")
    Journal(claimed.root).keep(Journal(claimed.root).names())  # another process
    sweep_files(claimed, list(claimed.list_files("annotated")))
    assert tree_of(tmp_path / "out/annotated") == {"a": "folder", "a/theirs.jpg": b"mine"}
    keep_notes(claimed)
    assert Journal(claimed.root).names() == set()


def test_a_file_takes_the_place_of_a_folder_of_ours_and_of_no_other(
    claimed: Output, tmp_path: Path
) -> None:
    """As where a folder `a.png` of INPUT is a picture by now, and a kill came between."""
    place = claimed.path("annotated/a.png")
    claimed.write(f"{place}/b/c.png", b"ours")
    claimed.refuse_foreign(place)
    put(tmp_path / "out", "annotated/a.png/b/theirs.png")
    with pytest.raises(ForeignError, match="is not ferbeam's"):
        claimed.refuse_foreign(place)
    for name in ("c.png", "theirs.png"):
        Path(place, "b", name).unlink()
    claimed.write(place, b"ours")
    assert claimed.read(place) == b"ours"


KILLED = """
import os, signal, sys
from ferbeam.output.folder import Output
from ferbeam.output import journal
output = Output(sys.argv[1])
output.write(output.path("media/one.parquet"), b"one")
if sys.argv[2] == "between":
    os.replace = lambda *names: os.kill(os.getpid(), signal.SIGKILL)
else:
    whole = os.write
    def cut(file, line):
        whole(file, line[:5])
        os.kill(os.getpid(), signal.SIGKILL)
    journal.os.write = cut
output.write(output.path("media/two.parquet"), b"two")
"""


@pytest.mark.parametrize("when", ["between", "within"])
def test_notes_outlive_a_kill_between_note_and_file_and_within_a_note(
    when: str, claimed: Output
) -> None:
    command = [sys.executable, "-c", KILLED, claimed.root, when]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert claimed.wrote(claimed.path("media/one.parquet"))
    assert not claimed.exists(claimed.path("media/two.parquet"))
    claimed.remove_attempts()
    assert claimed.list_names(".spans") == []
    for data in (b"two", b"three"):
        claimed.write(claimed.path("media/two.parquet"), data)
    assert claimed.read(claimed.path("media/two.parquet")) == b"three"
    keep_notes(claimed)
    assert journal_of(claimed.root).names() == {"media/one.parquet", "media/two.parquet"}
    assert len(claimed.list_names(".ferbeam")) == 2


def refuse_names(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Makes the disk refuse names with a colon, as exFAT and NTFS do."""
    whole = os.replace

    def replace(source: str, place: str) -> None:
        if ":" in os.path.basename(place):
            raise OSError(number, os.strerror(number), place)
        whole(source, place)

    monkeypatch.setattr(os, "replace", replace)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG])
def test_a_name_that_the_disk_refuses_is_told_as_such(
    number: int, claimed: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_names(monkeypatch, number)
    with pytest.raises(
        NameRefusedError, match=r"the disk refuses the name of its file .*rename it"
    ):
        claimed.write(claimed.path("annotated/a:b.jpg"), b"copy")
    monkeypatch.undo()
    refuse_names(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output error"):
        claimed.write(claimed.path("annotated/a:b.jpg"), b"copy")
    assert claimed.list_names(".spans") == []


def test_a_disk_that_fills_up_within_a_note_costs_no_other(
    claimed: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"media/{number}.parquet" for number in range(3)]
    claimed.write(claimed.path(names[0]), b"0")
    whole, room = os.write, [9]

    def write(file: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = whole(file, data[: room[0]])
        room[0] -= written
        return written

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(OSError, match="No space left"):
        claimed.write(claimed.path(names[1]), b"1")
    with pytest.raises(OSError, match="No space left"):
        Journal(claimed.root).keep(names)
    monkeypatch.undo()
    assert not claimed.exists(claimed.path(names[1]))
    claimed.write(claimed.path(names[2]), b"2")  # there is room again
    assert Journal(claimed.root).names() >= {names[0], names[2]}
