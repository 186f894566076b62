"""The report of finished runs: what its pages say, and that no name can do harm."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from click.testing import CliRunner

from fer_core.emotions import EMOTIONS
from fer_core.errors import UsageError
from pipelines.claims import remove_stale
from pipelines.cli import cli
from pipelines.output import Output
from pipelines.profile import load_run
from pipelines.report.assets import load_assets
from pipelines.report.build import write_report
from pipelines.report.figures import show_count, show_date, show_share, show_time
from pipelines.report.timelines import Sightings, choose_step, draw_timeline
from pipelines.report.words import LIMITS, STAGES, WORDS
from tests.pipelines.finished import make_failure, make_picture, make_video, write_finished

HOSTILE = '"><img src=x onerror=alert(1)></script><script>alert(2)</script>'
VOID = {"meta", "link", "img", "input", "br", "wbr"}


class Parsed(HTMLParser):
    """What a page holds: its text, its links, its scripts; all tags closed in order."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.text = ""
        self.urls: list[str] = []
        self.scripts: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not any(name.startswith("on") or name == "style" for name, _ in attrs)
        self.tags.append(tag)
        self.urls += [value for name, value in attrs if name in ("src", "href") and value]
        if tag == "script":
            self.scripts.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        elif self.open and self.open[-1] != "style":
            self.text += data

    @property
    def data(self) -> Any:
        return json.loads(self.scripts[0])


def report_of(output: Path, lang: str = "en") -> Parsed:
    write_report(Output(str(output)), lang)
    return Parsed(output / "report.html")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An OUTPUT of three videos, two pictures and a failure."""
    videos = [make_video(f"clips/{name}.mov", 60, seed=seed) for seed, name in enumerate("abc")]
    pictures = [make_picture("été.jpg", ("happy", "sad")), make_picture("nobody.png")]
    failure = make_failure("broken.mp4", "broken.mp4: its index (moov) is missing")
    return write_finished(tmp_path_factory.mktemp("small"), [*videos, *pictures, failure])


def test_it_says_what_the_run_found(small: Path) -> None:
    page = report_of(small)
    for said in ("1 November 2026", "3 videos, 2 pictures", "182", "its index (moov) is missing"):
        assert said in page.text
    assert WORDS["not_a_measure"][0] in page.text
    assert all(limit in page.text for limit, _ in LIMITS)
    assert "2,938 faces" in page.text  # the card of the model that ferbeam ships
    assert [len(line["tracks"]) for line in page.data["timelines"].values()] == [1, 1, 1]
    assert page.data["cohort"]["most_videos"] == 3
    assert "été.jpg" in page.text


def test_the_timeline_is_empty_where_there_was_no_face(small: Path) -> None:
    timeline = report_of(small).data["timelines"]["v0"]
    first, second = timeline["tracks"][0]["runs"]
    step = timeline["step"]
    assert first[0] * step == 0
    assert (first[0] + len(first) // 7 - 1) * step == pytest.approx(2.3)
    assert second[0] * step == pytest.approx(3.0)
    assert all(
        abs(sum(run[k : k + 7]) - 100) <= 3 for run in (first, second) for k in range(1, 8, 7)
    )


def test_it_speaks_french(small: Path) -> None:
    page = report_of(small, "fr")
    assert '<html lang="fr">' in (small / "report.html").read_text(encoding="utf-8")
    for said in ("1er novembre 2026", "Synthèse", "dégoût", "2\u202f938 visages"):
        assert said in page.text
    assert " :" not in page.text  # the space before a colon does not break
    assert page.data["emotions"][3]["label"] == "joie"
    english = {words for words, french in WORDS.values() if words != french and len(words) > 25}
    assert not [words for words in english if words in page.text]


def test_both_languages_fill_in_the_same() -> None:
    for english, french in [*WORDS.values(), *LIMITS, *STAGES.values()]:
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", french))


def test_no_name_does_harm(tmp_path: Path) -> None:
    name = f"a/{HOSTILE} #50% ?.mp4"
    media = [
        make_video(name, 30),
        make_video("b.mp4", 30),
        make_picture(f"{HOSTILE}.png", ("sad",)),
    ]
    failure = make_failure(f"{HOSTILE}.mkv", f"{HOSTILE}: is broken")
    output = write_finished(tmp_path / "few", [*media, failure])
    page = report_of(output)
    assert page.text.count(HOSTILE) == 4
    assert len(page.scripts) == 2
    assert "onerror" not in page.scripts[0]
    assert f"annotated/{name}.mp4" in {unquote(url) for url in page.urls}
    many = [make_video(f"{number}{HOSTILE}", 10) for number in range(22)]
    listed = report_of(write_finished(tmp_path / "many", many))
    assert len(listed.scripts) == 2
    assert listed.data["media"][0][0] == f"0{HOSTILE}"
    pages = sorted((tmp_path / "many/report").iterdir())
    assert all(re.fullmatch(r"[\w.-]+\.html", path.name, re.ASCII) for path in pages)
    assert all(HOSTILE in Parsed(path).text for path in pages)


def test_nothing_is_loaded_from_elsewhere(small: Path) -> None:
    page = report_of(small)
    places = [urlsplit(url) for url in page.urls if url != "data:,"]
    assert not [place for place in places if place.scheme or place.netloc]
    assets = load_assets()
    assert page.scripts[1] == assets.script
    assert "default-src 'none'" in assets.policy
    assert "unsafe" not in assets.policy
    assert "</script" not in assets.script.lower()
    assert "</style" not in assets.style.lower()


def test_many_media_have_pages_of_their_own(tmp_path: Path) -> None:
    videos = [make_video(f"clip {number:02}.mp4", 20, seed=number) for number in range(24)]
    pictures = [make_picture(f"p/{number:03}.png", ("happy",)) for number in range(250)]
    output = write_finished(tmp_path, [*videos, *pictures])
    front = report_of(output)
    links = [row[1] for row in front.data["media"]]
    assert len(links) == len(set(links)) == 24
    assert all((output / unquote(link)).is_file() for link in links)
    page = Parsed(output / links[1])
    assert "clip 01.mp4" in page.text
    around = {unquote(url) for url in page.urls}
    assert "../annotated/clip 01.mp4.mp4" in around
    assert {f"../{links[0]}", f"../{links[2]}", "../report.html#videos"} <= around
    galleries = [url for url in front.urls if "pictures-" in url]
    assert len(galleries) == 3
    assert sum(Parsed(output / url).tags.count("figure") for url in galleries) == 250
    write_finished(tmp_path, videos[:2])
    report_of(output)
    assert not (output / "report").exists()


def test_a_run_without_media_has_a_report_too(tmp_path: Path) -> None:
    output = write_finished(tmp_path, [make_failure("x.mp4", "x.mp4: is empty")])
    page = report_of(output)
    assert WORDS["nothing"][0] in page.text
    assert "x.mp4: is empty" in page.text
    assert report_of(write_finished(tmp_path / "none", [])).data["timelines"] == {}


def test_without_copies_it_shows_no_picture(tmp_path: Path) -> None:
    page = report_of(write_finished(tmp_path, [make_video("a.mp4", 20, copy=False)]))
    assert not {"video", "img"} & set(page.tags)
    assert WORDS["no_copy"][0] in page.text


def test_only_covered_copies_are_linked(tmp_path: Path) -> None:
    media = [make_video("a.mp4", 20), make_picture("b.png", ("sad",))]
    page = report_of(write_finished(tmp_path, media, {"overlay": "cover"}))
    assert WORDS["covered"][0] in page.text
    shown = {url for url in page.urls if not url.startswith(("#", "data:"))}
    assert shown == {"annotated/a.mp4.mp4", "annotated/b.png", "sheets/a.mp4.jpg"}


def test_another_run_takes_an_older_report_away(tmp_path: Path) -> None:
    output = Output(str(write_finished(tmp_path, [make_video("a.mp4", 20)])))
    (tmp_path / ".spans").mkdir()
    write_report(output, "en")
    run = load_run(output)
    remove_stale(output, run)
    assert (tmp_path / "report.html").exists()
    remove_stale(output, {**run, "render": {"overlay": "cover"}})
    assert not (tmp_path / "report.html").exists()


def test_without_a_finished_run_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no finished run, run\.json is missing"):
        write_report(Output(str(tmp_path)), "en")


def test_the_command_names_the_page(small: Path) -> None:
    done = CliRunner().invoke(cli, ["report", str(small), "--lang", "fr"], catch_exceptions=False)
    assert done.exit_code == 0
    assert done.output.startswith(f"{small}/report.html")


def test_steps_hold_a_sample_and_stay_few() -> None:
    assert choose_step(6000, 60) == 100
    assert choose_step(100_000, 1000) == 200
    assert choose_step(3_600_000, 36_000) == 10_000
    assert choose_step(86_400_000, 864_000) == 180_000
    for length in (0, 1, 500, 7_200_000):
        assert length / choose_step(length, length // 100) <= 600


def test_samples_off_the_grid_make_no_gap_and_a_missed_one_does() -> None:
    ms = np.array([0, 133, 200, 300, 433, 500, 700, 800], np.int64)  # at 600 it was not found
    faces = Sightings(np.zeros(8, np.int64), ms, np.full((8, 7), 1 / 7, np.float32))
    (track,) = draw_timeline(faces, 900, 9)["tracks"]
    assert [(run[0], len(run) // 7) for run in track["runs"]] == [(0, 6), (7, 2)]
    late = np.array([0, 100, 149, 301, 402, 503], np.int64)  # none around 200
    faces = Sightings(np.zeros(6, np.int64), late, np.full((6, 7), 1 / 7, np.float32))
    (track,) = draw_timeline(faces, 600, 6)["tracks"]
    assert [(run[0], len(run) // 7) for run in track["runs"]] == [(0, 6)]


def test_a_long_video_shows_the_tracks_seen_most() -> None:
    track = np.repeat(np.arange(12), [5, *[50] * 8, 4, 3, 60])
    ms = np.concatenate([np.arange(n) * 100 for n in np.unique(track, return_counts=True)[1]])
    scores = np.full((len(track), 7), 1 / 7, np.float32)
    shown = draw_timeline(Sightings(track, ms, scores), 6000, 60)["tracks"]
    assert [one["track_id"] for one in shown] == [1, 2, 3, 4, 5, 6, 7, 11]


def test_figures_are_written_as_people_write_them() -> None:
    assert [show_share(value) for value in (0, 0.001, 0.5, 0.999, 1)] == [
        *("0\u202f%", "<\u202f1\u202f%", "50\u202f%", ">\u202f99\u202f%", "100\u202f%"),
    ]
    assert (show_count(1234567, "en"), show_count(1234, "fr")) == ("1,234,567", "1\u202f234")
    assert (show_time(59_999), show_time(3_661_000)) == ("0:59", "1:01:01")
    assert show_date("2026-08-09T00:00:00Z", "fr") == "9 août 2026"


def test_colours_stay_apart_for_the_colour_blind() -> None:
    shown = np.array(
        [[int(one.colour[k : k + 2], 16) / 255 for k in (1, 3, 5)] for one in EMOTIONS]
    )
    linear = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    for seen_as in (np.eye(3), *DEFICIENCIES.values()):
        lab = to_lab(np.clip(linear @ np.array(seen_as).T, 0, 1))
        apart = np.linalg.norm(lab[:, np.newaxis] - lab, axis=2) + 1e3 * np.eye(7)
        assert apart.min() > 9


DEFICIENCIES = {  # severity 1, Machado, Oliveira and Fernandes (2009)
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def to_lab(linear: Any) -> Any:
    """Converts linear sRGB (n, 3) to CIE Lab (n, 3)."""
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = linear @ np.array(matrix).T / (0.9505, 1, 1.089)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1
    )
