"""Readers of a finished run while others are put in place: rows of one run, or one clear line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from fer_core.errors import TryLaterError, UsageError
from ferbeam import open_output
from ferbeam.agreement.agree import agree_with
from ferbeam.agreement.compare import How
from ferbeam.output.checked_files import read_checked
from ferbeam.output.folder import Output
from ferbeam.output.one_run import TRIES
from ferbeam.output.plain_path import walk_plain
from ferbeam.output.run_file import RUN_FILE, load_run
from ferbeam.query import tables as tables_in_duckdb
from ferbeam.query.tables import open_tables
from ferbeam.report.build import write_report
from ferbeam.verify.verify_output import verify_output
from tests.pipelines.drawn_runs import counted, expected, run_once
from tests.pipelines.jobs import call

LIMITS = {"in memory": (50, 50), "copied": (0, 50), "where it lies": (0, 0)}
"""Rows up to which a table is read whole, and copied."""
CONTENTS = [{"a.mp4": seed, "b.jpg": seed + 1, "c.jpg": -seed} for seed in range(11, 41)]
Replace = Callable[[int], None]


@pytest.fixture
def output(tmp_path: Path) -> Output:
    output = Output(str(tmp_path / "out"))
    run_once(output, "run0", CONTENTS[0])
    return output


@pytest.fixture
def replace(output: Output, monkeypatch: pytest.MonkeyPatch) -> Replace:
    """Puts two runs in place right after each of so many reads of `run.json`."""
    left, made = [0], [0]

    def read_and_replace(folder: Output, file: str, most: int) -> bytes:
        data = read_checked(folder, file, most)
        if file == RUN_FILE and left[0] > 0:
            after, left[0] = left[0] - 1, 0
            for _ in range(2):
                made[0] += 1
                run_once(output, f"run{made[0]}", CONTENTS[made[0]])
            left[0] = after
        return data

    monkeypatch.setattr("ferbeam.output.run_file.read_checked", read_and_replace)
    return lambda times: left.__setitem__(0, times)


def set_limits(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    for name, rows in zip(("MOST_IN_MEMORY", "MOST_COPIED"), LIMITS[how], strict=True):
        monkeypatch.setattr(tables_in_duckdb, name, rows)


def read_faces(output: Output) -> pa.Table:
    with open_tables(output) as tables:
        return tables.sql("FROM faces").to_arrow_table()


@pytest.mark.parametrize("how", LIMITS)
def test_a_query_is_asked_of_the_run_that_took_the_place(
    how: str, output: Output, replace: Replace, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limits(monkeypatch, how)
    replace(2)
    assert counted("faces", read_faces(output)) == expected(CONTENTS[4])["faces"]
    assert load_run(output).run_id == "run4"


@pytest.mark.parametrize("how", LIMITS)
def test_tables_that_are_open_stay_those_of_their_run(
    how: str, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limits(monkeypatch, how)
    with open_tables(output) as tables:
        for number in (1, 2):
            run_once(output, f"run{number}", CONTENTS[number])
            for _ in range(2):
                rows = tables.sql("FROM faces").to_arrow_table()
                assert counted("faces", rows) == expected(CONTENTS[0])["faces"]


def test_runs_without_end_are_told_in_one_line(
    output: Output, replace: Replace, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["query", output.root, "FROM faces"], ["failures", output.root]):
        replace(TRIES + 1)
        code, _, said = call(capsys, *command)
        replace(0)
        assert code == 75
        assert said.count("\n") == 1
        assert "another run took the place" in said


def test_pages_are_of_one_run(output: Output, replace: Replace, tmp_path: Path) -> None:
    codes = tmp_path / "codes.csv"
    codes.write_text("media,emotion,start_ms,end_ms\na.mp4,happy,0,1000\n")
    for write in (
        lambda: write_report(output, "en"),
        lambda: agree_with(output, codes, How(100, 500), "en"),
    ):
        replace(2)
        with pytest.raises(TryLaterError, match="another run took the place"):
            write()
        replace(0)
        write()


def test_verify_finds_nothing_in_a_run_that_was_replaced_meanwhile(
    output: Output, replace: Replace
) -> None:
    undisturbed = {finding.kind for finding in verify_output(output).findings}
    replace(1)
    found = verify_output(output)
    assert {finding.kind for finding in found.findings} == undisturbed
    assert found.counted["faces"] == load_run(output).rows["faces"]


def test_tables_that_are_not_read_in_time_are_told_apart_from_damage(output: Output) -> None:
    opened = open_output(output.root)
    run_once(output, "run1", CONTENTS[1])
    assert counted("faces", opened.faces) == expected(CONTENTS[0])["faces"]
    run_once(output, "run2", CONTENTS[2])
    with pytest.raises(UsageError, match="open it again"):
        _ = opened.frames


def test_what_goes_while_a_folder_is_listed_is_not_in_it(tmp_path: Path) -> None:
    for name in ("a", "b", "c/d", "e/f"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    listed = walk_plain(str(tmp_path))
    assert next(listed) == "a"
    for name in ("b", "c/d"):
        (tmp_path / name).unlink()
    (tmp_path / "c").rmdir()
    assert list(listed) == ["e/f"]
