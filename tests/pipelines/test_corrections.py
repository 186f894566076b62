"""People who are named or left out: views, cohort and report obey, and no row is changed."""

from __future__ import annotations

import warnings
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pytest

from fer_core.errors import FerWarning, UsageError
from fer_core.records import FACES
from ferbeam import open_output
from tests.pipelines.finished import make_video, write_finished
from tests.pipelines.jobs import ferbeam
from tests.pipelines.parsed_page import Parsed

VIEWS = ("people", "tracks", "summary", "changes", "per_second", "expressions", "calibrated")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Two videos, a passer-by in the first."""
    media = [make_video("a.mp4", 60, tracks=2, seed=1), make_video("b.mp4", 60, seed=2)]
    return write_finished(tmp_path / "out", media)


def corrections(folder: Path, *rows: str) -> Path:
    file = folder / "corrections of mine.csv"
    file.write_text("\n".join(["media,person_id,name,excluded", *rows, ""]), encoding="utf-8")
    return file


def sums_of(output: Path) -> dict[str, str]:
    tables = output.glob("*/*.parquet")
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in tables}


def test_all_views_leave_out_who_is_excluded_and_take_it_back(output: Path, tmp_path: Path) -> None:
    run, before = open_output(output), sums_of(output)
    whole = {name: run.query(f"FROM {name}") for name in (*VIEWS, "viewer_seconds", "cohort")}
    file = corrections(tmp_path, "a.mp4,0,,1")
    for name in VIEWS:
        kept = run.query(f"FROM {name}", corrections=file)
        assert 0 < len(kept) < len(whole[name]), name
        who = "person_id" if "person_id" in kept.column_names else "track_id"
        of_first = [row[who] for row in kept.to_pylist() if row["media"] == "a.mp4"]
        assert 0 not in of_first, name
    assert run.query("SELECT main FROM people WHERE media = 'a.mp4'")["main"].to_pylist() == [True]
    assert run.query("FROM cohort") != whole["cohort"]  # OUTPUT remembers it
    assert len(run.query("FROM faces")) == len(run.faces)
    assert sums_of(output) == before
    for name, rows in whole.items():
        assert run.query(f"FROM {name}", corrections=corrections(tmp_path)) == rows, name


def test_a_name_is_that_of_the_viewer_and_on_the_page(output: Path, tmp_path: Path) -> None:
    rows = ('a.mp4;1;"Ann <b>";0', "a.mp4;0;;yes", "b.mp4;0;Zoé;")
    file = tmp_path / "excel.csv"
    file.write_text("\n".join(["Media;person_id;name;excluded", *rows]), encoding="cp1252")
    done = ferbeam("report", output, "--corrections", file)
    assert (done.returncode, done.stderr) == (0, "")
    run = open_output(output)
    viewers = run.query("SELECT DISTINCT viewer FROM viewer_seconds ORDER BY 1")
    assert viewers["viewer"].to_pylist() == ["Ann <b>", "Zoé"]
    page = Parsed(output / "report.html")
    assert page.text.count("Ann <b>") >= 2
    assert "left out" in page.text
    tracks = page.data["timelines"]["v0"]["tracks"]
    assert [track["person_id"] for track in tracks] == [1]
    assert ferbeam("verify", output).stdout.count("corrections") == 0
    for name in ("all.boris", "b.mp4.eaf"):
        run.export(tmp_path / name, media=["b.mp4"], lang="fr")
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "Zoé" in text
        assert "Personne" not in text


def test_people_of_one_name_are_one_who_came_back(tmp_path: Path) -> None:
    video = make_video("a.mp4", 100)
    at, count = FACES.get_field_index("person_id"), video["faces"].num_rows
    people = pa.array([0] * (count // 2) + [1] * (count - count // 2), pa.int32())
    video["faces"] = video["faces"].set_column(at, FACES.field(at), people)
    run = open_output(write_finished(tmp_path / "out", [video]))
    apart = run.query("FROM people")
    file = corrections(tmp_path, "a.mp4,0,Ann,", "a.mp4,1,Ann,")
    (ann,) = run.query("FROM people", corrections=file).to_pylist()
    assert (ann["person_id"], ann["name"], ann["main"]) == (0, "Ann", True)
    assert ann["samples"] == sum(apart["samples"].to_pylist()) == ann["of_samples"]
    for name in ("per_second", "expressions", "summary"):
        told = run.query(f"SELECT DISTINCT person_id FROM {name} WHERE person_id IS NOT NULL")
        assert told["person_id"].to_pylist() == [0], name
    assert set(run.query("FROM faces")["person_id"].to_pylist()) == {0, 1}
    page = Parsed(Path(run.report()))
    assert "joined with the first of this name" in page.text
    assert "people in videos: 1" in page.text
    assert run.query("FROM people", corrections=corrections(tmp_path)) == apart


def test_who_is_seen_at_the_same_time_is_not_one_person(output: Path, tmp_path: Path) -> None:
    run = open_output(output)
    file = corrections(tmp_path, "a.mp4,0,Ann,", "a.mp4,1,Ann,")
    with pytest.warns(FerWarning, match="Ann of a.mp4 is seen twice at the same time"):
        told = run.query("SELECT person_id, name FROM people ORDER BY ALL", corrections=file)
    assert told.to_pylist()[1:] == [
        {"person_id": 0, "name": "Ann"},
        {"person_id": 1, "name": "Ann"},
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("media,name\na.mp4,Ann\n", "has no column person_id"),
        ("media,person_id\na.mp4,-1\n", "person_id -1 is none"),
        ("media,person_id\na.mp4,3000000000\n", "person_id '3000000000' is more than 2147483647"),
        ("media,person_id,excluded\na.mp4,0,perhaps\n", "excluded 'perhaps'"),
        ("media,person_id\na.mp4,0\na.mp4,0\n", "person 0 of a.mp4 comes twice"),
    ],
)
def test_what_is_no_correction_is_refused(
    output: Path, tmp_path: Path, text: str, reason: str
) -> None:
    (tmp_path / "c.csv").write_text(text)
    with pytest.raises(UsageError, match=reason):
        open_output(output).query("FROM people", corrections=tmp_path / "c.csv")


def test_a_video_that_is_none_is_told(output: Path, tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        open_output(output).query("FROM people", corrections=corrections(tmp_path, "x.mp4,0,,1"))
    assert [str(one.message) for one in told if one.category is FerWarning] == [
        f"corrections {tmp_path}/corrections of mine.csv: x.mp4 is no video of OUTPUT; it is "
        "passed over"
    ]
