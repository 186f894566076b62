"""`make model` describes what made the network that ships."""

from __future__ import annotations

import shlex
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fer_core.model import find_model_dir, load_card
from ferbeam.commands.training import train
from tests.pipelines.jobs import ROOT


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The options of every `ferbeam train` of `make model`, by the network that it makes."""
    folder = tmp_path_factory.mktemp("made")
    files = {name: folder / name for name in ("answers.npz", "faces.parquet")}
    for file in files.values():
        file.touch()
    words = [f"DATA={folder}", f"MODEL_DIR={folder}", f"ANSWERS={files['answers.npz']}"]
    told = subprocess.run(
        ["make", "--dry-run", "model", *words, f"FACES={files['faces.parquet']}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    options: dict[str, dict[str, Any]] = {}
    for line in told.splitlines():
        _, trains, rest = line.partition("/ferbeam train ")
        if trains:  # teachers and the network begun with must be there: they were made before
            parsed = train.make_context("train", shlex.split(rest)).params
            name = Path(parsed["model_dir"]).name
            options[name] = parsed
            (folder / name).mkdir()
    return options


def _told(parsed: dict[str, Any]) -> dict[str, Any]:
    """Returns what shapes a network of its options, teachers and start by their names alone."""
    teachers, start = [each.name for each in parsed["teachers"]], parsed["start"].name
    with_files = bool(parsed["answers"]), bool(parsed["faces"])
    means = [(folder.name, share) for folder, share in parsed["means"]]
    left_out = ("data", "model_dir", "mixed_precision", "answers", "faces")
    kept = {name: value for name, value in parsed.items() if name not in left_out}
    return {**kept, "teachers": teachers, "start": start, "means": means, "with_files": with_files}


def test_every_network_is_taught_by_those_before_it(made: dict[str, dict[str, Any]]) -> None:
    assert list(made)[-1] == "fer_cnn"
    assert len(made) > 10
    seeds = [options["seed"] for options in made.values()]
    assert len(set(seeds)) == len(seeds)


def test_the_last_one_is_made_as_the_card_says(
    made: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = shlex.split(load_card(find_model_dir()).command)
    assert words[:2] == ["ferbeam", "train"]
    (tmp_path / "DATA").mkdir()
    for word, named in pairwise(words):
        if word in ("--answers", "--faces"):
            (tmp_path / named).touch()
        elif word in ("--teacher", "--start", "--mean"):
            (tmp_path / named).mkdir(exist_ok=True)
    card = train.make_context("train", words[2:]).params
    assert _told(made["fer_cnn"]) == _told(card)
