"""Annotated copies: one of every medium, as long, as large and in time, kept, remade or refused."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pillow_heif import register_heif_opener

from ferbeam.analysis.elements import Moment
from ferbeam.analysis.plan_rendering import NEUTRAL, find_moments
from ferbeam.output.folder import Output, sheet_name
from ferbeam.verify.verify_output import verify_output
from tests.core.clips import Clip, make_clip
from tests.core.linked import make_tracks
from tests.pipelines.jobs import (
    OF_A_COPY,
    OF_A_RUN,
    SAMPLES,
    analyze,
    assert_same_rows,
    ferbeam,
    frames_of,
)
from tests.truth import read_truth

OPTIONS = ("--sample-fps", "5", "--workers", "2", "--span-s", "2")
VIDEOS = ("one_face.mp4", "two_faces.mp4", "portrait.mp4")
PICTURES = ("group.png", "no_face.jpg", "rotated.jpg", "phone.heic")


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Videos with sound, one turned and of variable rate; one without a face; pictures."""
    folder = tmp_path_factory.mktemp("media")
    for name in VIDEOS:
        shutil.copy(SAMPLES / "videos" / name, folder)
    for name in PICTURES[:-1]:
        shutil.copy(SAMPLES / "pictures" / name, folder)
    register_heif_opener()
    Image.open(folder / "group.png").convert("RGB").save(folder / PICTURES[-1])
    make_clip(folder / "nobody.mkv", Clip(frames=30))
    return folder


@pytest.fixture(scope="module")
def finished(media: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OUTPUT of a run with emoji."""
    output = tmp_path_factory.mktemp("out")
    analyze(media, output, *OPTIONS, "--overlay", "emoji")
    return output


def read_frames(path: Path) -> tuple[list[int], list[NDArray[np.uint8]]]:
    """Decodes a video: the times of its frames in milliseconds from its start, and their luma."""
    with av.open(str(path)) as video:
        start = (video.start_time or 0) / 1e6
        shown = [
            (frame.time, np.asarray(frame.to_ndarray(format="gray"), np.uint8))
            for frame in video.decode(video=0)
        ]
    return [round((time - start) * 1000) for time, _ in shown], [grey for _, grey in shown]


def copies_of(output: Path) -> dict[str, int]:
    """Returns the annotated copies and contact sheets with their times of change."""
    files = [*(output / "annotated").rglob("*"), *(output / "sheets").rglob("*")]
    return {
        path.relative_to(output).as_posix(): path.stat().st_mtime_ns
        for path in files
        if path.is_file()
    }


def test_a_sheet_shows_each_person_where_its_face_is_least_neutral() -> None:
    tracks = make_tracks([(ms, track, 9.0) for ms in (0, 100, 200) for track in (0, 1)])
    tracks.scores[:] = 0.1
    tracks.scores[:, NEUTRAL] = (0.9, 0.5, 0.2, 0.4, 0.3, 0.1)
    moments = find_moments(replace(tracks, person_id=np.array([0, 1, 0, 1, 0, 1], np.int32)))
    assert moments == [Moment(100, 0, 0), Moment(200, 1, 1)]
    returned = find_moments(replace(tracks, person_id=np.zeros(6, np.int32)))
    assert returned == [Moment(200, 1, 0)]


def test_every_medium_has_its_copy_and_every_video_its_sheet(media: Path, finished: Path) -> None:
    rows = frames_of(finished)["media"].set_index("media")
    assert len(rows) == 8
    for name, row in rows.iterrows():
        expected = f"annotated/{name}" + (".mp4" if row.kind == "video" else "")
        assert row.annotated == expected
    sheets = {sheet_name(str(name)) for name in rows.index[rows.kind == "video"]}
    sheets.add(sheet_name("phone.heic"))  # what browsers show of it
    assert set(rows.index[rows.sheet_sha256.notna()]) == {*VIDEOS, "nobody.mkv", "phone.heic"}
    assert set(copies_of(finished)) == set(rows.annotated) | sheets
    assert not list((finished / ".spans").glob("*.mp4"))
    for sheet in sheets:
        assert Image.open(finished / sheet).format == "JPEG"
    assert verify_output(Output(str(finished))).findings == []


@pytest.mark.parametrize("name", [*VIDEOS, "nobody.mkv"])
def test_a_copy_has_the_frames_of_its_video_in_time_and_its_sound(
    name: str, media: Path, finished: Path
) -> None:
    times, _ = read_frames(media / name)
    copied, frames = read_frames(finished / "annotated" / f"{name}.mp4")
    np.testing.assert_allclose(copied, times, atol=1)
    row = frames_of(finished)["media"].set_index("media").loc[name]
    assert frames[0].shape == (row.height, row.width)
    with av.open(str(finished / "annotated" / f"{name}.mp4")) as copy:
        assert bool(copy.streams.audio) == row.has_audio
        assert abs((copy.duration or 0) / 1000 - row.duration_ms) < 80


def test_something_is_drawn_where_faces_are_and_nowhere_else(media: Path, finished: Path) -> None:
    faces = frames_of(finished)["faces"]
    times, before = read_frames(media / "two_faces.mp4")
    _, after = read_frames(finished / "annotated/two_faces.mp4.mp4")
    changed = [
        float((differences(one, other) > 40).mean())
        for one, other in zip(before, after, strict=True)
    ]
    own = faces[faces.media == "two_faces.mp4"].timestamp_ms
    for time, share in zip(times, changed, strict=True):
        if time in set(own):
            assert share > 0.005, time
        elif (abs(own - time) > 1000).all():
            assert share < 0.001, time


def differences(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.absdiff(one, other), np.uint8)


def test_pictures_keep_their_format_and_displayed_size(media: Path, finished: Path) -> None:
    for name in PICTURES:
        row = frames_of(finished)["media"].set_index("media").loc[name]
        with Image.open(finished / "annotated" / name) as copy, Image.open(media / name) as picture:
            assert copy.format == picture.format
            assert copy.size == (row.width, row.height)


def test_the_same_command_again_renders_nothing(media: Path, finished: Path) -> None:
    before = copies_of(finished)
    run = analyze(media, finished, *OPTIONS, "--overlay", "emoji")
    assert run["counts"]["render"]["frames"] == 0
    assert copies_of(finished) == before


def assert_covered_throughout(media: Path, output: Path) -> None:
    """Checks that covers stay for a second: nobody is found from 2.2 to 3.6 s."""
    _, shown = read_frames(media / "two_faces.mp4")
    _, covered = read_frames(output / "annotated/two_faces.mp4.mp4")
    for one, other in zip(shown, covered, strict=True):
        assert float((differences(one, other) > 40).mean()) > 0.03


@pytest.mark.parametrize(
    "rate", ["2", *(pytest.param(rate, marks=pytest.mark.long) for rate in ("0.5", "10", "all"))]
)
def test_no_face_that_a_sample_found_is_bare(tmp_path: Path, rate: str) -> None:
    """Checks every frame by the truth, from the sample before a face is found to the one after."""
    name = "videos/two_faces.mp4"
    (tmp_path / "in").mkdir()
    shutil.copy(SAMPLES / name, tmp_path / "in")
    output = tmp_path / "out"
    analyze(tmp_path / "in", output, "--sample-fps", rate, "--overlay", "cover")
    rows = frames_of(output)
    samples = rows["frames"]["timestamp_ms"].to_numpy()
    times, shown = read_frames(SAMPLES / name)
    _, covered = read_frames(output / "annotated/two_faces.mp4.mp4")
    looked = 0
    for ms, one, other in zip(times, shown, covered, strict=True):
        near = samples[[max(0, np.searchsorted(samples, ms, "right") - 1)]]
        near = np.append(near, samples[samples >= ms][:1])
        found = rows["faces"][rows["faces"]["timestamp_ms"].isin(near)]
        for box, _ in read_truth(SAMPLES / "truth.json").faces_at(name, ms):
            x, y = box.x + box.width / 2, box.y + box.height / 2
            inside = (found["box_x"] < x) & (x < found["box_x"] + found["box_width"])
            inside &= (found["box_y"] < y) & (y < found["box_y"] + found["box_height"])
            if inside.any():
                looked += 1
                middle = np.s_[
                    box.y + box.height // 3 : box.y + 2 * box.height // 3,
                    box.x + box.width // 3 : box.x + 2 * box.width // 3,
                ]
                assert float((differences(one[middle], other[middle]) > 12).mean()) > 0.5, ms
    assert looked > 100


@pytest.mark.long
def test_another_overlay_keeps_the_rows_and_remakes_the_copies(
    media: Path, finished: Path, tmp_path: Path
) -> None:
    shutil.copytree(finished, tmp_path / "out")
    for overlay in ("cover", "none"):
        run = analyze(media, tmp_path / "out", *OPTIONS, "--overlay", overlay)
        assert run["counts"]["decode"]["frames"] == 0
        tables = frames_of(tmp_path / "out")
        reference = frames_of(finished)
        assert tables["faces"].equals(reference["faces"])
        if overlay == "none":
            assert tables["media"].annotated.isna().all()
            assert not copies_of(tmp_path / "out")
        else:
            own = tables["media"], reference["media"]
            mine, theirs = (table.drop(columns=[*OF_A_RUN, *OF_A_COPY]) for table in own)
            assert mine.equals(theirs)
            before, now = copies_of(finished), copies_of(tmp_path / "out")
            assert before.keys() == now.keys()
            assert all(before[name] != now[name] for name in before)
            assert_covered_throughout(media, tmp_path / "out")


@pytest.mark.long
def test_workers_and_spans_change_no_frame(media: Path, finished: Path, tmp_path: Path) -> None:
    options = ("--sample-fps", "5", "--workers", "1", "--span-s", "100", "--overlay", "emoji")
    analyze(media, tmp_path, *options)
    assert_same_rows(tmp_path, finished)
    for name in ("two_faces.mp4.mp4", "portrait.mp4.mp4"):
        times, frames = read_frames(tmp_path / "annotated" / name)
        others, expected = read_frames(finished / "annotated" / name)
        assert times == others
        # Encoders start anew with every span, so pixels are only nearly the same.
        for one, other in zip(frames, expected, strict=True):
            assert differences(one, other).mean() < 1.5


def test_a_video_that_cannot_be_rendered_keeps_its_rows(tmp_path: Path) -> None:
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    name = "n" * 249 + ".mp4"  # with .mp4 behind it no file can have this name
    shutil.copy(SAMPLES / "videos/one_face.mp4", folder / name)
    analyze(folder, output, "--sample-fps", "2", "--overlay", "box", code=3)
    rows = frames_of(output)
    assert len(rows["faces"]) > 5
    assert rows["media"].annotated.isna().all()
    (failure,) = rows["failures"].to_dict("records")
    assert (failure["media"], failure["stage"]) == (name, "render")
    assert "annotated" in failure["message"]
    assert not copies_of(output)
    assert not list(output.rglob("tmp-*"))


def test_avatars_replace_the_emoji(tmp_path: Path) -> None:
    avatars = tmp_path / "avatars"
    avatars.mkdir()
    picture = SAMPLES / "pictures/happy.jpg"
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, "PNG")
    for name in ("angry", "disgust", "fear", "happy", "neutral", "sad"):
        (avatars / f"{name}.png").write_bytes(buffer.getvalue())
    arguments = ("analyze", picture, tmp_path / "out", "--overlay", "cover", "--avatars", avatars)
    refused = ferbeam(*arguments)
    assert refused.returncode == 2
    assert "surprise" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
    (avatars / "surprise.png").write_bytes(buffer.getvalue())
    assert ferbeam(*arguments).returncode == 0
    with Image.open(tmp_path / "out/annotated/happy.jpg") as copy:
        row = frames_of(tmp_path / "out")["faces"].iloc[0]
        middle = row.box_x + row.box_width // 2, row.box_y + row.box_height // 2
        red, green, _ = copy.convert("RGB").getpixel(middle)  # type: ignore[misc]
        assert red > 200 > 60 > green
