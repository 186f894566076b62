"""No command follows a link below an OUTPUT, whatever lies there."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from ferbeam.cli import main
from ferbeam.output.analysis_folder import OUTPUT
from ferbeam.output.folder import Output
from ferbeam.output.ownership import claim_folder
from tests.pipelines.finished import make_picture, write_finished
from tests.pipelines.theirs import put, tree_of

LINKS = ("run.json", ".lock", "report", "annotated", "media", ".spans", ".ferbeam", "report.html")
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("analyze", "MEDIA", "OUT"),
    ("analyze", "MEDIA", "OUT", "--overwrite"),
    ("report", "OUT"),
    ("query", "OUT", "SELECT count(*) FROM faces"),
    ("export", "OUT", "FILE"),
    ("verify", "OUT"),
    ("failures", "OUT"),
    ("profile", "OUT"),
)


@pytest.mark.parametrize("name", LINKS)
def test_no_command_follows_a_link_below_output(
    name: str, media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = write_finished(tmp_path / "out", [make_picture("happy.jpg", ("happy",))])
    claim_folder(Output(str(output)), OUTPUT)
    theirs = tmp_path / "theirs"
    put(theirs, "file", "folder/a.html", "folder/tmp-" + 32 * "0", "folder/happy.jpg")
    place = output / name
    is_file = "." in name[1:] or name == ".lock"
    if not is_file and place.exists():
        shutil.copytree(place, theirs / "folder", dirs_exist_ok=True)
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.symlink_to(theirs / ("file" if is_file else "folder"))
    before = tree_of(theirs)
    words = {"MEDIA": media, "OUT": output, "FILE": tmp_path / "faces.csv"}
    for command in COMMANDS:
        with suppress(SystemExit):
            main([str(words.get(word, word)) for word in command])
        told = capsys.readouterr().err
        assert "Traceback" not in told
        assert tree_of(theirs) == before, command
        assert place.is_symlink()
        if command[0] in ("analyze", "report"):
            assert "link" in told or "no mark" in told, command
