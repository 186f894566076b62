"""Nothing of the user's is touched: whose a folder is, what of it is ours, and where links lead."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from fer_core.errors import FerError, UsageError
from ferbeam.cli import main
from ferbeam.output.analysis_folder import OUTPUT
from ferbeam.output.folder import Output
from ferbeam.output.journal import journal_of
from ferbeam.output.ownership import claim_folder, is_marked
from ferbeam.training.own_files import REPORT
from tests.pipelines.jobs import SAMPLES, analyze, ferbeam
from tests.pipelines.theirs import put, run, tree_of

THEIRS = ("faces/thesis.txt", "annotated/x.txt", "report/letter.html", "sheets/a/b.jpg", "run.json")


@pytest.mark.parametrize("options", [(), ("--overwrite",), ("--prune",), ("--dry-run",)])
@pytest.mark.parametrize("behind_a_link", [False, True])
def test_a_folder_that_bears_no_mark_is_not_touched(
    options: tuple[str, ...],
    behind_a_link: bool,
    media: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    theirs = tmp_path / "theirs"
    put(theirs, *THEIRS)
    before = tree_of(theirs)
    output = theirs
    if behind_a_link:
        output = tmp_path / "link"
        output.symlink_to(theirs)
    assert run("analyze", media, output, *options) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "no mark says that ferbeam wrote it" in line
    assert "choose a new or an empty folder" in line
    assert tree_of(theirs) == before


def test_every_command_that_writes_a_folder_refuses_anothers(
    media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = tmp_path / "theirs"
    put(theirs, "notes.txt", "metrics.json", "train.parquet")
    before = tree_of(theirs)
    for words in (
        ("prepare", media, theirs, "--overwrite"),
        ("evaluate", media, "--report", theirs),
        ("live", "--record", theirs, "--no-browser"),
    ):
        assert run(*words) == 2
        assert "no mark says that ferbeam wrote it" in capsys.readouterr().err
    assert tree_of(theirs) == before


@pytest.mark.parametrize("spelling", [".", "./", "media/..", "../project", "link"])
@pytest.mark.parametrize("options", [(), ("--overwrite",)])
def test_recordings_in_output_are_never_deleted(
    spelling: str,
    options: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project = tmp_path / "project"
    put(project, "media/one.mp4", "media/two.jpg")
    (tmp_path / "project/link").symlink_to(project)
    claim_folder(Output(str(tmp_path / "mark")), OUTPUT)
    shutil.copytree(tmp_path / "mark", project, dirs_exist_ok=True)  # as if it were ours
    before = tree_of(project)
    monkeypatch.chdir(project)
    assert run("analyze", "media", spelling, *options) == 2
    assert f"INPUT {project / 'media'} lies inside it" in capsys.readouterr().err
    assert tree_of(project) == before


def test_what_is_not_ours_stays_in_an_output_and_is_named(media: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    analyze(media, output, "--overlay", "emoji")
    main(["report", str(output)])
    theirs = ("faces/thesis.txt", "annotated/mine.jpg", "annotated/a/b.txt", ".spans/c.txt")
    put(output, *theirs, "sheets/d.jpg", "report/letter.html", "notes.txt")
    (output / "annotated/empty").mkdir()
    mine = {name for name, held in tree_of(output).items() if held == b"mine"}
    assert len(mine) == 7
    shutil.copy(SAMPLES / "pictures/group.png", media / "mine.jpg")  # its copy would lie there
    for options in (("emoji",), ("box",), ("emoji", "--overwrite")):
        analyze(media, output, "--overlay", *options, code=3)
        assert {name for name, held in tree_of(output).items() if held == b"mine"} == mine
        assert (output / "annotated/empty").is_dir()
        assert (output / "annotated/happy.jpg").is_file()
    failures = ferbeam("failures", output).stdout
    assert "OUTPUT holds annotated/mine.jpg, which is not ferbeam's; move it away" in failures
    (media / "mine.jpg").unlink()
    analyze(media, output, "--overlay", "none", "--prune")
    assert {name for name, held in tree_of(output).items() if held == b"mine"} == mine
    assert not (output / "annotated/happy.jpg").exists()
    verified = ferbeam("verify", output)
    assert verified.returncode == 1
    assert "not ferbeam's, and left alone: notes.txt" in verified.stdout
    told = json.loads(ferbeam("verify", output, "--json").stdout)
    (stray,) = told["findings"]
    assert (stray["kind"], stray["count"]) == ("file-stray", len(mine) - 1)
    assert told["beside"] == ["notes.txt"]


@pytest.mark.long
def test_an_output_of_an_earlier_version_is_known_by_its_run(media: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    analyze(media, output, "--overlay", "emoji")
    shutil.rmtree(output / ".ferbeam")
    put(output, "faces/thesis.txt")
    analyze(media, output, "--overlay", "box")  # replaces the copy, which is ours
    assert is_marked(Output(str(output)))
    for name in (".ferbeam", ".spans"):
        shutil.rmtree(output / name)
    analyze(media, output, "--overlay", "none")
    assert not (output / "annotated").exists()
    assert (output / "faces/thesis.txt").read_text() == "mine"
    for name in (".ferbeam", ".spans"):
        shutil.rmtree(output / name)
    (output / "run.json").write_text('{"tables": {}}')
    with pytest.raises(UsageError, match="no mark says"):
        claim_folder(Output(str(output)), OUTPUT)


def test_an_unfinished_output_of_an_earlier_version_goes_on(media: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    analyze(media, output, "--overlay", "emoji")
    shutil.rmtree(output / ".ferbeam")
    (output / "run.json").unlink()
    assert analyze(media, output, "--overlay", "emoji")["rows"]["media"] == 1


@pytest.mark.parametrize("text", ['{"media": 5}', '{"media": [5, {"a": 1}]}', "[" * 10**5])
def test_notes_that_are_none_of_ours_tell_nothing(
    claimed: Output, tmp_path: Path, text: str
) -> None:
    older = Output(str(tmp_path / "older"))
    put(tmp_path / "older/.spans/plans", "a.json")
    (tmp_path / "older/.spans/plans/a.json").write_text(text)
    settings = {"INPUT": "in", "sample_fps": "10", "model_sha256": ""}
    (tmp_path / "older/.spans/settings.json").write_text(json.dumps(settings))
    assert OUTPUT.older(older) == set()
    (tmp_path / "older/metrics.json").write_text(text)
    assert REPORT.older(older) is None
    Path(claimed.path(".ferbeam", f"written-{'0' * 32}")).write_text(text)
    assert "run.json" not in journal_of(claimed.root).names()


def test_a_mark_is_known_by_just_what_we_write(claimed: Output) -> None:
    mark = Path(claimed.path(".ferbeam/mark.json"))
    for text in ("", "{}", "[" * 100_000, '{"written_by": "ferbeam"}', "x" * 10**6, "\xff"):
        mark.write_text(text, encoding="latin-1")
        assert not is_marked(claimed)
    mark.unlink()
    os.mkfifo(mark)
    assert not is_marked(claimed)


@pytest.mark.parametrize("left", [".DS_Store", "lost+found/", ".lock", f".ferbeam-{32 * '0'}/"])
def test_a_folder_that_is_empty_but_for_the_system_or_a_killed_command_is_empty(
    left: str, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    if left.endswith("/"):
        (output / left).mkdir(parents=True)
    else:
        output.mkdir()
        (output / left).write_bytes(b"")
    claim_folder(Output(str(output)), OUTPUT)
    assert is_marked(Output(str(output)))
    assert not list(output.glob(".ferbeam-*"))


def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    put(tmp_path, "file")
    with pytest.raises(FerError, match="cannot be written: Not a directory"):
        claim_folder(Output(str(tmp_path / "file/out")), OUTPUT)
    with pytest.raises(UsageError, match="cannot be written: it is a file, and no folder"):
        claim_folder(Output(str(tmp_path / "file")), OUTPUT)
