"""Whole jobs for the tests: the command as a user calls it, and the tables it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from fer_core.records import TABLES
from ferbeam.cli import main
from ferbeam.output.folder import Output
from ferbeam.output.read_tables import read_tables
from ferbeam.output.run_file import load_run

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_data"
ORDER = {"faces": ["media", "frame_index", "face_index"], "frames": ["media", "frame_index"]}


def ferbeam(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs `ferbeam` to its end."""
    command = [sys.executable, "-m", "ferbeam.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)


def analyze(source: Path, output: Path, *options: str, code: int = 0) -> dict[str, Any]:
    """Analyses to the end, checks the exit code, and returns `run.json`.

    Without annotated copies, unless the options say otherwise.
    """
    if "--overlay" not in options:
        options = (*options, "--overlay", "none")
    done = ferbeam("analyze", source, output, *options)
    assert done.returncode == code, done.stdout + done.stderr
    run: dict[str, Any] = json.loads((output / "run.json").read_text(encoding="utf-8"))
    return run


def tables_of(output: Path) -> dict[str, pa.Table]:
    """Reads the four tables of a finished run."""
    folder = Output(str(output))
    run = load_run(folder)
    return {name: read_tables(folder, run, name) for name in TABLES}


def frames_of(output: Path) -> dict[str, pd.DataFrame]:
    """Reads the four tables as data frames, in a fixed order of rows."""
    return {
        name: table.to_pandas().sort_values(ORDER.get(name, ["media"])).reset_index(drop=True)
        for name, table in tables_of(output).items()
    }


OF_A_RUN = ("run_id", "analysed_at")
"""Columns that tell which run made a row: equal runs differ in these."""
OF_A_COPY = ("annotated_sha256", "sheet_sha256")
"""Columns that tell of the bytes of copies, which are compared as pictures."""


def assert_same_rows(one: Path, other: Path, without: tuple[str, ...] = ()) -> None:
    """Checks that two runs hold the same rows, scores within 1e-4, but for columns `without`."""
    without = (*OF_A_RUN, *OF_A_COPY, *without)
    ours, theirs = frames_of(one), frames_of(other)
    for name in TABLES:
        one_table, other_table = (
            table.drop(columns=list(without), errors="ignore")
            for table in (ours[name], theirs[name])
        )
        pd.testing.assert_frame_equal(one_table, other_table, check_exact=False, atol=1e-4)


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Calls the command line in this process; returns its exit code and what it said."""
    try:
        main(words)
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    told = capsys.readouterr()
    return code, told.out, told.err
