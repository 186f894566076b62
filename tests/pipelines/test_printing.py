"""What is printed: escapes are shown and not obeyed, on consoles of every encoding."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ferbeam.cli import main
from ferbeam.output.folder import Output
from ferbeam.terminal.failures import load_failures
from ferbeam.text import json_text, printable, show_line
from tests.pipelines.finished import make_failure, make_picture, make_video, write_finished
from tests.pipelines.jobs import ROOT, call

NASTY = "a\x1b[2J\x1b]0;t\x07\u202e\u2066\x9b\x7f\x85\u2028:fire:[red]é"
"""Clears the screen, names the window, turns the direction, starts lines, and is markup."""
SHOWN = printable(NASTY)
CSV = (["query", "SELECT media FROM media", "--format", "csv"], ["failures", "--format", "csv"])
TEXT = (["failures"], ["query", "SELECT media, '漢' FROM media"], ["profile"])


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    media = [
        make_video(f"{NASTY}.mp4", 20),
        make_picture("é漢.png", ("happy",)),
        make_failure(f"{NASTY}.avi", f"{NASTY}.avi: \x1b[31mbroken\nin two"),
    ]
    return write_finished(tmp_path_factory.mktemp("nasty") / "out", media)


def test_a_line_is_shown_whole_and_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    show_line(f"skipped: {NASTY}" * 20)
    assert capsys.readouterr().out == f"skipped: {SHOWN}" * 20 + "\n"


@pytest.mark.parametrize(
    "words",
    [
        ["query", "{out}", 'SELECT media, [media] AS some, 1 AS "x\x1b[2J" FROM media'],
        ["query", "{out}", "SELECT '\x1b[2J' FROM nothing"],
        ["query", "{out}", "SELECT media FROM media", "--format", "json"],
        ["failures", "{out}"],
        ["failures", "{out}", "--format", "json"],
        ["verify", "{out}"],
        ["verify", "{out}", "--json"],
        ["profile", "{out}"],
        ["report", "{out}"],
        ["profile", "none\x1b[2J"],
        ["profile", "{out}", "more\x1b[2J"],
        ["export", "{out}", "x\x1b[2J.odd"],
        ["analyze", "none\x1b[2J", "{out}2"],
    ],
)
def test_no_escape_reaches_the_terminal(
    out: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    _, said, error = call(capsys, *(word.format(out=out) for word in words))
    assert said + error
    assert all(letter.isprintable() or letter == "\n" for letter in said + error)


def test_a_name_is_shown_as_it_is_written(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, said, _ = call(capsys, "query", str(out), "SELECT media FROM media")
    assert f"{SHOWN}.mp4" in said.replace("\n", "")
    _, said, _ = call(capsys, "failures", str(out))
    assert f"{SHOWN}.avi" in said
    assert "\\x1b[31mbroken\\nin two" in said


def test_csv_and_json_are_data(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "SELECT media FROM media ORDER BY media"
    _, said, _ = call(capsys, "query", str(out), sql, "--format", "csv")
    names = [row["media"] for row in csv.DictReader(io.StringIO(said, newline=""))]
    assert names == [f"{NASTY}.mp4", "é漢.png"]
    _, said, _ = call(capsys, "query", str(out), sql, "--format", "json")
    assert [row["media"] for row in json.loads(said)] == names
    _, said, _ = call(capsys, "failures", str(out), "--format", "json")
    assert json.loads(said)["reasons"][0]["media"] == [f"{NASTY}.avi"]


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Gives the two ends of a terminal."""
    ends = pty.openpty()
    yield ends
    for end in ends:
        os.close(end)


@pytest.mark.parametrize("words", CSV)
def test_csv_on_a_terminal_is_safe(
    out: Path, terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    with open(os.dup(terminal[1]), "w", encoding="utf-8") as screen:
        monkeypatch.setattr(sys, "stdout", screen)
        main([words[0], str(out), *words[1:]])
        screen.flush()
    said = os.read(terminal[0], 10_000).decode()
    assert SHOWN in said
    assert all(letter.isprintable() or letter in "\r\n" for letter in said)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize("words", TEXT)
def test_a_console_of_any_encoding_is_written_to(
    out: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, words: list[str]
) -> None:
    raw = io.BytesIO()
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(raw, encoding, write_through=True))
    main([words[0], str(out), *words[1:]])
    assert raw.getvalue().decode("utf-8" if encoding == "ascii" else encoding)


def test_json_is_the_same_value_on_any_console(monkeypatch: pytest.MonkeyPatch) -> None:
    value = {"é漢\U0001f600": ["\u202e\x7f\x9b", "a\nb"]}
    assert json.loads(json_text(value)) == value
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "cp1252"))
    assert json.loads(json_text(value)) == value
    assert json_text(value).isascii()


def test_a_run_ends_well_where_nothing_is_utf8(tmp_path: Path) -> None:
    """The whole command, with a name that the console lacks; its children too."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "é漢.png").write_bytes(b"no picture")
    shutil.copy(ROOT / "sample_data/pictures/no_face.jpg", tmp_path / "in")
    command = [sys.executable, "-m", "ferbeam.cli", "analyze", "in", "out", "--workers", "1"]
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": ""}
    path = os.pathsep.join([str(ROOT / "pipelines"), str(ROOT)])
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": path, **plain}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True)
    assert done.returncode == 3, done.stdout + done.stderr
    assert b"Traceback" not in done.stderr
    assert b"1 failure, all in the table failures/" in done.stdout
    rows, command_again = load_failures(Output(str(tmp_path / "out")))
    assert len(rows) == 1
    assert command_again is not None
