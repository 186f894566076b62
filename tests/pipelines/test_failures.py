"""`ferbeam failures` groups what could not be done, and `--retry-failures` does just that again."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from fer_core.records import SPAN
from ferbeam.commands.failures import failures
from ferbeam.control.retry import forget_failures
from ferbeam.output.folder import Output
from ferbeam.output.known_media import read_known
from ferbeam.output.run_file import load_run
from ferbeam.terminal.failures import group_reasons, retry_command
from tests.pipelines.jobs import analyze, tables_of


def row(media: str, stage: str, message: str) -> dict[str, object]:
    return {"media": media, "stage": stage, "message": message}


def told(output: Path, style: str) -> str:
    done = CliRunner().invoke(failures, [str(output), "--format", style])
    assert done.exit_code == 0, done.output
    return done.output


def test_reasons_that_differ_in_names_and_numbers_are_one() -> None:
    rows = [
        row("b/two.jpg", "decode", "two.jpg: is cut short: 7 bytes"),
        row("b/one.mp4", "probe", "one.mp4: is empty"),
        row("b/a.jpg", "decode", "frame 3: no picture"),
        row("b/three.jpg", "decode", "three.jpg: is cut short: 12 bytes"),
        row("b/a.jpg", "decode", "frame 9: no picture"),
        row("b/a.jpg", "decode", "frame 11: no picture"),
    ]
    found = [(one.stage, one.text, len(one.rows), one.media) for one in group_reasons(rows)]
    assert found == [
        ("probe", "is empty", 1, ["b/one.mp4"]),
        ("decode", "frame 3: no picture", 3, ["b/a.jpg"]),
        ("decode", "is cut short: 7 bytes", 2, ["b/two.jpg", "b/three.jpg"]),
    ]


@pytest.mark.parametrize(
    ("command", "retry"),
    [
        ("ferbeam analyze in out", "ferbeam analyze --retry-failures in out"),
        (
            "ferbeam analyze 'my in' out --overwrite -- --x 1",
            "ferbeam analyze --retry-failures 'my in' out -- --x 1",
        ),
    ],
)
def test_the_command_to_try_again_keeps_what_is_there(command: str, retry: str) -> None:
    assert retry_command(command) == retry
    assert retry_command(retry) == retry


def test_a_recording_cannot_be_tried_again() -> None:
    assert retry_command("ferbeam live --record out/session") is None


def test_failures_are_told_by_reason(small_output: Path) -> None:
    lines = told(small_output, "text").splitlines()
    assert lines[0].startswith("probe (1 medium): its index (moov) is missing")
    assert lines[1] == "  broken.mp4"
    assert lines[2].startswith("decode (1 medium): is cut short or damaged")
    assert lines[3] == "  cut.jpg"
    media = small_output.parent / "media"
    assert lines[-1].startswith(f"  ferbeam analyze --retry-failures {media} {small_output}")


def test_failures_are_told_to_programs(small_output: Path) -> None:
    facts = json.loads(told(small_output, "json"))
    assert facts["failures"] == 2
    assert [reason["media"] for reason in facts["reasons"]] == [["broken.mp4"], ["cut.jpg"]]
    assert "--retry-failures" in facts["retry"]
    rows = list(csv.DictReader(io.StringIO(told(small_output, "csv"))))
    assert {(found["media"], found["stage"]) for found in rows} == {
        ("broken.mp4", "probe"),
        ("cut.jpg", "decode"),
    }


def test_a_name_is_shown_as_plain_text(small_output: Path, tmp_path: Path) -> None:
    from tests.pipelines.broken_outputs import Broken

    shutil.copytree(small_output, tmp_path / "out")
    Broken(tmp_path / "out").put("failures", "cut.jpg", "media", "[b]\x1b[2J\nc\u202e.jpg")
    assert "  [b]\\x1b[2J\\nc\\u202e.jpg\n" in told(tmp_path / "out", "text")


def test_what_failed_is_done_again_and_nothing_else(small_output: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    shutil.copytree(small_output, output)
    failed: list[Path] = []
    others: list[Path] = []
    for path in (output / ".spans").glob("*.parquet"):
        span = pq.ParquetFile(path).read()
        (row,) = span.to_pylist()
        (failed if row["failures"] else others).append(path)
        for failure in row["failures"]:
            failure["message"] = "it was worse then"
        changed = pa.Table.from_pylist([row], SPAN.with_metadata(span.schema.metadata))
        pq.write_table(changed, path)
    kept = [path.stat().st_mtime_ns for path in others]
    analyze(small_output.parent / "media", output, "--sample-fps", "1", "--retry-failures", code=3)
    told = {row["media"]: row["message"] for row in tables_of(output)["failures"].to_pylist()}
    assert len(failed) == len(others) == 1
    assert "cut short" in told["cut.jpg"]
    assert [path.stat().st_mtime_ns for path in others] == kept


def test_a_copy_that_lacks_something_is_made_again(small_output: Path, tmp_path: Path) -> None:
    shutil.copytree(small_output, tmp_path / "out")
    output = Output(str(tmp_path / "out"))
    run = load_run(output)
    known = read_known(output, run, "")
    note = Path(output.copies_path(known["cut.jpg"].planned))
    lacking = ["x.mp4", "render", "MediaError", "no sheet", None, None]
    note.write_text(json.dumps({**json.loads(note.read_text()), "lacking": [lacking]}))
    spans = len(list((tmp_path / "out/.spans").glob("*.parquet")))
    assert forget_failures(output, run, known) == {"broken.mp4", "cut.jpg"}
    assert not note.exists()
    assert len(list((tmp_path / "out/.spans").glob("*.parquet"))) == spans - 1
