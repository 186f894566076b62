"""Temporary folders go with their command, or with the next one; `~` is the home folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ferbeam.cli import _expand_home
from ferbeam.control.analyze_options import AnalyzeOptions
from ferbeam.guard.scratch import Scratch
from tests.pipelines.jobs import ROOT

HOLD = "from ferbeam.guard.scratch import Scratch; print(Scratch().path, flush=True); input()"


def test_what_a_killed_command_left_goes_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "ferbeam-theirs").mkdir()
    (tmp_path / "ferbeam-link").symlink_to(tmp_path / "ferbeam-theirs")
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stdout is not None
        left = Path(command.stdout.readline().strip())
        (left / "beam").mkdir()
        first = Scratch()
        assert left.is_dir()  # it is in use
        command.send_signal(signal.SIGKILL)
        command.wait()
    second = Scratch()
    assert not left.exists()
    assert Path(first.path).is_dir()
    for scratch in (first, second):
        scratch.remove()
    assert {path.name for path in tmp_path.iterdir()} == {"ferbeam-theirs", "ferbeam-link"}


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("~/out", "/home/me/out"),
        ("--avatars=~/faces", "--avatars=/home/me/faces"),
        ("./~", "./~"),
        ("s3://bucket/~", "s3://bucket/~"),
        ("a~b", "a~b"),
    ],
)
def test_a_word_may_begin_with_the_home_folder(
    word: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert _expand_home(word) == meant


def test_options_from_python_may_begin_with_the_home_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    options = AnalyzeOptions(input="~/in", output="~/out", avatars="~/faces")
    assert (options.input, options.output) == ("/home/me/in", "/home/me/out")
    assert options.avatars == "/home/me/faces"
