"""The job on sample_data, held against the truth of the samples."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from fer_core.faces import Box
from fer_core.records import SCORE_COLUMNS
from ferbeam.output.costs import COST_STAGES
from tests.pipelines.jobs import SAMPLES, analyze, ferbeam, frames_of
from tests.truth import read_truth

TRUTH = read_truth(SAMPLES / "truth.json")


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run over all samples."""
    folder = tmp_path_factory.mktemp("samples")
    analyze(SAMPLES, folder, "--sample-fps", "5", code=3)
    return folder


def overlap(one: Box, other: Box) -> float:
    """Returns intersection over union."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(0, width) * max(0, height)
    return shared / (one.width * one.height + other.width * other.height - shared)


def test_faces_are_where_they_are_and_times_are_right(output: Path) -> None:
    rows = frames_of(output)
    found = {
        place: [Box(*box) for box in group[["box_x", "box_y", "box_width", "box_height"]].values]
        for place, group in rows["faces"].groupby(["media", "timestamp_ms"])
    }
    wanted = hit = extra = 0
    for medium, time in zip(rows["frames"].media, rows["frames"].timestamp_ms, strict=True):
        truth = [box for box, _ in TRUTH.faces_at(medium, time)]
        boxes = found.get((medium, time), [])
        wanted += len(truth)
        hit += sum(any(overlap(box, other) > 0.4 for other in boxes) for box in truth)
        extra += sum(all(overlap(box, other) <= 0.4 for other in truth) for box in boxes)
    assert wanted > 80
    assert hit / wanted > 0.95
    assert extra / wanted < 0.03


def test_emotions_are_read_as_they_were_drawn(output: Path) -> None:
    faces = frames_of(output)["faces"]
    right: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for row in faces.itertuples():
        box = Box(row.box_x, row.box_y, row.box_width, row.box_height)
        for truth, emotion in TRUTH.faces_at(row.media, row.timestamp_ms):
            if emotion is not None and overlap(box, truth) > 0.4:
                seen[emotion] += 1
                right[emotion] += row.emotion == emotion
    assert len(seen) == 7
    assert right.total() / seen.total() > 0.8
    for emotion in ("happy", "neutral", "sad", "surprise"):
        assert right[emotion] / seen[emotion] > 0.8, (emotion, right, seen)


def test_every_medium_is_accounted_for(output: Path) -> None:
    rows = frames_of(output)
    media, frames = rows["media"].set_index("media"), rows["frames"]
    assert set(media.index) == set(TRUTH.media)
    assert set(rows["failures"].media) == set(TRUTH.broken)
    assert list(rows["failures"].stage) == ["probe"]
    assert (frames.groupby("media").size() == media.frames_sampled).all()
    assert (rows["faces"].groupby("media").size() == media.face_count[media.face_count > 0]).all()
    for name, truth in TRUTH.media.items():
        if truth["kind"] == "video":
            assert media.frame_count[name] == truth["frame_count"]
            assert media.has_audio[name]
    scores = rows["faces"][list(SCORE_COLUMNS)]
    assert (scores.sum(axis=1) - 1).abs().max() < 1e-5


def test_output_holds_what_run_json_lists_and_nothing_else(output: Path) -> None:
    run = json.loads((output / "run.json").read_text(encoding="utf-8"))
    listed = {file for files in run["tables"].values() for file in files}
    on_disk = {
        path.relative_to(output).as_posix()
        for path in output.rglob("*")
        if path.is_file() and not {".spans", ".ferbeam"} & set(path.parts)
    }
    assert on_disk == listed | {"run.json", "progress.json"}
    assert run["rows"]["failures"] == 1
    assert run["model"]["sha256"]
    assert set(run["seconds"]) == {"whole", *COST_STAGES}


def test_the_same_command_again_does_nothing_twice(output: Path) -> None:
    spans = {path: path.stat().st_mtime_ns for path in (output / ".spans").glob("*.parquet")}
    assert spans
    analyze(SAMPLES, output, "--sample-fps", "5", code=3)
    again = {path: path.stat().st_mtime_ns for path in (output / ".spans").glob("*.parquet")}
    assert again == spans


def test_other_settings_are_refused_with_the_difference(output: Path) -> None:
    refused = ferbeam("analyze", SAMPLES, output, "--sample-fps", "2")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "sample_fps was 5, is 2" in refused.stderr
    assert "--overwrite" in refused.stderr


def test_media_that_are_gone_need_prune(tmp_path: Path) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name in ("happy.png", "sad.png"):
        (source / name).write_bytes((SAMPLES / "composites" / name).read_bytes())
    analyze(source, output, "--workers", "1")
    (output / "mine").mkdir()
    (source / "sad.png").unlink()
    refused = ferbeam("analyze", source, output, "--workers", "1")
    assert refused.returncode == 2
    assert "1 medium that INPUT no longer has" in refused.stderr
    analyze(source, output, "--workers", "1", "--prune")
    assert list(frames_of(output)["media"].media) == ["happy.png"]
    analyze(source, output, "--workers", "1", "--sample-fps", "3", "--overwrite")
    assert (output / "mine").is_dir()
