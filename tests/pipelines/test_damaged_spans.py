"""What a run keeps for the next one below `.spans`: damaged, it is made once more."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from fer_core.errors import FerError
from ferbeam.output.folder import Output
from ferbeam.output.notes import Copies, Plan, read_copies, read_plan, read_settings
from ferbeam.output.read_tables import find_span, read_span
from ferbeam.verify.verify_output import verify_output
from tests.pipelines.jobs import analyze, assert_same_rows

NOTES = (b"", b"[]", b"7", b"{", b'{"spans": []}', b'{"key": 1}', b"\xff\xfe", b"[" * 100_000)


@pytest.fixture
def out(small_output: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_output, tmp_path / "out"))


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize("data", NOTES)
def test_a_damaged_note_is_as_good_as_none(tmp_path: Path, data: bytes) -> None:
    output = Output(str(tmp_path))
    for path in (output.plan_path("a"), output.copies_path("a"), output.path("settings.json")):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(path).write_bytes(data)
    assert read_plan(output, "a") == Plan()
    assert read_copies(output, "a") == Copies()
    assert read_settings(output, output.path("settings.json")) is None or data.startswith(b"{")


def test_a_damaged_span_is_named_and_found_missing(out: Path) -> None:
    output = Output(str(out))
    path = next((out / ".spans").glob("*.parquet"))
    assert find_span(output, path.stem) is not None
    cut(path)
    assert find_span(output, path.stem) is None
    with pytest.raises(FerError, match=rf"\.spans/{path.name}: .*once it is removed"):
        read_span(output, path.stem)


def test_the_next_run_makes_it_once_more(small_output: Path, out: Path) -> None:
    for path in (out / ".spans").glob("*.parquet"):
        cut(path)
    for path in (out / ".spans").rglob("*.json"):
        path.write_bytes(b"[7]")
    media = small_output.parent / "media"
    analyze(media, out, "--sample-fps", "1", "--overlay", "box", code=3)
    assert_same_rows(out, small_output)
    assert not verify_output(Output(str(out))).findings
