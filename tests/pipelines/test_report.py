"""The report of finished runs: what its pages say, and that no name can do harm."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from fer_core.drawing.sheet import TILE_SIZE, Tile, compose_sheet
from fer_core.errors import UsageError
from fer_core.records import MEDIA
from ferbeam.cli import cli
from ferbeam.output.folder import Output
from ferbeam.output.remove_stale import remove_stale
from ferbeam.output.run_file import load_run
from ferbeam.query.study import Study
from ferbeam.report.assets import load_assets
from ferbeam.report.build import write_report
from ferbeam.report.cohort import MEASURES
from ferbeam.report.words import LIMITS, STAGE_WORDS, WORDS
from tests.pipelines.finished import make_failure, make_picture, make_video, write_finished
from tests.pipelines.parsed_page import Parsed

HOSTILE = '"><img src=x onerror=alert(1)></script><script>alert(2)</script>'


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
    for said in (
        "1 November 2026",
        "3 videos, 2 pictures",
        "182",
        "people in videos: 3",
        "its index (moov) is missing",
    ):
        assert said in page.text
    assert WORDS["not_a_measure"][0] in page.text
    assert all(limit in page.text for limit, _ in LIMITS)
    assert "2,938 faces" in page.text  # the card of the model that ferbeam ships
    assert [len(line["tracks"]) for line in page.data["timelines"].values()] == [1, 1, 1]
    assert page.data["cohort"]["most_videos"] == 3
    assert "été.jpg" in page.text


def test_pictures_alone_have_no_samples_per_second(small: Path, tmp_path: Path) -> None:
    pictures = write_finished(tmp_path, [make_picture("a.png", ("happy",))])
    rates = ["samples per second" in report_of(output).text for output in (small, pictures)]
    assert rates == [True, False]


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


def test_viewers_group_the_common_curve(small: Path, tmp_path: Path) -> None:
    assert WORDS["cohort_needs"][0] in report_of(small).text
    viewers = tmp_path / "viewers.csv"
    lines = [
        f"clips/{name}.mov,0,{group},{name.upper()}7"
        for name, group in zip("abc", ("<b>", "<b>", "new"), strict=True)
    ]
    viewers.write_text("\n".join(["media,offset_ms,group,viewer", *lines]))
    write_report(Output(str(small)), "en", Study(viewers))
    page = Parsed(small / "report.html")
    groups = page.data["cohort"]["groups"]
    assert [group["name"] for group in groups] == ["<b>", "new"]
    assert [group["videos"][0] for group in groups] == [2, 1]
    assert groups[0]["low"][3][0] is not None
    assert groups[1]["low"][3][0] is None  # one video has a mean, but no interval
    assert "<b>" in page.text
    assert WORDS["cohort_needs"][0] not in page.text
    assert "clips/a.mov A7 <b>" in page.text  # a video tells who watched in it


def test_a_planted_difference_is_told_and_drawn(tmp_path: Path) -> None:
    """Two groups of six with curves of their own, and two that have the same."""
    names = [f"{n:02}.mp4" for n in range(12)]
    videos = [make_video(name, 80, seed=100 if n % 2 else 7) for n, name in enumerate(names)]
    output = write_finished(tmp_path / "out", videos)
    lists = tmp_path / "viewers.csv", tmp_path / "markers.csv"
    lists[1].write_text("name,start_ms,end_ms,condition\n<Intro>,0,3000,calm\n")

    def differences(group_of: list[str]) -> tuple[str, str]:
        rows = [f"{name},{group}" for name, group in zip(names, group_of, strict=True)]
        lists[0].write_text("\n".join(["media,viewer_group", *rows]))
        write_report(Output(str(output)), "en", Study(*lists))
        page = Parsed(output / "report.html")
        return page.text, (output / "report.html").read_text(encoding="utf-8")

    text, page = differences(["old", "new"] * 6)
    plain = re.sub(r"\s+", " ", text)
    assert re.search(
        r"Over all, in per cent: new \d+ \(.*?\) · old \d+ .*? · new − old: −?\d+", plain
    )
    assert plain.count("new − old") > len(MEASURES)  # below each curve, and in the table
    assert re.search(r"−?\d+\*\s*\[−?\d+; −?\d+\] p 0\.\d{3}", text)
    assert page.count('class="differs"') > 4
    assert page.count('class="shade"') == 10
    assert "<Intro>" in text
    text, page = differences(["old", "old", "new", "new"] * 3)
    assert not re.search(r"\d\*", text)
    assert 'class="differs"' not in page


def test_both_languages_fill_in_the_same() -> None:
    for english, french in [*WORDS.values(), *LIMITS, *STAGE_WORDS.values()]:
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
    assert page.text.count(HOSTILE) == 5
    assert len(page.scripts) == 2
    assert "onerror" not in page.scripts[0]
    assert f"annotated/{name}.mp4" in {unquote(url) for url in page.urls}
    many = [make_video(f"{number:02}{HOSTILE}", 10) for number in range(52)]
    listed = report_of(write_finished(tmp_path / "many", many))
    assert len(listed.scripts) == 2
    assert listed.data["media"][0][0] == f"00{HOSTILE}"
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
    videos = [make_video(f"clip {number:02}.mp4", 20, seed=number) for number in range(54)]
    pictures = [make_picture(f"p/{number:03}.png", ("happy",)) for number in range(250)]
    output = write_finished(tmp_path, [*videos, *pictures])
    front = report_of(output)
    links = [row[1] for row in front.data["media"]]
    assert len(links) == len(set(links)) == 54
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


def test_people_are_shown_where_a_sheet_tells_where_they_are(tmp_path: Path) -> None:
    output = write_finished(tmp_path, [make_video("a b.mp4", 20, tracks=2), make_video("c.mp4", 9)])
    assert "image" not in report_of(output).tags
    pixels = np.zeros((TILE_SIZE[1], TILE_SIZE[0], 3), np.uint8)
    (output / "sheets").mkdir()
    sheet = compose_sheet("a b.mp4", [Tile(pixels, 0, person, 0, 1.0) for person in (1, 0)], "en")
    (output / "sheets/a b.mp4.jpg").write_bytes(sheet)
    (output / "sheets/c.mp4.jpg").write_bytes(b"damaged")
    page = report_of(output)
    assert page.tags.count("image") == 2
    assert page.urls.count("sheets/a%20b.mp4.jpg") == 4  # a link, the sheet itself, and two cuts


def test_a_picture_is_shown_as_browsers_can_or_told_to_be_unread(tmp_path: Path) -> None:
    """A HEIC has a JPEG beside it; one that could not be decoded is not said to have no face."""
    phone, broken = make_picture("a/b 1.heic", ("sad",)), make_picture("cut.jpg")
    for picture, column, value in ((phone, "sheet_sha256", "5" * 64), (broken, "frames_lost", 1)):
        at = MEDIA.get_field_index(column)
        told = pa.array([value], MEDIA.field(at).type)
        picture["media"] = picture["media"].set_column(at, MEDIA.field(at), told)
    page = report_of(write_finished(tmp_path, [phone, broken, make_picture("empty.png")]))
    assert "sheets/a/b%201.heic.jpg" in page.urls
    assert not any("annotated/a" in url for url in page.urls)
    assert f"cut.jpg {WORDS['unread_picture'][0]}" in page.text
    assert f"empty.png {WORDS['no_face_in_picture'][0]}" in page.text


def test_another_run_takes_an_older_report_away(tmp_path: Path) -> None:
    output = Output(str(write_finished(tmp_path, [make_video("a.mp4", 20)])))
    (tmp_path / ".spans").mkdir(exist_ok=True)
    write_report(output, "en")
    run = load_run(output)
    remove_stale(output, run)
    assert (tmp_path / "report.html").exists()
    remove_stale(output, replace(run, render={"overlay": "cover"}))
    assert not (tmp_path / "report.html").exists()


def test_pages_of_a_report_that_was_not_finished_go_with_the_next_run(tmp_path: Path) -> None:
    output = Output(str(write_finished(tmp_path, [make_video("a.mp4", 20)])))
    output.write(output.path("report/a.mp4-0123456789.html"), b"of a run before")
    remove_stale(output, load_run(output))
    assert not (tmp_path / "report").exists()


def test_a_sheet_of_what_is_no_animation_any_more_goes(tmp_path: Path) -> None:
    still, moving = make_picture("a.webp"), make_video("b.webp", 20)
    for tables, sums in ((still, ("5" * 64, None)), (moving, ("6" * 64, "7" * 64))):
        for column, value in zip(("annotated_sha256", "sheet_sha256"), sums, strict=True):
            at = MEDIA.get_field_index(column)
            told = pa.array([value], MEDIA.field(at).type)
            tables["media"] = tables["media"].set_column(at, MEDIA.field(at), told)
    output = Output(str(write_finished(tmp_path, [still, moving])))
    for name in ("a.webp", "b.webp"):
        output.write(output.path(f"sheets/{name}.jpg"), b"")
    remove_stale(output, load_run(output))
    assert [path.name for path in (tmp_path / "sheets").iterdir()] == ["b.webp.jpg"]


def test_without_a_finished_run_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no finished run, run\.json is missing"):
        write_report(Output(str(tmp_path)), "en")
    with pytest.raises(UsageError, match=r"/typo: there is no such folder; "):
        write_report(Output(str(tmp_path / "typo")), "en")


def test_the_command_names_the_page(small: Path) -> None:
    done = CliRunner().invoke(cli, ["report", str(small), "--lang", "fr"], catch_exceptions=False)
    assert done.exit_code == 0
    assert done.output.startswith(f"{small}/report.html")
