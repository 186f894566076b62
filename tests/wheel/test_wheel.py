"""The wheel: what is in it, what it says of itself, and that it works outside the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.pipelines.jobs import ROOT, SAMPLES

PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
RELEASE = {"GITHUB_REPOSITORY": "someone/ferbeam", "GITHUB_SHA": "0123abc"}


def run(*command: str | Path, folder: Path, **variables: str) -> str:
    """Runs a command in a folder, without the checkout on any path."""
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**clean, **variables},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build_wheel(source: Path, folder: Path, **variables: str) -> Path:
    """Builds the wheel of a tree in a folder of its own."""
    wheels = folder / "wheels"
    run(*PIP, "wheel", "--no-deps", "--wheel-dir", wheels, source, folder=folder, **variables)
    (wheel,) = wheels.glob("ferbeam-*.whl")
    return wheel


def metadata_of(wheel: Path) -> Message:
    """Returns what a package index reads of a wheel."""
    with zipfile.ZipFile(wheel) as files:
        (name,) = (name for name in files.namelist() if name.endswith("/METADATA"))
        return message_from_bytes(files.read(name))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as a release workflow builds it."""
    return build_wheel(ROOT, tmp_path_factory.mktemp("release"), **RELEASE)


def test_it_holds_pages_and_the_network_but_not_what_only_training_needs(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    sources = ROOT / "pipelines"
    pages = {
        path.relative_to(sources).as_posix()
        for path in (*sources.glob("ferbeam/*/page/*"), *sources.glob("ferbeam/*/templates/*"))
        if path.is_file()
    }
    assert len(pages) > 10
    assert pages <= held
    models = {name for name in held if name.startswith("fer_core/models/")}
    assert {Path(name).name for name in models} == {"card.json", "model.tflite"}
    assert wheel.stat().st_size < 1.5e6


def test_a_package_index_shows_pictures_and_addresses(wheel: Path) -> None:
    metadata = metadata_of(wheel)
    home = "https://github.com/someone/ferbeam"
    assert f"Issues, {home}/issues" in metadata.get_all("Project-URL", [])
    text = metadata.get_payload()
    links = re.findall(r"\]\(([^)]*)\)", str(text))
    assert f"{home}/raw/0123abc/.github/report.jpg" in links
    assert f"{home}/blob/0123abc/models/README.md" in links
    assert [link for link in links if not link.startswith(("https://", "#"))] == []


def test_a_copy_of_the_tree_without_its_history_has_a_version(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    left_out = shutil.ignore_patterns(".git", ".venv*", "out", "tests", "sample_data")
    shutil.copytree(ROOT, tree, ignore=left_out)
    metadata = metadata_of(build_wheel(tree, tmp_path))
    assert metadata["Version"] == "0.1.0.dev0"
    assert metadata["Project-URL"] is None
    assert "](.github/report.jpg)" in str(metadata.get_payload())


@pytest.mark.timeout(900)
def test_it_works_alone(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "env", folder=tmp_path)
    python = tmp_path / "env/bin/python"
    constraints = ROOT / "pipelines/ferbeam/deploy/constraints.txt"
    run(
        *(python, "-m", *PIP[2:], "install", "--constraint", constraints, wheel),
        folder=tmp_path,
    )
    shutil.copy(SAMPLES / "pictures/happy.jpg", tmp_path)
    ferbeam = tmp_path / "env/bin/ferbeam"
    run(ferbeam, "analyze", "happy.jpg", "out", "--workers", "1", folder=tmp_path)
    (faces,) = (tmp_path / "out/faces").glob("*.parquet")
    assert pq.read_table(faces)["emotion"].to_pylist() == ["happy"]
    run(ferbeam, "report", "out", folder=tmp_path)
    assert "happy.jpg" in (tmp_path / "out/report.html").read_text(encoding="utf-8")
    where = run(python, "-c", "import fer_core; print(fer_core.__file__)", folder=tmp_path)
    assert str(tmp_path) in where
