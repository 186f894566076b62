"""The wheel, installed outside the checkout, analyses a picture with the model inside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.pipelines.jobs import ROOT, SAMPLES


def run(*command: str | Path, folder: Path) -> str:
    """Runs a command in a folder, without the checkout on any path."""
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=clean, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(400)
def test_the_wheel_works_alone(tmp_path: Path) -> None:
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    run(*pip, "wheel", "--no-deps", "--wheel-dir", tmp_path, ROOT, folder=tmp_path)
    (wheel,) = tmp_path.glob("ferbeam-*.whl")
    page = {
        path.relative_to(ROOT / "pipelines").as_posix()
        for path in (ROOT / "pipelines/ferbeam/live/page").iterdir()
    }
    assert page
    assert page <= set(zipfile.ZipFile(wheel).namelist())
    run(sys.executable, "-m", "venv", tmp_path / "env", folder=tmp_path)
    python = tmp_path / "env/bin/python"
    constraints = ROOT / "pipelines/ferbeam/deploy/constraints.txt"
    run(
        *(python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"),
        *("--constraint", constraints, wheel),
        folder=tmp_path,
    )
    shutil.copy(SAMPLES / "pictures/happy.jpg", tmp_path)
    ferbeam = tmp_path / "env/bin/ferbeam"
    run(ferbeam, "analyze", "happy.jpg", "out", "--workers", "1", folder=tmp_path)
    (faces,) = (tmp_path / "out/faces").glob("*.parquet")
    assert pq.read_table(faces)["emotion"].to_pylist() == ["happy"]
    run(ferbeam, "report", "out", folder=tmp_path)
    assert "uPlot" in (tmp_path / "out/report.html").read_text(encoding="utf-8")
    where = run(python, "-c", "import fer_core; print(fer_core.__file__)", folder=tmp_path)
    assert str(tmp_path) in where
