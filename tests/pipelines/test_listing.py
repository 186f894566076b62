"""Listing: names, order, and spans of pictures whose cuts stay where they are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fer_core.errors import UsageError
from fer_core.media import escape_name
from fer_core.records import Failure
from ferbeam.analysis.elements import Medium
from ferbeam.analysis.list_media import MAX_PICTURES, group_media, list_input, list_media
from ferbeam.settings import Picks
from ferbeam.text import show_left_out
from tests.pipelines.jobs import SAMPLES, tables_of


def names_of(root: Path | str) -> list[str]:
    """Lists the names of the media of an INPUT."""
    return [m.name for m in list_media(str(root)) if not isinstance(m, Failure)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Media in two folders, and what is none."""
    for name in ("b.PNG", "a/x.mp4", "a/y.jpg", "a/notes.txt", ".hidden.png", "[1].png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path


def test_a_folder_is_listed_with_those_below(folder: Path) -> None:
    assert names_of(folder) == ["[1].png", "a/x.mp4", "a/y.jpg", "b.PNG"]


def test_folders_of_the_system_and_other_files_are_left_out_and_counted(tmp_path: Path) -> None:
    files = ("a.jpg", "b.AAE", "c.aae", "sub/README", "@eaDir/a.jpg/XL.jpg", "#recycle/b.mp4")
    for name in (*files, "sub/$RECYCLE.BIN/x.mp4", "__MACOSX/a.mp4", "@home/d.f4v"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(b"x")
    listing = list_input(str(tmp_path))
    assert [medium.name for medium in listing.media] == ["@home/d.f4v", "a.jpg"]
    folders = {"@eaDir/": 1, "#recycle/": 1, "$RECYCLE.BIN/": 1, "__MACOSX/": 1}
    assert listing.left_out == {".aae": 2, "README": 1, **folders}
    assert show_left_out(listing.left_out) == (
        "3 files left out: 2 .aae, 1 README; "
        "4 system folders left out: 1 #recycle/, 1 $RECYCLE.BIN/, 1 @eaDir/, 1 __MACOSX/"
    )
    (tmp_path / "a.jpg").unlink()
    (tmp_path / "@home/d.f4v").unlink()
    with pytest.raises(UsageError, match=r"no picture or video; 3 files left out: 2 \.aae"):
        list_input(str(tmp_path))


def test_a_file_a_glob_and_a_name_with_brackets(folder: Path) -> None:
    assert names_of(folder / "b.PNG") == ["b.PNG"]
    assert names_of(folder / "[1].png") == ["[1].png"]
    assert names_of(f"{folder}/**/*.mp4") == ["a/x.mp4"]
    with pytest.raises(UsageError, match="does not exist"):
        names_of(folder / "nothing")


def test_bytes_that_are_not_utf8_are_shown_as_percent() -> None:
    assert escape_name("caf\udce9 é.jpg") == "caf%E9 é.jpg"


def pictures(numbers: range) -> list[Medium]:
    """Listed pictures of one folder."""
    return [Medium(f"in/{number:04}.jpg", "", "image", 1, 1) for number in numbers]


def test_a_new_picture_changes_only_its_own_span() -> None:
    before = set(group_media(pictures(range(1, 500))))
    after = set(group_media(pictures(range(500))))
    assert len(before) > 8
    assert max(map(len, before)) <= MAX_PICTURES
    assert len(after - before) <= 3
    assert sum(map(len, after)) == 500


def test_folders_and_videos_do_not_share_a_span() -> None:
    listed = [*pictures(range(2)), Medium("in/v.mp4", "", "video", 1, 1)]
    listed.append(Medium("other/p.jpg", "", "image", 1, 1))
    groups = [[medium.name for medium in group] for group in group_media(listed)]
    assert ["in/v.mp4"] in groups
    assert ["other/p.jpg"] in groups


def failures_of(root: Path | str) -> dict[str, str]:
    return {m.media: m.error for m in list_media(str(root)) if isinstance(m, Failure)}


def test_what_never_ends_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "endless.jpg").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.mp4")
    assert names_of(tmp_path) == []
    assert failures_of(tmp_path) == {"endless.jpg": "NoFile", "pipe.mp4": "NoFile"}


def test_no_name_leads_out_of_output(folder: Path) -> None:
    (folder / "a/c").mkdir()
    assert failures_of(f"{folder}/a/*/../../b.PNG") == {"../b.PNG": "UnsafePath"}


def test_a_folder_with_two_ways_to_it_is_listed_once(folder: Path) -> None:
    (folder / "a/0 again").symlink_to(folder / "a/c", target_is_directory=True)
    (folder / "a/c").mkdir()
    (folder / "a/c/z.jpg").write_bytes(b"x")
    (folder / "a/outside").symlink_to(folder)  # leads back, by way of the folder above
    assert names_of(folder / "a") == [
        "c/z.jpg",
        "x.mp4",
        "y.jpg",
        "outside/[1].png",
        "outside/b.PNG",
    ]
    told = {m.media: m.message for m in list_media(f"{folder}/a") if isinstance(m, Failure)}
    assert told == {
        "0 again": "a link that leads back to c: listed there",
        "outside/a": "a link that leads back to INPUT itself: listed there",
    }


def test_links_that_double_at_each_step_come_to_an_end(tmp_path: Path) -> None:
    for depth in range(40):
        step = tmp_path / f"{depth}"
        step.mkdir()
        (step / "x.jpg").write_bytes(b"x")
        for way in ("left", "right"):
            (step / way).symlink_to(tmp_path / f"{depth + 1}", target_is_directory=True)
    assert len(names_of(tmp_path / "0")) == 40
    assert names_of(f"{tmp_path}/0/**/*.jpg") == names_of(tmp_path / "0")
    assert set(failures_of(tmp_path / "0").values()) == {"LinkLoop"}


def test_a_folder_deeper_than_can_be_copied_is_a_failure(tmp_path: Path) -> None:
    here = os.getcwd()
    (tmp_path / "x.jpg").write_bytes(b"x")
    try:
        os.chdir(tmp_path)
        for _ in range(1500):
            os.mkdir("d")
            os.chdir("d")
        Path("deep.jpg").write_bytes(b"x")
    finally:
        os.chdir(here)
    assert names_of(tmp_path) == ["x.jpg"]
    assert set(failures_of(tmp_path).values()) == {"TooDeep"}
    assert names_of(f"{tmp_path}/**/x.jpg") == ["x.jpg"]
    # Python's own way to remove it, which pytest takes later, would go too deep.
    subprocess.run(["rm", "-r", str(tmp_path / "d")], check=True)


def test_of_two_files_shown_alike_the_second_is_a_failure(tmp_path: Path) -> None:
    for name in (b"%FF.png", b"\xff.png", b"\xfe.png"):
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_bytes(b"x")
    assert names_of(tmp_path) == ["%FF.png", "%FE.png"]
    assert failures_of(tmp_path) == {"\\xff.png": "NameTaken"}


def picked(root: Path, **picks: Any) -> tuple[list[str], dict[str, int]]:
    listing = list_input(str(root), Picks(**picks))
    found = [m for m in list_media(str(root), Picks(**picks)) if not isinstance(m, Failure)]
    assert found == listing.media  # of the command and of the job
    return [medium.name for medium in found], dict(listing.left_out)


def test_globs_pick_by_name_and_by_path(folder: Path) -> None:
    assert picked(folder, exclude=("*.mp4", "[[]1].png")) == (
        ["a/y.jpg", "b.PNG"],
        {".txt": 1, "--exclude *.mp4": 1, "--exclude [[]1].png": 1},
    )
    everything = ["[1].png", "a/x.mp4", "a/y.jpg", "b.PNG"]
    for below in ("a", "a/", "a/**", "a/*"):
        assert picked(folder, exclude=(below,))[0] == ["[1].png", "b.PNG"], below
        assert picked(folder, include=(below,))[0] == ["a/x.mp4", "a/y.jpg"], below
    assert picked(folder, include=("*.jpg", "b.*"), exclude=("a",)) == (
        ["b.PNG"],
        {".txt": 1, "--exclude a": 2, "not --include": 1},
    )
    assert picked(folder, exclude=("x/**", "*.png/"))[0] == everything
    with pytest.raises(UsageError, match=r"no picture or video; 3 files left out: 2 --exclude \*"):
        picked(folder / "a", exclude=("*",))


def test_failures_go_with_what_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "endless.jpg").symlink_to("/dev/zero")
    (tmp_path / "a.jpg").write_bytes(b"x")
    assert len(list_input(str(tmp_path), Picks(include=("a*",))).failures) == 1
    left = list_input(str(tmp_path), Picks(exclude=("end*",)))
    assert left.failures == []
    assert left.left_out == {"--exclude end*": 1}


def test_a_text_file_lists_the_media(folder: Path) -> None:
    other = folder.with_name(f"{folder.name} other")
    other.mkdir()
    (other / "z.mp4").write_bytes(b"x")
    (other / "caf\udce9.jpg").write_bytes(b"x")
    lines = ["# wanted", "", "b.PNG", f"{folder}/a/x.mp4", "a/../b.PNG", f"{other}/z.mp4"]
    lines += ["a/c.txt", "gone.jpg", "a", f"{other}/caf\udce9.jpg"]
    (folder / "list").write_bytes(b"\xef\xbb\xbf" + os.fsencode("\r\n".join(lines)))
    listing = list_input(str(folder / "list"), Picks(is_list=True))
    away = str(other).lstrip("/")
    assert [m.name for m in listing.media] == [
        *("b.PNG", "a/x.mp4", f"{away}/z.mp4", f"{away}/caf%E9.jpg")
    ]
    (gone,) = listing.failures
    assert (gone.media, gone.error) == ("gone.jpg", "Unreadable")
    assert "No such file" in gone.message
    assert listing.left_out == {".txt": 1, "a": 1}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\n# x\n", "lists nothing"),
        (b"RIFF\0", "is no text"),
        (None, "cannot be read: No such"),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path: Path, data: bytes | None, message: str) -> None:
    if data is not None:
        (tmp_path / "list").write_bytes(data)
    with pytest.raises(UsageError, match=message):
        list_input(str(tmp_path / "list"), Picks(is_list=True))


def test_names_are_bytes_under_any_locale(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    whole = (SAMPLES / "pictures/happy.jpg").read_bytes()
    for name in ("été.jpg".encode(), "日本.jpg".encode(), b"caf\xe9.jpg"):
        Path(os.fsdecode(os.fsencode(source) + b"/" + name)).write_bytes(whole)
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    code = "import sys; print(sys.getfilesystemencoding())"
    python = [sys.executable, "-c", code]
    told = subprocess.run(python, env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.strip() != "utf-8"
    command = [sys.executable, "-m", "ferbeam.cli", "analyze", str(source), str(tmp_path / "dé")]
    done = subprocess.run(
        [*command, "--exclude", "日*", "--overlay", "box", "--workers", "1"],
        env=environment,
        check=False,
    )
    assert done.returncode == 0
    rows = tables_of(tmp_path / "dé")["media"].to_pylist()
    assert {row["media"] for row in rows} == {"été.jpg", "caf%E9.jpg"}
    assert all((tmp_path / "dé" / row["annotated"]).exists() for row in rows)
