"""`ferbeam agree`: what people coded is read from every program, and compared as pandas would."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from fer_core.emotions import NAMES
from fer_core.errors import UsageError
from ferbeam import open_output
from ferbeam.agreement.agree import tell_figures
from ferbeam.agreement.codes import name_video, read_codes
from ferbeam.output.folder import Output
from ferbeam.query import sheets
from ferbeam.verify.verify_output import verify_output
from tests.pipelines.finished import make_video, write_finished
from tests.pipelines.jobs import ferbeam, frames_of
from tests.pipelines.parsed_page import Parsed

VIDEOS = ("clips/a.mp4", "clips/b.mp4", "c.mp4")


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three videos of ten samples a second; a second, shorter face in one."""
    media = [make_video(name, 150, tracks=1 + n % 2, seed=n) for n, name in enumerate(VIDEOS)]
    return write_finished(tmp_path_factory.mktemp("finished"), media)


def main_faces(output: Path) -> pd.DataFrame:
    return frames_of(output)["faces"].query("person_id == 0")


@pytest.mark.parametrize("name", ["all.boris", "all.csv", "eaf/*.eaf"])
def test_what_was_exported_agrees_wholly(output: Path, tmp_path: Path, name: str) -> None:
    view = "expressions" if name.endswith("csv") else None
    (tmp_path / "eaf").mkdir()
    ours = open_output(output)
    if view:
        table = ours.query("FROM expressions WHERE person_id = 0").to_pandas()
        table.to_csv(tmp_path / name, sep=";", decimal=",", encoding="cp1252", index=False)
    else:
        ours.export(tmp_path / name, lang="fr")
        if "boris" in name:
            keep_first_face(tmp_path / name)
    found = ours.agree(tmp_path / name.partition("/*")[0])
    assert sorted(found.media) == sorted(VIDEOS)
    kappa = found.figures["all"]["kappa"]
    assert kappa.value == pytest.approx(1) if name != "eaf/*.eaf" else kappa.value > 0.7
    assert found.notes == []
    assert found.seen == pytest.approx(0.9, abs=0.02)


def keep_first_face(project: Path) -> None:
    """Leaves only the events of the first subject in a project of BORIS."""
    whole = json.loads(project.read_text(encoding="utf-8"))
    for one in whole["observations"].values():
        one["events"] = [event for event in one["events"] if event[1] == "Personne 1"]
    project.write_text(json.dumps(whole), encoding="utf-8")


def test_figures_are_those_of_the_samples(output: Path, tmp_path: Path) -> None:
    """A coder calls every fourth stretch happy, in seconds; statsmodels says how that agrees."""
    stretches = open_output(output).query("FROM expressions WHERE person_id = 0").to_pandas()
    said = stretches["emotion"].where(stretches.index % 4 > 0, "happy")
    coded = pd.DataFrame(
        {
            "Media": stretches["media"].map(lambda name: f"C:\\study\\{Path(name).name}"),
            "Emotion": said,
            "start_s": stretches["from_ms"] / 1000,
            "end_s": stretches["until_ms"] / 1000,
        }
    )
    coded.to_csv(tmp_path / "codes.csv", index=False)
    found = open_output(output).agree(tmp_path / "codes.csv")
    faces = main_faces(output)
    answers = []
    for row, word in zip(stretches.itertuples(), said, strict=True):
        own = faces[
            (faces["media"] == row.media)
            & faces["timestamp_ms"].between(row.from_ms, row.until_ms, inclusive="left")
        ]
        answers += [(word, emotion) for emotion in own["smoothed_emotion"]]
    for name in ("happy", "sad", "neutral"):
        table = np.zeros((2, 2))
        for theirs, ours in answers:
            table[int(theirs == name), int(ours == name)] += 1
        wanted = cohens_kappa(table).kappa
        figure = found.figures[name]["kappa"]
        assert figure.value == pytest.approx(wanted, abs=1e-9)
        assert figure.low <= figure.value <= figure.high
    assert found.moments[0].people == "happy"
    weights = [moment.weight for moment in found.moments]
    assert weights == sorted(weights, reverse=True)


def test_two_coders_are_compared_with_each_other(output: Path, tmp_path: Path) -> None:
    stretches = open_output(output).query("FROM expressions WHERE person_id = 0").to_pandas()
    both = pd.concat([stretches.assign(coder="ann"), stretches[::2].assign(coder="bob")])
    both.to_csv(tmp_path / "codes.csv", index=False)
    found = open_output(output).agree(tmp_path / "codes.csv")
    assert found.coders == ["ann", "bob"]
    happy = found.figures["happy"]
    assert happy["kappa"].value < 1
    assert found.figures["all"]["kappa"].value < 1
    assert happy["kappa_of_people"].value < happy["kappa"].value
    assert list(found.table().column_names[:2]) == ["emotion", "kappa"]
    wide, narrow = (tell_figures(found, narrow) for narrow in (False, True))
    assert wide.column_names == ["emotion", "kappa", "alpha", "icc", "f1", "people"]
    assert (len(wide), len(narrow)) == (8, 16)
    value, interval = narrow["kappa"].to_pylist()[:2]
    assert wide["kappa"][0].as_py() == f"{value} ({interval})"


@pytest.mark.parametrize(
    "names",
    [
        ("ann.csv", "bob.csv"),
        ("ann/c.csv", "bob/c.csv"),
        ("c-ann.csv", "c_bob.csv"),
    ],
)
def test_files_of_one_video_that_name_no_coder_are_of_a_coder_each(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    """Else two people's codes would be laid together, and taken for those of one."""
    for name, media in zip(names, ("c.mp4", "C:\\films\\c"), strict=True):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"media,emotion,start_s,end_s\n{media},Sourire,0,1\n")
    read = read_codes(tmp_path)
    assert [code.coder for code in read.codes] == ["ann", "bob"]
    assert [code.coder for code in read_codes(tmp_path / names[0]).codes] == [""]
    (tmp_path / names[0]).write_text(
        "media,emotion,start_s,end_s,Rater\nc.mp4,happy,0,1,eve\nd.mp4,fidget,0,1,eve\n"
    )
    assert {code.coder for code in read_codes(tmp_path).codes} == {"eve", ""}


def test_a_coder_who_saw_nothing_has_coded_all_the_same(output: Path, tmp_path: Path) -> None:
    ours = open_output(output)
    for coder in ("ann", "bob"):
        (tmp_path / coder).mkdir()
        ours.export(tmp_path / coder / "*.eaf", media=["c.mp4"])
    (document,) = (tmp_path / "bob").iterdir()
    whole = document.read_text(encoding="utf-8")
    document.write_text(re.sub("<ANNOTATION>.*</ANNOTATION>", "", whole, flags=re.DOTALL))
    found = ours.agree(tmp_path)
    assert found.coders == ["ann", "bob"]
    assert found.figures["all"]["kappa_of_people"].value == pytest.approx(0, abs=0.2)


def test_exports_of_boris_are_read(tmp_path: Path) -> None:
    (tmp_path / "aggregated.tsv").write_text(
        "Observation id\tSubject\tBehavior\tBehavior type\tStart (s)\tStop (s)\tMedia file name\n"
        "one\tp1\tJoy\tSTATE\t1.5\t2.25\t/home/x/a.mp4\n"
        "one\tp1\tsurprise\tPOINT\t3\tNA\t/home/x/a.mp4\n"
        "one\tp1\tfidget\tPOINT\t3\tNA\t/home/x/a.mp4\n"
    )
    (tmp_path / "tabular.csv").write_text(
        "Observation id,one\nSome fact,\n\n"
        "Time,Media file path,Subject,Behavior,Comment,Status\n"
        "1.5,/home/x/a.mp4,p1,Colère,,START\n2.25,/home/x/a.mp4,p1,Colère,,STOP\n",
        encoding="cp1252",
    )
    read = read_codes(tmp_path)
    times = {(code.emotion, code.from_ms, code.until_ms) for code in read.codes}
    assert times == {("happy", 1500, 2250), ("surprise", 3000, 3000), ("angry", 1500, 2250)}
    assert read.unknown == {"fidget": 1}


@pytest.mark.parametrize(
    ("coded", "video"),
    [
        ("/home/x/clips/a.mp4", "clips/a.mp4"),
        ("C:\\x\\b.mp4", "clips/b.mp4"),
        ("c", "c.mp4"),
        ("c.avi", "c.mp4"),
        ("d.mp4", None),
    ],
)
def test_a_video_is_known_by_the_end_of_its_path(coded: str, video: str | None) -> None:
    assert name_video(coded, VIDEOS) == video
    assert name_video("a.mp4", ("x/a.mp4", "y/a.mp4")) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("media,emotion,start_ms,end_ms\na.mp4,fidget,0,1\n", "holds none of angry, .*fidget"),
        ("media,emotion,start_ms,end_ms\nno.mp4,happy,0,1\n", "no.mp4: is no video"),
        ("media,emotion,start_ms,end_ms\na.mp4,happy,soon,1\n", "cannot be read: .*soon"),
        ("media,emotion,begin\na.mp4,happy,0\n", "no columns start_ms and end_ms"),
        ("a,b\n1,2\n", "no columns media, emotion"),
        ("media,emotion,start_ms,end_ms\na.mp4,happy,0,inf\n", "a time is no number"),
        ("media,emotion,start_ms,end_ms\na.mp4,happy,9,1\n", "begins at 9 ms ends before"),
        ("Time,Behavior,Media file name\n1,happy,a.mp4\n", "happy begins and does not end"),
    ],
)
def test_codes_that_do_not_fit_are_refused(
    output: Path, tmp_path: Path, text: str, reason: str
) -> None:
    (tmp_path / "codes.csv").write_text(text)
    with pytest.raises(UsageError, match=reason):
        open_output(output).agree(tmp_path / "codes.csv")


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.eaf", "<no"), ("a.boris", "[1]"), ("a.boris", "[" * 10**5), ("a.eaf", "<x/>")],
)
def test_what_is_no_document_is_refused(output: Path, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=f"{name}: cannot be read"):
        open_output(output).agree(tmp_path)


def test_a_video_that_is_none_is_told_whatever_stands_there(output: Path, tmp_path: Path) -> None:
    events = [[at, "", "happy", "", ""] for at in (0, 1)]
    project = {"behaviors_conf": {}, "observations": {"o": {"file": {"1": [5]}, "events": events}}}
    (tmp_path / "a.boris").write_text(json.dumps(project))
    with pytest.raises(UsageError, match="5: is no video of this OUTPUT"):
        open_output(output).agree(tmp_path / "a.boris")


@pytest.mark.parametrize("name", ["a.csv", "a.boris", "a.eaf"])
def test_what_is_too_large_is_refused(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MOST_BYTES", 1 << 20)
    (tmp_path / name).write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(UsageError, match="is larger than 1 MiB"):
        read_codes(tmp_path / name)


def test_the_command_shows_figures_and_the_page_the_moments(tmp_path: Path) -> None:
    hostile = "<b>&.mp4"
    output = write_finished(tmp_path / "out", [make_video(hostile, 60), make_video("b.mp4", 60)])
    lines = "{0},happy,0,3000\n{0},fidget,0,1\nother.mp4,sad,0,1\n"
    rows = [lines.format(name) for name in (hostile, "b.mp4")]
    (tmp_path / "codes.csv").write_text("media,emotion,start_ms,end_ms\n" + "".join(rows))
    done = ferbeam(
        "agree", output, tmp_path / "codes.csv", "--to", tmp_path / "figures.xlsx", "--lang", "fr"
    )
    assert done.returncode == 0, done.stderr
    head, *shown = done.stdout.splitlines()
    assert head.split() == ["emotion", "kappa", "alpha", "icc", "f1"]
    assert [line.split()[0] for line in shown[:8]] == [*NAMES, "all"]
    assert "2 videos, 12 s" in done.stdout
    assert "left out: fidget: is none of the seven emotions; 2 left out" in done.stderr
    assert "other.mp4: is no video of this OUTPUT" in done.stderr
    assert pd.read_excel(tmp_path / "figures.xlsx").shape == (8, 16)
    page = Parsed(output / "agreement.html")
    assert "kappa de Cohen" in page.text
    assert hostile in page.text
    assert any("#t=" in url for url in page.urls)
    times = re.findall(r"(\d:\d\d(?:,\d)?)–(\d:\d\d(?:,\d)?)", page.text)
    assert times
    assert all(begin != end for begin, end in times)  # by tenths: many last no second
    assert not [found for found in verify_output(Output(str(output))).findings
                if "agreement" in found.line()]  # fmt: skip
