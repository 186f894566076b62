"""`ferbeam export`: every format read back by the library of its readers, with the same values."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from pympi.Elan import Eaf

from fer_core.emotions import NAMES
from fer_core.errors import ForeignError, UsageError
from ferbeam import open_output
from ferbeam.output.folder import Output
from ferbeam.query import formats
from ferbeam.query.annotations import Annotated, Stretch, write_eaf, write_vtt
from ferbeam.verify.verify_output import verify_output
from tests.pipelines.finished import make_picture, make_video, write_finished
from tests.pipelines.jobs import ROOT, ferbeam, frames_of
from tests.pipelines.theirs import put, run, tree_of

STRETCHES = ["media", "person_id", "emotion", "from_ms", "until_ms"]
NAME = "clips/d'été & co.mp4"


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two videos, one of two faces, and a picture that looks like a formula."""
    media = [
        make_video("a.mp4", 95, seed=1),
        make_video(NAME, 120, tracks=2, seed=2),
        make_picture("=1+1.png", ("happy",)),
    ]
    return write_finished(tmp_path_factory.mktemp("finished"), media)


def stretches_of(output: Path, medium: str) -> pd.DataFrame:
    """Returns what pandas finds: runs of samples, 100 ms each, with the same smoothed emotion."""
    faces = frames_of(output)["faces"].query("media == @medium")
    faces = faces.sort_values(["track_id", "timestamp_ms"])
    gone = faces.groupby("track_id")["timestamp_ms"].diff() != 100
    other = faces["smoothed_emotion"] != faces.groupby("track_id")["smoothed_emotion"].shift()
    runs = faces.groupby((gone | other).cumsum()).agg(
        person_id=("track_id", "first"),
        emotion=("smoothed_emotion", "first"),
        from_ms=("timestamp_ms", "min"),
        until_ms=("timestamp_ms", "max"),
    )
    return runs.assign(media=medium, until_ms=runs["until_ms"] + 100)[STRETCHES]


@pytest.mark.parametrize("medium", ["a.mp4", NAME])
def test_expressions_are_runs_of_samples(output: Path, medium: str) -> None:
    ours = open_output(output).query("FROM expressions").to_pandas().query("media == @medium")
    wanted = stretches_of(output, medium)
    assert len(wanted) > 5
    pd.testing.assert_frame_equal(
        ours.reset_index(drop=True), wanted.reset_index(drop=True), check_dtype=False
    )


@pytest.mark.parametrize("form", ["csv", "tsv", "xlsx", "json", "parquet", "arrow"])
def test_a_table_is_the_same_in_every_format(output: Path, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"faces.{form}"
    assert open_output(output).export(path) == [str(path)]
    readers = {
        "csv": pd.read_csv,
        "tsv": lambda file: pd.read_csv(file, sep="\t"),
        "xlsx": pd.read_excel,
        "json": pd.read_json,
        "parquet": pd.read_parquet,
        "arrow": pd.read_feather,
    }
    found = readers[form](path)
    wanted = open_output(output).faces.to_pandas()
    assert list(found.columns) == list(wanted.columns)
    assert found["media"].tolist() == wanted["media"].tolist()
    for name in ("timestamp_ms", "p_happy", "confidence"):
        assert found[name].to_numpy() == pytest.approx(wanted[name].to_numpy(), rel=1e-6)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_json_is_json_and_csv_has_a_line_for_a_row_whatever_the_values_are() -> None:
    rows = {"name": ["a\rb", "c\nd"], "value": [math.nan, 1.0], "all": [[math.inf], []]}
    written = {form: io.StringIO(newline="") for form in ("json", "csv")}
    for form, file in written.items():
        formats.write_text(pa.table(rows).to_reader(), form, file)
    assert json.loads(written["json"].getvalue(), parse_constant=pytest.fail) == [
        {"name": "a\rb", "value": None, "all": [None]},
        {"name": "c\nd", "value": 1.0, "all": []},
    ]
    read = pd.read_csv(io.StringIO(written["csv"].getvalue(), newline=""))
    assert read["name"].tolist() == rows["name"]


@pytest.mark.parametrize("form", ["json", "xlsx"])
def test_what_a_query_adds_up_is_a_number(output: Path, tmp_path: Path, form: str) -> None:
    sql = "SELECT sum(face_count) AS n, sum(1.5) AS d, NULL::HUGEINT AS z FROM media"
    assert ferbeam("query", output, sql, "--to", tmp_path / f"a.{form}").returncode == 0
    found = {"json": pd.read_json, "xlsx": pd.read_excel}[form](tmp_path / f"a.{form}")
    wanted = open_output(output).media["face_count"].to_pylist()
    assert found.loc[0, ["n", "d"]].tolist() == [sum(wanted), 1.5 * len(wanted)]
    assert pd.isna(found.loc[0, "z"])


def test_a_sheet_holds_text_as_text_and_says_where_it_ends(
    output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_output(output).export(tmp_path / "media.xlsx", "media")
    sheet = openpyxl.load_workbook(tmp_path / "media.xlsx").active
    assert sheet["A2"].data_type == "s"
    assert {sheet.cell(row, 1).value for row in (2, 3, 4)} == {"=1+1.png", "a.mp4", NAME}
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == sheet.dimensions
    widths = [sheet.column_dimensions[name].width for name in ("A", "B")]
    assert len("media") < max(map(len, ("=1+1.png", "a.mp4", NAME))) < widths[0]
    assert all(width > 6 for width in widths)
    monkeypatch.setattr(formats, "EXCEL_ROWS", 50)
    with pytest.raises(UsageError, match="Excel holds 49 rows"):
        open_output(output).export(tmp_path / "faces.xlsx")
    assert not (tmp_path / "faces.xlsx").exists()


def test_elan_reads_a_tier_for_each_face(output: Path, tmp_path: Path) -> None:
    done = ferbeam("export", output, tmp_path / "one.eaf", "--media", NAME, "--lang", "fr")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{tmp_path}/one.eaf\n", "")
    document = Eaf(str(tmp_path / "one.eaf"))
    assert sorted(document.get_tier_names()) == ["Personne 1", "Personne 2"]
    found = document.get_annotation_data_for_tier("Personne 2")
    wanted = stretches_of(output, NAME).query("person_id == 1")
    assert [each[:2] for each in found] == list(
        zip(wanted["from_ms"], wanted["until_ms"], strict=True)
    )
    assert {each[2] for each in found} > {"joie", "peur"}
    (linked,) = document.get_linked_files()
    assert (linked["MIME_TYPE"], linked["RELATIVE_MEDIA_URL"]) == ("video/mp4", "./d'été & co.mp4")


def test_no_name_breaks_a_document() -> None:
    stretch = Stretch("a\x01b.mp4", 0, "happy", 0, 900, "Ann\n\n00:00 --> 00:01\nx")
    video = Annotated(stretch.media, 1000, 25.0, [stretch, replace(stretch, person_id=1, name="")])
    ElementTree.fromstring(write_eaf([video], "en"))
    assert write_vtt([video], "en").decode().count("\n\n") == 2  # before each of its cues


def test_boris_reads_an_observation_for_each_video(output: Path, tmp_path: Path) -> None:
    open_output(output).export(tmp_path / "all.boris")
    project = json.loads((tmp_path / "all.boris").read_text(encoding="utf-8"))
    codes = {one["code"]: one["type"] for one in project["behaviors_conf"].values()}
    assert codes == dict.fromkeys(NAMES, "State event")
    assert [one["name"] for one in project["subjects_conf"].values()] == ["Person 1", "Person 2"]
    assert sorted(project["observations"]) == ["a.mp4", NAME]
    events = project["observations"]["a.mp4"]["events"]
    times = [event[0] for event in events]
    assert times == sorted(times)
    wanted = stretches_of(output, "a.mp4")
    pairs = [  # of a state, every second event ends it
        (code, *pair)
        for code in NAMES
        for own in [[event[0] for event in events if event[2] == code]]
        for pair in zip(own[::2], own[1::2], strict=True)
    ]
    own = wanted.assign(begin=wanted["from_ms"] / 1000, end=wanted["until_ms"] / 1000)
    assert sorted(pairs) == sorted(own[["emotion", "begin", "end"]].itertuples(index=False))


def test_subtitles_lie_beside_the_copies_and_belong_there(tmp_path: Path) -> None:
    names = ("a.mp4", NAME)
    output = write_finished(
        tmp_path, [make_video(name, 95, tracks=2, seed=n) for n, name in enumerate(names)]
    )
    done = ferbeam("export", output, f"{output}/annotated/*.vtt")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"{output}/annotated/{name}.vtt" for name in sorted(names)]
    head, *cues = (output / f"annotated/{NAME}.vtt").read_text(encoding="utf-8").split("\n\n")
    assert head == "WEBVTT"
    first = re.match(r"00:00:00\.000 --> 00:00:0\d\.\d00\n(.*)", cues[0])
    assert first
    assert re.fullmatch(r"Person [12]: \S+ \w+", first[1])
    begins = [cue.split(" --> ")[0] for cue in cues]
    assert all(one <= other for one, other in pairwise(begins))
    found = {found.line() for found in verify_output(Output(str(output))).findings}
    assert not [line for line in found if ".vtt" in line]
    (output / "annotated/other.vtt").write_text("WEBVTT")
    found = {found.line() for found in verify_output(Output(str(output))).findings}
    assert [line for line in found if "other.vtt" in line]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["{tmp}/x.odt"], "ends in none of .csv, .tsv"),
        (["{tmp}/x.eaf"], "holds one video, there are 2; choose one with --media NAME"),
        (["{tmp}/x.eaf", "--media", "no.mp4"], "no.mp4 is no video of this OUTPUT"),
        (["{tmp}/x.eaf", "--media", "été"], "(clips/d'été & co.mp4 is)"),
        (["{tmp}/x.vtt", "--view", "faces"], "--view is for tables"),
        (["{tmp}/x.csv", "--media", "a.mp4"], "holds all media; --media is for .eaf, .boris, .vtt"),
        (["{output}/run.json"], "run.json is a part of OUTPUT itself"),
        (["{output}/faces/mine.parquet"], "faces is a part of OUTPUT itself"),
        (["{tmp}/x.csv", "--view", "media; DROP TABLE x"], "is not known"),
        (["nostore://x/y.csv"], "a folder, s3://BUCKET/..."),
        (["{tmp}/no/x.csv"], "FILE {tmp}/no/x.csv: cannot be written: No such file or directory"),
    ],
)
def test_what_does_not_fit_is_refused(
    output: Path, tmp_path: Path, words: list[str], reason: str
) -> None:
    before = sorted(output.rglob("*"))
    words = [word.format(tmp=tmp_path, output=output) for word in words]
    done = ferbeam("export", output, *words)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert reason.format(tmp=tmp_path) in done.stderr
    assert not list(tmp_path.iterdir())
    assert sorted(output.rglob("*")) == before


@pytest.mark.parametrize("name", ["run.json", "faces/part-00000.parquet", "viewers.csv"])
@pytest.mark.parametrize(
    "words", [("query", "{out}", "FROM media", "--to"), ("agree", "{out}", "{codes}", "--to"),
              ("analyze", "{codes}", "{out}", "--metrics")]
)  # fmt: skip
def test_no_answer_replaces_what_a_run_has_written(
    output: Path,
    tmp_path: Path,
    words: tuple[str, ...],
    name: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = tree_of(output)
    (tmp_path / "codes.csv").write_text("media,emotion,start_ms,end_ms\na.mp4,happy,0,1\n")
    named = [word.format(out=output, codes=tmp_path / "codes.csv") for word in words]
    assert run(*named, output / name) == 2
    assert "is a part of OUTPUT itself" in capsys.readouterr().err
    assert tree_of(output) == before


def test_a_pipe_is_written_to_and_never_what_a_link_leads_to(output: Path, tmp_path: Path) -> None:
    put(tmp_path, "theirs.csv")
    (tmp_path / "link.csv").symlink_to(tmp_path / "theirs.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    open_output(output).export(tmp_path / "link.csv", "media")
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit((tmp_path / "pipe.csv").read_bytes)
        open_output(output).export(tmp_path / "pipe.csv", "media")
        assert read.result(60) == (tmp_path / "link.csv").read_bytes()
    assert (tmp_path / "theirs.csv").read_text() == "mine"
    assert (tmp_path / "pipe.csv").is_fifo()


def test_no_link_in_output_leads_elsewhere(tmp_path: Path) -> None:
    output = write_finished(tmp_path / "out", [make_video("clips/a.mp4", 20)])
    put(tmp_path / "theirs", "a.mp4.vtt")
    (output / "annotated").mkdir(exist_ok=True)
    (output / "annotated/clips").symlink_to(tmp_path / "theirs")
    with pytest.raises(ForeignError, match="clips: is a link"):
        open_output(output).export(output / "annotated/*.vtt")
    assert (tmp_path / "theirs/a.mp4.vtt").read_text() == "mine"


def test_no_name_leads_elsewhere(tmp_path: Path) -> None:
    output = write_finished(tmp_path / "deep/out", [make_video("../../harm.mp4", 20)])
    with pytest.raises(UsageError, match="would lie elsewhere"):
        open_output(output).export(tmp_path / "deep/*.vtt")
    assert not list(tmp_path.glob("*.vtt"))


def test_viewers_shift_what_is_exported(output: Path, tmp_path: Path) -> None:
    (tmp_path / "viewers.csv").write_text("media,offset_ms,group\na.mp4,2000,old\n")
    words = ["--view", "cohort", "--viewers", str(tmp_path / "viewers.csv")]
    done = ferbeam("export", output, tmp_path / "cohort.tsv", *words)
    assert (done.returncode, done.stderr) == (0, "")
    with open(tmp_path / "cohort.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) == 8
    assert {row["viewer_group"] for row in rows} == {"old"}
    (output / "viewers.csv").unlink()  # or else it is remembered


def snippets(language: str) -> list[str]:
    """Returns the snippets of a language in the documentation."""
    text = (ROOT / "pipelines/README.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def mean_happy(output: Path) -> list[float]:
    """Returns the curve of all viewers."""
    answer = open_output(output).query("SELECT mean_happy FROM cohort ORDER BY second")
    return [float(value) for value in answer["mean_happy"].to_pylist()]


def test_the_pandas_of_the_documentation_runs(
    output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = (part for part in snippets("python") if "groupby" in part)
    monkeypatch.chdir(tmp_path)
    open_output(output).export("seconds.csv", "viewer_seconds")
    known: dict[str, pd.DataFrame] = {}
    exec(code, known)
    assert known["curves"][""].to_numpy() == pytest.approx(mean_happy(output))


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="there is no R here")
def test_the_r_of_the_documentation_runs(output: Path, tmp_path: Path) -> None:
    (code,) = snippets("r")
    open_output(output).export(tmp_path / "seconds.csv", "viewer_seconds")
    code += '\nwrite.csv(curves, "curves.csv", row.names = FALSE)\n'
    subprocess.run(["Rscript", "-e", code], cwd=tmp_path, check=True)
    found = pd.read_csv(tmp_path / "curves.csv").sort_values("second")
    assert found["happy"].to_numpy() == pytest.approx(mean_happy(output))
