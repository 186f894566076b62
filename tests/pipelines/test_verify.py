"""`ferbeam verify` is clean after a run, and finds each thing that can be wrong."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from ferbeam.commands.verify import verify
from ferbeam.output.folder import Output
from ferbeam.verify.verify_output import verify_output
from tests.pipelines.broken_outputs import Broken

VIDEO, PICTURE, CUT, UNOPENED = "portrait.mp4", "group.png", "cut.jpg", "broken.mp4"
COPY, SHEET = "annotated/portrait.mp4.mp4", "sheets/portrait.mp4.jpg"


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def cut(path: Path, share: float = 0.5) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def lie_about_schema(out: Broken) -> None:
    path = out.file_of("faces", PICTURE)
    table = pq.ParquetFile(path).read()
    out.write(path, table.replace_schema_metadata({"ferbeam.schema_version": "0"}))


def lose_column(out: Broken) -> None:
    path = out.file_of("frames", VIDEO)
    out.write(path, pq.ParquetFile(path).read().drop_columns(["face_count"]))


def hold_null(out: Broken) -> None:
    path = out.file_of("frames", VIDEO)
    table = pq.ParquetFile(path).read()
    times = pa.array([None, *table["timestamp_ms"].to_pylist()[1:]], pa.int64())
    out.write(path, table.set_column(2, "timestamp_ms", times))


def link_out(out: Broken) -> None:
    path = out.file_of("frames", VIDEO)
    shutil.move(path, out.root.parent / "outside.parquet")
    path.symlink_to(out.root.parent / "outside.parquet")


def move_frame(out: Broken) -> None:
    """Gives the first frame of the video the index of the second, and its face the same."""
    for table in ("frames", "faces"):
        second = out.column(table, VIDEO, "frame_index")[1]
        out.put(table, VIDEO, "frame_index", second)


def set_scores(out: Broken) -> None:
    """Raises the highest score and the confidence alike: only their sum is wrong."""
    faces = pq.ParquetFile(out.file_of("faces", VIDEO)).read().to_pylist()
    face = next(row for row in faces if row["media"] == VIDEO)
    for column in (f"p_{face['emotion']}", "confidence"):
        out.put("faces", VIDEO, column, face["confidence"] * 1.01)


def lengthen(out: Broken) -> None:
    length = out.column("media", VIDEO, "duration_ms")[0]
    out.put("media", VIDEO, "duration_ms", length + 500)


def forget_failure(out: Broken, medium: str) -> None:
    out.drop("failures", medium)


def swap_copies(out: Broken) -> None:
    """The copy of the video is another, shorter one."""
    from tests.core.clips import Clip, make_clip

    width, height = (out.column("media", VIDEO, side)[0] for side in ("width", "height"))
    make_clip(out.root / COPY, Clip(frames=5, size=(width, height)))


def rename_rows(out: Broken) -> None:
    for table in ("frames", "faces"):
        out.put(table, VIDEO, "media", "other.mp4")


def add_file(name: str) -> Callable[[Broken], object]:
    return lambda out: (out.root / name).write_bytes(b"x")


def put(table: str, medium: str, column: str, value: object, row: int = 0) -> Callable[..., None]:
    return lambda out: out.put(table, medium, column, value, row)


def change_run(**values: object) -> Callable[[Broken], None]:
    return lambda out: out.change_run(lambda run: run.update(values))


FAULTS: list[tuple[str, Callable[[Broken], object], set[str]]] = [
    ("run.json is no JSON", lambda out: cut(out.root / "run.json"), {"run"}),
    ("run.json lists nothing", change_run(tables={}), {"run"}),
    ("run.json holds no sums", change_run(sums=None), {"run"}),
    (
        "run.json lists a file twice",
        lambda out: out.change_run(
            lambda run: run["tables"]["media"].append(run["tables"]["media"][0])
        ),
        {"run"},
    ),
    ("another version", change_run(schema_version="0"), {"schema"}),
    ("run.json counts nothing", change_run(rows={}), {"run"}),
    (
        "run.json counts wrongly",
        lambda out: out.change_run(lambda run: run["rows"].update(faces=run["rows"]["faces"] + 1)),
        {"run-rows"},
    ),
    (
        "a medium was forgotten",
        lambda out: out.change_run(lambda run: run["counts"]["list"].update(media=5)),
        {"unaccounted"},
    ),
    (
        "a table file outside",
        lambda out: out.change_run(
            lambda run: run["tables"]["faces"].append("../faces/x-1.parquet")
        ),
        {"path"},
    ),
    ("a table file is a link outside", link_out, {"path"}),
    ("a table file is gone", lambda out: out.file_of("frames", VIDEO).unlink(), {"file-missing"}),
    ("a bit of a page", lambda out: flip(out.file_of("faces", VIDEO), 40), {"file-damaged"}),
    ("a bit of a footer", lambda out: flip(out.file_of("faces", VIDEO), -60), {"file-damaged"}),
    ("a table file cut short", lambda out: cut(out.file_of("media", VIDEO)), {"file-damaged"}),
    ("a file beside", add_file("faces/other.parquet"), {"file-stray"}),
    ("a copy beside", add_file("annotated/other.png"), {"file-stray"}),
    ("a sheet beside", add_file("sheets/other.jpg"), {"file-stray"}),
    ("the schema of a table file", lie_about_schema, {"schema"}),
    ("a column is missing", lose_column, {"schema"}),
    ("a null", hold_null, {"schema"}),
    ("a failure is missing", lambda out: forget_failure(out, UNOPENED), {"unaccounted"}),
    ("lost frames without a failure", lambda out: forget_failure(out, CUT), {"lost-silently"}),
    (
        "a medium that opened and did not",
        put("failures", UNOPENED, "media", VIDEO),
        {"medium-twice", "unaccounted"},
    ),
    ("a kind", put("media", PICTURE, "kind", "sound"), {"medium-facts"}),
    ("a size", put("media", PICTURE, "width", 0), {"medium-facts", "copy-length", "face-box"}),
    ("frames_sampled", put("media", VIDEO, "frames_sampled", 2), {"medium-counts"}),
    ("frames_with_faces", put("media", VIDEO, "frames_with_faces", 2), {"medium-counts"}),
    ("frames_lost", put("media", VIDEO, "frames_lost", 1), {"medium-counts"}),
    ("face_count of a medium", put("media", VIDEO, "face_count", 9), {"medium-counts"}),
    ("track_count", put("media", VIDEO, "track_count", 9), {"medium-counts"}),
    ("frame_count", put("media", VIDEO, "frame_count", 1), {"medium-counts", "copy-length"}),
    ("no row for a frame", lambda out: out.drop("frames", VIDEO), {"face-frame", "medium-counts"}),
    ("a frame twice", move_frame, {"frame-twice", "face-frame", "face-count", "face-number"}),
    ("a status", put("frames", VIDEO, "status", "no_face"), {"frame-status", "medium-counts"}),
    ("no status", put("frames", VIDEO, "status", "odd"), {"frame-status", "medium-counts"}),
    ("time before 0", put("frames", VIDEO, "timestamp_ms", -1), {"frame-time", "face-frame"}),
    ("time goes back", put("frames", VIDEO, "timestamp_ms", 5, 2), {"frame-time", "face-frame"}),
    ("shown for no time", put("frames", VIDEO, "shown_ms", 0), {"frame-shown", "face-frame"}),
    ("shown for ever", put("frames", VIDEO, "shown_ms", 10**8), {"frame-shown", "face-frame"}),
    ("not shown", put("frames", VIDEO, "shown_ms", None), {"frame-shown", "face-frame"}),
    ("face_count", put("frames", VIDEO, "face_count", 2), {"face-count"}),
    ("no row for a face", lambda out: out.drop("faces", VIDEO), {"face-count", "medium-counts"}),
    ("a face at another time", put("faces", VIDEO, "timestamp_ms", 7), {"face-frame"}),
    ("a face without a frame", put("faces", VIDEO, "frame_index", 7), {"face-frame", "face-count"}),
    ("a face twice", put("faces", PICTURE, "face_index", 0, 1), {"face-number"}),
    ("a box outside", put("faces", PICTURE, "box_x", 5000), {"face-box"}),
    ("an empty box", put("faces", PICTURE, "box_width", 0), {"face-box"}),
    ("a yaw without a roll", put("faces", VIDEO, "roll", None), {"face-seen"}),
    ("no brightness", put("faces", VIDEO, "brightness", float("nan")), {"face-seen"}),
    ("scores that do not sum to 1", set_scores, {"face-scores"}),
    ("no score", put("faces", VIDEO, "p_fear", float("nan")), {"face-scores"}),
    ("an emotion", put("faces", VIDEO, "emotion", "disgust"), {"face-emotion"}),
    ("a confidence", put("faces", VIDEO, "confidence", 0.5), {"face-emotion"}),
    ("no track", put("faces", VIDEO, "track_id", None), {"face-track"}),
    ("no smoothed emotion", put("faces", VIDEO, "smoothed_emotion", "odd"), {"face-track"}),
    ("a stage", put("failures", CUT, "stage", "odd"), {"failure", "lost-silently"}),
    ("no reason", put("failures", CUT, "message", ""), {"failure"}),
    ("a failure of no frame", put("failures", CUT, "frame_index", 4), {"failure"}),
    (
        "rows of no medium",
        rename_rows,
        {"without-medium", "medium-counts"},
    ),
    ("no copy told", put("media", PICTURE, "annotated", None), {"lost-silently", "file-stray"}),
    (
        "a copy outside",
        put("media", PICTURE, "annotated", "annotated/../../x.png"),
        {"path", "file-stray"},
    ),
    ("no copy", lambda out: (out.root / COPY).unlink(), {"copy-missing"}),
    ("no sheet", lambda out: (out.root / SHEET).unlink(), {"copy-missing"}),
    ("a copy cut short", lambda out: cut(out.root / COPY), {"copy-damaged"}),
    ("a sheet cut short", lambda out: cut(out.root / SHEET), {"copy-damaged"}),
    ("a picture cut short", lambda out: cut(out.root / "annotated" / PICTURE), {"copy-damaged"}),
    ("a shorter copy", swap_copies, {"copy-length"}),
    ("a longer medium", lengthen, {"copy-length"}),
]


@pytest.mark.parametrize(("fault", "expected"), [pytest.param(*f[1:], id=f[0]) for f in FAULTS])
def test_each_fault_is_found(
    small_output: Path, tmp_path: Path, fault: Callable[[Broken], object], expected: set[str]
) -> None:
    shutil.copytree(small_output, tmp_path / "out", ignore=shutil.ignore_patterns(".spans"))
    fault(Broken(tmp_path / "out"))
    findings = verify_output(Output(str(tmp_path / "out"))).findings
    assert {finding.kind for finding in findings} == expected


def test_a_finished_run_is_clean(small_output: Path) -> None:
    told = CliRunner().invoke(verify, [str(small_output)])
    assert told.exit_code == 0, told.output
    assert told.output.startswith("clean: checked 6 faces, 5 frames, 3 media, 2 failures, 2 copies")


def test_json_tells_what_is_wrong(small_output: Path, tmp_path: Path) -> None:
    shutil.copytree(small_output, tmp_path / "out", ignore=shutil.ignore_patterns(".spans"))
    out = Broken(tmp_path / "out")
    out.put("media", VIDEO, "media", "a\x1b[2J\u202eb")
    told = CliRunner().invoke(verify, [str(out.root), "--json"])
    assert told.exit_code == 1
    facts = json.loads(told.output)
    found = {finding["kind"]: finding for finding in facts["findings"]}
    assert not facts["clean"]
    assert found["without-medium"]["first"] == VIDEO
    assert found["path"]["first"].endswith("of a\\x1b[2J\\u202eb")


def test_a_path_of_bytes_does(small_output: Path, tmp_path: Path) -> None:
    root = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    shutil.copytree(small_output, root)
    assert not verify_output(Output(root)).findings
