"""`ferbeam query` and `export`: their formats, their errors, and what a query cannot do."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow.parquet as pq
import pytest
from rich.cells import cell_len

from ferbeam.output.folder import Output
from ferbeam.query.shown import fit_columns
from ferbeam.query.tables import open_tables
from tests.pipelines.finished import make_picture, make_video, write_finished
from tests.pipelines.jobs import ROOT, ferbeam

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of two faces, and a picture whose name is not for the faint-hearted."""
    media = [make_video("a.mp4", 150, tracks=2), make_picture('[red]é",\n.png', ("fear",))]
    return write_finished(tmp_path_factory.mktemp("finished"), media)


@pytest.fixture
def tables(output: Path) -> Iterator[DuckDBPyConnection]:
    """The opened tables."""
    with open_tables(Output(str(output))) as opened:
        yield opened


@pytest.mark.parametrize(
    "sql",
    [
        "COPY faces TO '{folder}/out.csv'",
        "COPY (SELECT 1) TO '/dev/stdout'",
        "CREATE TABLE t (a INT); COPY t FROM '{folder}/in.csv'",
        "ATTACH '{folder}/new.db'",
        "EXPORT DATABASE '{folder}/all'",
        "SELECT * FROM read_text('{folder}/in.csv')",
        "SELECT * FROM read_csv('{folder}/in.csv')",
        "SELECT * FROM '{folder}/in.csv'",
        "SELECT * FROM glob('{folder}/*')",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET temp_directory = '{folder}'",
        "RESET lock_configuration",
        "SELECT getenv('HOME')",
        "SELECT * FROM secret",
    ],
)
def test_a_query_can_write_nothing_and_read_nothing_else(
    tables: DuckDBPyConnection, tmp_path: Path, sql: str
) -> None:
    secret = [("not", "for"), ("you", "!")]  # a name that a query might look up
    (tmp_path / "in.csv").write_text("a\n1\n")
    with pytest.raises(duckdb.Error):
        tables.execute(sql.format(folder=tmp_path)).fetchall()
    assert os.listdir(tmp_path) == ["in.csv"]
    assert secret


def test_the_answer_is_a_table_that_says_what_it_leaves_out(output: Path) -> None:
    done = ferbeam("query", output, "SELECT media, p_happy FROM faces")
    assert (done.returncode, done.stderr) == (0, "")
    assert "... and 171 more rows" in done.stdout
    assert "a.mp4" in done.stdout


def test_a_query_loads_nothing_that_it_does_not_need(output: Path) -> None:
    code = (
        "import sys; from ferbeam.query.answers import write_answer; from ferbeam.query.tables "
        "import open_tables; from ferbeam.output.folder import Output\n"
        "with open_tables(Output(sys.argv[1])) as tables:\n"
        "    write_answer(tables, 'SELECT * FROM cohort CROSS JOIN markers', 'table', None)\n"
        "print({name.partition('.')[0] for name in sys.modules})"
    )
    command = [sys.executable, "-c", code, str(output)]
    loaded = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "'duckdb'" in loaded
    for name in ("apache_beam", "cv2", "av", "pandas", "tensorflow"):
        assert f"'{name}'" not in loaded, name


@pytest.mark.parametrize("to_file", [True, False])
@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_an_answer_has_all_rows_in_every_format(
    output: Path, tmp_path: Path, form: str, to_file: bool
) -> None:
    sql = "SELECT media, track_id, confidence FROM faces ORDER BY media, track_id, timestamp_ms"
    path = tmp_path / f"answer.{form}"
    options = ["--to", str(path)] if to_file else ["--format", form]
    done = ferbeam("query", output, sql, *options)
    if form == "parquet" and not to_file:
        assert (done.returncode, done.stdout) == (2, "")
        assert "needs --to FILE" in done.stderr
        return
    assert (done.returncode, done.stderr) == (0, "")
    text = path.read_text(encoding="utf-8") if to_file and form != "parquet" else done.stdout
    if form == "csv":
        rows = list(csv.DictReader(text.splitlines(keepends=True)))
    elif form == "json":
        rows = json.loads(text)
    else:
        rows = pq.read_table(path).to_pylist()
    assert len(rows) == 271
    assert rows[0]["media"] == '[red]é",\n.png'
    assert {float(row["confidence"]) > 0 for row in rows} == {True}
    assert [path.name for path in tmp_path.iterdir()] == ([path.name] if to_file else [])


def test_columns_of_one_name_are_told_apart(output: Path) -> None:
    sql = "SELECT 1 AS a, 2 AS a_1, 3 AS a"
    done = ferbeam("query", output, sql, "--format", "json")
    assert json.loads(done.stdout) == [{"a": 1, "a_1": 2, "a_2": 3}]


@pytest.mark.parametrize("columns", [60, 80])
def test_a_terminal_shows_whole_words_and_says_which_columns_it_left_out(
    output: Path, columns: int
) -> None:
    told = on_terminal(["ferbeam.cli", "query", str(output), "FROM cohort"], columns)
    head, *rows, last = told.splitlines()
    assert max(map(len, (head, *rows))) <= columns
    assert head.split()[:2] == ["viewer_group", "second"]
    assert head.split()[-1] == "high_surprise"
    assert "  …  " in head
    assert len(rows) == 15
    assert re.match(r"25 columns \([5-9] shown\)", last)
    long = [f"{'a name ' * 20}", "1"]
    assert [cell_len(cell) for cell in fit_columns([long], columns)[0]] == [columns // 2 - 4] * 2


def on_terminal(command: list[str], columns: int) -> str:
    """Returns what a command shows on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    try:
        subprocess.run(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            stdout=theirs,
            check=True,
            env={**os.environ, "COLUMNS": str(columns), "PYTHONIOENCODING": "utf-8"},
        )
    finally:
        os.close(theirs)
    told = b""
    with suppress(OSError):
        while part := os.read(ours, 65536):
            told += part
    os.close(ours)
    return told.decode().replace("\r", "")


def test_what_is_piped_is_plain_and_whole(output: Path) -> None:
    done = ferbeam("query", output, "FROM cohort")
    head, *rows = done.stdout.splitlines()
    assert len(head.split()) == len(rows[0].split()) + 1  # the name of the group is empty
    assert len(rows) == 15
    assert all(line == line.rstrip() for line in rows)
    assert not set(done.stdout) & set("│─┌")


def test_without_sql_it_shows_what_can_be_asked(output: Path) -> None:
    done = ferbeam("query", output)
    assert done.returncode == 0
    for name in ("faces", "per_second", "tracks", "changes", "summary", "cohort"):
        assert f"\n{name}: " in "\n" + done.stdout


@pytest.mark.parametrize(
    ("sql", "reason"),
    [("SELEC 1", "syntax error"), ("SELECT nme FROM media", '"nme" not found')],
)
def test_a_wrong_query_is_one_line_with_the_reason(output: Path, sql: str, reason: str) -> None:
    done = ferbeam("query", output, sql)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert reason in done.stderr
