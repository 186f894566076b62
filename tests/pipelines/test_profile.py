"""What a run tells of its own time: counts that are those of the rows, seconds that add up."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fer_core.faces import Box, Face
from ferbeam.analysis.transforms import DetectFaces
from ferbeam.output.costs import COST_STAGES, Costs, sum_costs, timed
from ferbeam.output.folder import Output
from tests.pipelines.jobs import SAMPLES, analyze, ferbeam, tables_of
from tests.pipelines.planned import SETTINGS, planned

OPTIONS = ("--span-s", "2", "--sample-fps", "4", "--workers", "2")


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of three spans, one that does not open, and two pictures."""
    folder = tmp_path_factory.mktemp("media")
    for name in ("videos/one_face.mp4", "videos/broken.mp4", "pictures/group.png"):
        shutil.copy(SAMPLES / name, folder)
    shutil.copy(SAMPLES / "composites/happy.png", folder)
    return folder


@pytest.fixture(scope="module")
def output(media: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of them."""
    folder = tmp_path_factory.mktemp("out")
    analyze(media, folder, *OPTIONS, code=3)
    return folder


@pytest.fixture
def run(output: Path) -> dict[str, Any]:
    """Its `run.json`."""
    loaded: dict[str, Any] = json.loads((output / "run.json").read_text(encoding="utf-8"))
    return loaded


def test_costs_add_up_by_stage() -> None:
    costs: Costs = {}
    for _ in range(3):
        with timed(costs, "decode") as counts:
            counts["frames"] = 2
    total = sum_costs([costs, {"decode": {"seconds": 1.0, "frames": 1, "lost": 1}}])
    assert total["decode"].pop("seconds") > 1
    assert total == {"decode": {"frames": 7, "lost": 1}}


def test_counts_are_those_of_the_rows(output: Path, run: dict[str, Any]) -> None:
    counts, rows = run["counts"], run["rows"]
    assert list(counts) == list(COST_STAGES)
    assert counts["list"]["media"] == counts["probe"]["media"] == 4
    assert counts["link"] == {"media": 3, "rows": rows["faces"] + rows["frames"]}
    lost = sum(tables_of(output)["media"]["frames_lost"].to_pylist())
    assert counts["decode"]["frames"] == rows["frames"]
    assert counts["decode"]["decoded"] > rows["frames"]
    assert counts["detect"]["frames"] == rows["frames"] - lost
    assert counts["classify"]["faces"] == rows["faces"]
    spans = list((output / ".spans").glob("*.parquet"))
    assert counts["plan"]["spans"] == counts["commit"]["spans"] == len(spans)
    assert counts["commit"]["bytes"] == sum(path.stat().st_size for path in spans)
    assert not run["earlier"]["counts"]["commit"]["spans"]


def test_seconds_fit_into_those_of_the_workers(run: dict[str, Any]) -> None:
    seconds, wall = run["seconds"], run["wall"]
    spent = [seconds[stage] for stage in COST_STAGES]
    assert min(spent) >= 0
    assert min(seconds[stage] for stage in ("probe", "decode", "detect", "classify")) > 0
    assert sum(spent) <= run["workers"] * wall["run"]
    assert min(wall.values()) >= 0
    assert sum(wall.values()) == pytest.approx(seconds["whole"], abs=0.01)


def test_the_table_shows_every_stage(output: Path, run: dict[str, Any]) -> None:
    shown = ferbeam("profile", output)
    assert shown.returncode == 0, shown.stderr
    rows = {line.split()[0]: line.split() for line in shown.stdout.splitlines() if line.strip()}
    assert [name for name in rows if name in COST_STAGES] == list(COST_STAGES)
    faces = run["counts"]["classify"]["faces"]
    each = f"{1000 * run['seconds']['classify'] / faces:,.2f}"
    assert rows["classify"][4:] == [str(faces), "faces", each, "ms"]
    shares = [float(row[row.index("%") - 1]) for name, row in rows.items() if "%" in row]
    assert shares.pop() == 100
    assert sum(shares) == pytest.approx(100, abs=0.6)


def test_a_resumed_run_counts_its_own_work_only(media: Path, output: Path, tmp_path: Path) -> None:
    again = tmp_path / "out"
    shutil.copytree(output, again)
    before = json.loads((again / "run.json").read_text(encoding="utf-8"))
    next((again / ".spans").glob("*.parquet")).unlink()
    (again / ".spans/known/media.parquet").unlink()  # else it is known that nothing is to be done
    run = analyze(media, again, *OPTIONS, code=3)
    earlier = run["earlier"]["counts"]
    assert run["counts"]["commit"]["spans"] == 1
    assert earlier["commit"]["spans"] == before["counts"]["commit"]["spans"] - 1
    for stage, unit in (("decode", "frames"), ("detect", "frames"), ("classify", "faces")):
        assert run["counts"][stage][unit] + earlier[stage][unit] == before["counts"][stage][unit]
        assert run["earlier"]["seconds"][stage] <= before["seconds"][stage] + 0.001
    assert "that were committed before" in ferbeam("profile", again).stdout


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    refused = ferbeam("profile", tmp_path)
    assert refused.returncode == 2
    assert "holds no finished run" in refused.stderr


class CountingDetector:
    """Finds the same face in every frame, and counts its searches."""

    def __init__(self) -> None:
        self._scans = 0

    def __call__(self, grey: NDArray[np.uint8], *_: object) -> list[Face]:
        self._scans += 1
        return [Face(Box(0, 0, 40, 40), Box(0, 0, 40, 40))]

    def take_counts(self) -> dict[str, int]:
        scans, self._scans = self._scans, 0
        return {"scans": scans}


def test_a_detector_may_count(tmp_path: Path) -> None:
    out = Output(str(tmp_path))
    step = DetectFaces(SETTINGS, out)
    step.setup()
    step._detectors._loaded[False] = CountingDetector()
    for reading in planned(SAMPLES / "videos/one_face.mp4", out):
        for detected in step.process(reading):
            frames = detected.span.frame_total
            assert detected.costs["detect"]["scans"] == frames
            assert detected.costs["decode"]["frames"] == frames
            assert detected.costs["detect"]["seconds"] >= 0
