"""Words that a command does not take are an error, and do nothing."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from ferbeam import cli
from ferbeam.commands.words import JobCommand
from ferbeam.control.ask import choose_detector

WORDS = {
    str(command.name): sum(isinstance(each, click.Argument) for each in command.params)
    for command in cli.cli.commands.values()
}


@pytest.mark.parametrize("name", sorted(WORDS))
def test_every_command_refuses_a_word_too_many(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names = [f"folder{number}" for number in range(WORDS[name])]
    for each in names:
        (tmp_path / each).mkdir()
    with pytest.raises(SystemExit) as ended:
        cli.main([name, *names, "extra", "more"])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert f"'extra', 'more': more than {name} takes; quote a pattern such as '*.mp4'" in told
    takes_beam = isinstance(
        next(each for each in cli.cli.commands.values() if each.name == name), JobCommand
    )
    assert ("Beam's options go after --" in told) == takes_beam
    assert sorted(path.name for path in tmp_path.rglob("*")) == names


@pytest.mark.parametrize(
    ("words", "beam"),
    [
        (["in", "out"], ()),
        (["in", "out", "--"], ()),
        (["in", "--lang", "fr", "out", "--", "--a=1", "b", "--"], ("--a=1", "b", "--")),
    ],
)
@pytest.mark.parametrize("name", ["analyze", "prepare"])
def test_what_follows_two_dashes_is_for_beam(
    name: str, words: list[str], beam: tuple[str, ...]
) -> None:
    command = next(each for each in cli.cli.commands.values() if each.name == name)
    if name == "prepare":
        words = [word for word in words if word not in ("--lang", "fr")]
    context = command.make_context(name, list(words))
    assert context.params["beam_options"] == beam
    assert "out" in context.params.values()


def test_the_list_of_commands_is_whole_on_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    cli.main(["--help"])
    told = capsys.readouterr().out.splitlines()
    assert max(map(len, told)) <= 60
    for commands in cli.COMMANDS.values():
        for command, tells in commands.items():
            assert any(line.split() == [command.name, *tells.split()] for line in told), tells


def test_the_help_tells_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.cli.main(["analyze", "--help"])
    assert "INPUT OUTPUT [-- BEAM OPTIONS]" in capsys.readouterr().out


def test_the_help_tells_what_a_detector_does_unless_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        cli.cli.main(["analyze", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    yunet, haar = (choose_detector(kind, None)[0].redetect_ms for kind in ("yunet", "haar"))
    assert yunet != haar
    assert f"[default: ({yunet}; haar: {haar})" in told
