"""Lists of viewers and markers as people write them, and how an OUTPUT remembers them."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from fer_core.errors import FerWarning, UsageError
from fer_core.records import FACES
from ferbeam.output.folder import Output
from ferbeam.query.main_person import find_unclear, warn_of_main
from ferbeam.query.sheets import sheet_table
from ferbeam.query.study import Study
from ferbeam.query.tables import open_tables, write_viewers
from tests.pipelines.finished import make_failure, make_video, write_finished
from tests.pipelines.jobs import ferbeam

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SAME = [("Ann", "old", 2000, "p/b.mp4"), ("Zoé", "young", 3068, "p/d é.mp4")]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Two videos of twelve seconds, and one that failed."""
    media = [make_video(name, 120) for name in ("p/b.mp4", "p/d é.mp4")]
    return write_finished(tmp_path / "out", [*media, make_failure("p/c.mp4", "p/c.mp4: is empty")])


def ask(tables: DuckDBPyConnection, sql: str) -> list[Any]:
    """Returns the rows of an answer."""
    rows: list[Any] = tables.execute(sql).fetchall()
    return rows


def read(output: Path, data: bytes | None = None) -> list[tuple[str, str, int, str]]:
    """Returns the viewers of a list, or of what is remembered."""
    file = None
    if data is not None:
        file = output.parent / "list.csv"
        file.write_bytes(data)
    with open_tables(Output(str(output)), Study(file)) as tables:
        sql = "SELECT viewer, viewer_group, offset_ms, media FROM viewers ORDER BY media"
        return [(str(one), str(two), int(ms), str(name)) for one, two, ms, name in ask(tables, sql)]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("media,offset_ms,group,viewer\np/b.mp4,2000,old,Ann\np/d é.mp4,3068,young,Zoé\n", "utf-8"),
        ("Media;Offset ms;Group;Viewer\np/b.mp4;2000;old;Ann\n"
         "p/d é.mp4;3067,5;young;Zoé", "cp1252"),
        ("viewer\tviewer_group\tmedia\toffset_ms\r\nAnn\told\tp\\b.mp4\t2 000\r\n"
         "Zoé\tyoung\tD É.MP4\t3067.5\r\n\r\n", "utf-16"),
        ("sep=|\nmedia|offset_ms|group|viewer\nb.mp4|2000|old|Ann\nd é.mp4|3067.6|young|Zoé\n",
         "utf-8-sig"),
        ('media, offset_ms, group, viewer\n"p/b.mp4", 2000, old, Ann\n'
         'p/d é.mp4,"3067,6",young,Zoé\n', "utf-8"),
    ],
)  # fmt: skip
def test_a_list_is_read_as_spreadsheets_write_it(output: Path, text: str, encoding: str) -> None:
    assert read(output, text.encode(encoding)) == SAME
    assert read(output) == SAME


def test_only_the_media_are_needed(output: Path) -> None:
    assert read(output, b"media\nb.mp4\n") == [("p/b.mp4", "", 0, "p/b.mp4")]


def test_what_failed_or_begins_too_late_is_a_warning_with_its_name(output: Path) -> None:
    rows = "media,offset_ms\nb.mp4,12000\nc.mp4,0\nd é.mp4,11999\n"
    with pytest.warns(FerWarning) as told:
        assert len(read(output, rows.encode())) == 2
    assert sorted(str(each.message) for each in told) == [
        "viewers: offset_ms 12000 of p/b.mp4 is beyond its end at 12000 ms: no second of it is "
        "counted",
        "viewers: p/c.mp4 could not be read and is left out",
    ]


def test_what_is_remembered_and_gone_is_left_out_with_a_warning(output: Path) -> None:
    read(output, "media\nb.mp4\nd é.mp4\n".encode())
    write_finished(output, [make_video("p/b.mp4", 120)])
    with pytest.warns(FerWarning, match="p/d é.mp4 is no video of this OUTPUT"):
        assert read(output) == [("p/b.mp4", "", 0, "p/b.mp4")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_an_output_that_cannot_be_written_is_read_all_the_same(output: Path) -> None:
    output.chmod(0o555)
    try:
        with pytest.warns(FerWarning, match="is not remembered"):
            assert len(read(output, b"media\nb.mp4\n")) == 1
    finally:
        output.chmod(0o755)


def test_a_foreign_file_is_neither_replaced_nor_in_the_way(output: Path) -> None:
    (output / "viewers.csv").write_text("viewer,media\nmine,b.mp4\n")
    assert [row[0] for row in read(output)] == ["mine"]
    with pytest.warns(FerWarning, match="is not remembered"):
        assert len(read(output, b"media\nb.mp4\n")) == 1
    assert "mine" in (output / "viewers.csv").read_text()


def test_the_list_to_fill_in_is_one_that_can_be_given(output: Path) -> None:
    done = ferbeam("viewers", output)
    assert done.stdout.splitlines() == [
        "media,viewer,viewer_group,offset_ms",
        "p/b.mp4,p/b.mp4,,0",
        "p/d é.mp4,p/d é.mp4,,0",
    ]
    read(output, done.stdout.replace(",,0", ",old,500").encode())
    assert write_viewers(Output(str(output))).count(",old,500") == 2


def test_the_command_warns_in_a_line_and_verify_finds_nothing_amiss(output: Path) -> None:
    file = output.parent / "list.csv"
    file.write_text("media\nc.mp4\nb.mp4\n")
    done = ferbeam("query", output, "SELECT count(*) FROM viewers", "--viewers", file)
    assert done.returncode == 0
    wanted = "ferbeam: warning: viewers: p/c.mp4 could not be read and is left out\n"
    assert done.stderr == wanted
    assert "list.csv" not in ferbeam("verify", output).stdout
    assert "viewers.csv" not in ferbeam("verify", output).stdout


def test_a_cell_of_many_lines_is_kept_however_long_the_list_is() -> None:
    rows = [{"media": f"{number}.mp4", "note": f"a\nb\rc {'x' * 60}"} for number in range(20_000)]
    assert sheet_table(["media", "note"], rows, {}).to_pylist() == rows


def test_markers_are_a_table(output: Path) -> None:
    file = output.parent / "markers.csv"
    file.write_text("Name;Start ms;End ms;Condition\njoke;2000,4;4000;fun\nintro;0;1000;\n")
    wanted = [("intro", 0, 1000, ""), ("joke", 2000, 4000, "fun")]
    for given in (file, None):
        with open_tables(Output(str(output)), Study(markers=given)) as tables:
            assert tables.execute("FROM markers").fetchall() == wanted


def test_a_marker_after_the_end_of_all_is_a_warning_with_its_name(output: Path) -> None:
    """As where another list of viewers is given, or a time was typed with a digit too many."""
    markers, viewers = output.parent / "markers.csv", output.parent / "viewers.csv"
    markers.write_text("name,start_ms,end_ms\njoke,11999,12500\nend,12000,13000\n")
    viewers.write_text("media,offset_ms\nb.mp4,2000\nd é.mp4,0\n")
    ends = "markers: end begins at 12000 ms, and all videos end by 12000 ms: nothing is told of it"
    for study in (Study(markers=markers), Study(viewers, markers)):
        with pytest.warns(FerWarning) as told, open_tables(Output(str(output)), study):
            pass
        assert [str(each.message) for each in told] == [ends]
    viewers.write_text("media,offset_ms\nb.mp4,2000\n")
    with pytest.warns(FerWarning) as told, open_tables(Output(str(output)), Study(viewers)):
        pass
    assert [str(each.message)[:29] for each in told] == [
        "markers: joke begins at 11999",
        "markers: end begins at 12000 ",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name,start_ms\na,1\n", "has no column end_ms"),
        ("name,start_ms,end_ms\na,2000,1000\n", "a lasts from 2000 to 1000 ms"),
        ("name,start_ms,end_ms\na,-1,1000\n", "a lasts from -1 to 1000 ms"),
        (f"name,start_ms,end_ms\na,0,{'9' * 20}\n", "end_ms '9+' is more than"),
        (f"name,start_ms,end_ms\na,0,{'9' * 400}\n", "end_ms '9+' is more than"),
    ],
)
def test_markers_that_are_none_are_refused(output: Path, text: str, reason: str) -> None:
    file = output.parent / "markers.csv"
    file.write_text(text)
    study = Study(markers=file)
    with pytest.raises(UsageError, match=reason), open_tables(Output(str(output)), study):
        pass
    assert not (output / "markers.csv").exists()


def test_an_unclear_main_person_is_warned_of_where_it_matters(tmp_path: Path) -> None:
    video = make_video("a.mp4", 100)
    at = video["faces"].schema.get_field_index("person_id")
    half = video["faces"].num_rows // 2
    people = pa.array([0] * half + [1] * (video["faces"].num_rows - half), pa.int32())
    video["faces"] = video["faces"].set_column(at, FACES.field(at), people)
    write_finished(tmp_path, [video])
    with open_tables(Output(str(tmp_path))) as tables:
        with pytest.warns(FerWarning, match=r"a.mp4: its main person is in 5\d % of the samples"):
            warn_of_main(tables, "SELECT count(*) FROM viewer_seconds")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warn_of_main(tables, "SELECT * FROM faces")
    with open_tables(Output(str(tmp_path)), only=["people"]) as tables:
        ((media, _),) = find_unclear(tables)
    assert media == "a.mp4"
