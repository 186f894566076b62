"""A small finished OUTPUT that several modules look at."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ferbeam.output.analysis_folder import OUTPUT
from ferbeam.output.folder import Output
from ferbeam.output.ownership import claim_folder
from tests.pipelines.jobs import SAMPLES, analyze


@pytest.fixture(scope="session")
def small_output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures and two videos, one of each damaged, analysed with copies; `media` beside it."""
    root = tmp_path_factory.mktemp("small")
    folder, output = root / "media", root / "out"
    folder.mkdir()
    for name in ("pictures/group.png", "videos/portrait.mp4", "videos/broken.mp4"):
        shutil.copy(SAMPLES / name, folder)
    whole = (SAMPLES / "pictures/happy.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(whole[:5000])
    analyze(folder, output, "--sample-fps", "1", "--overlay", "box", code=3)
    return output


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """A folder with one picture."""
    (tmp_path / "media").mkdir()
    shutil.copy(SAMPLES / "pictures/happy.jpg", tmp_path / "media/happy.jpg")
    return tmp_path / "media"


@pytest.fixture
def claimed(tmp_path: Path) -> Output:
    """A new OUTPUT that bears our mark."""
    output = Output(str(tmp_path / "out"))
    claim_folder(output, OUTPUT)
    return output
