"""A decoder that crashes or hangs costs what it was reading, and nothing else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from fer_core.errors import ForeignError
from ferbeam.output.folder import Output
from ferbeam.output.start_marks import StartMarks
from tests.pipelines.jobs import SAMPLES, ferbeam, frames_of

FAULTS = {
    "crash_open.mp4": "fer_core.video.index:index_video:crash_open.mp4:crash",
    "crash.mp4": "fer_core.video.frames:read_spans:/crash.mp4:crash",
    "hang.mp4": "fer_core.video.frames:read_spans:/hang.mp4:hang",
    "crash_draw.mp4": "fer_core.video.render:render_span:crash_draw.mp4:crash",
    "crash_join.mp4": "fer_core.video.join:join_spans:crash_join.mp4:crash",
    "crash.jpg": "fer_core.pictures:read_coloured:crash.jpg:crash",
}
STAGES = {
    "crash_open.mp4": "probe",
    "crash.mp4": "decode",
    "hang.mp4": "decode",
    "crash_draw.mp4": "render",
    "crash_join.mp4": "render",
    "crash.jpg": "decode",
}


@pytest.mark.parametrize(
    "names", [("crash.mp4",), pytest.param(tuple(FAULTS), id="all", marks=pytest.mark.long)]
)
def test_what_ends_a_worker_becomes_a_failure(
    names: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = tmp_path / "media"
    media.mkdir()
    for name in [*names, "good.mp4", "good.jpg"]:
        sample = "pictures/happy.jpg" if name.endswith("jpg") else "videos/one_face.mp4"
        shutil.copy(SAMPLES / sample, media / name)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "faults"))
    monkeypatch.setenv("FERBEAM_FAULTS", ",".join(FAULTS[name] for name in names))
    monkeypatch.setenv("FERBEAM_STALL_S", "4")
    output = tmp_path / "out"
    done = ferbeam("analyze", media, output, "--sample-fps", "1", "--workers", "2")
    assert done.returncode == 3, done.stdout + done.stderr
    tables = frames_of(output)
    failures = tables["failures"].set_index("media")
    assert failures["stage"].to_dict() == {name: STAGES[name] for name in names}
    assert all(
        ("hung for 4 s" if name == "hang.mp4" else "crashed with SIGSEGV") in message
        for name, message in failures["message"].items()
    )
    rows = tables["media"].set_index("media")
    assert set(rows.index) == {*names, "good.mp4", "good.jpg"} - {"crash_open.mp4"}
    lost = rows["frames_lost"][rows["frames_lost"] > 0]
    assert set(lost.index) == {"crash.mp4", "hang.mp4", "crash.jpg"} & set(names)
    assert (lost == rows["frames_sampled"][lost.index]).all()
    copied = set(rows["annotated"].dropna())
    assert {"annotated/good.mp4.mp4", "annotated/good.jpg"} <= copied
    assert not copied & {"annotated/crash_draw.mp4.mp4", "annotated/crash_join.mp4.mp4"}


def test_a_mark_takes_the_place_of_one_that_went(tmp_path: Path) -> None:
    """To make a file takes ten times as long as to write and rename one; a clip has two marks."""
    marks = StartMarks(Output(str(tmp_path)))
    first, second = "1" * 32, "2" * 32
    assert not marks.begin(first, "a long name of a medium.mp4")
    node = os.stat(marks.path(first)).st_ino
    marks.end(first)
    assert not marks.begun()
    assert not marks.begin(second, "b.mp4")
    assert marks.begin(second, "b.mp4")
    assert os.stat(marks.path(second)).st_ino == node
    assert not marks.begin(first, "c.mp4")
    assert marks.begun() == {first: "c.mp4", second: "b.mp4"}
    for key in (first, second, first):  # another attempt was quicker
        marks.end(key)
    for swept in tmp_path.glob(".spans/tmp-*"):
        swept.unlink()
    assert not marks.begin(first, "d.mp4")
    assert marks.begun() == {first: "d.mp4"}
    (tmp_path / ".spans/started").rename(tmp_path / "elsewhere")
    (tmp_path / ".spans/started").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ForeignError):
        marks.end(first)
