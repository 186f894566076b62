"""`--only-clear`: faces that are not seen well are left out, and how many they are is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner

import ferbeam
from fer_core.records import FACES
from ferbeam.cli import cli
from tests.pipelines.finished import make_video, write_finished

SAMPLES = 54


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face in 54 of 60 samples: 10 turned aside, 20 blurred, 5 of these both; 5 without a yaw."""
    video = make_video("a.mp4", 60, seed=1)
    yaw = np.array([-50.0] * 5 + [40.0] * 5 + [-29.0] * (SAMPLES - 10))
    sharpness = np.array([0.5] * 5 + [0.01] * 20 + [0.03] * (SAMPLES - 25))
    unknown = np.arange(SAMPLES) >= SAMPLES - 5
    values = {
        "yaw": pa.array(yaw, pa.float32(), mask=unknown),
        "roll": pa.array(yaw, pa.float32(), mask=unknown),
        "sharpness": pa.array(sharpness, pa.float32()),
    }
    faces = video["faces"]
    assert faces.num_rows == SAMPLES
    for name, column in values.items():
        faces = faces.set_column(FACES.get_field_index(name), FACES.field(name), column)
    folder = tmp_path_factory.mktemp("finished")
    return write_finished(folder, [{**video, "faces": faces}])


def test_the_views_leave_them_out_and_the_table_keeps_them(output: Path) -> None:
    run = ferbeam.open_output(output)
    with pytest.warns(ferbeam.FerWarning, match=r"25 of 54 faces \(46.3 %\).* 10 turned.* 20 blur"):
        samples = run.query("SELECT samples FROM tracks", only_clear=True)
    assert samples.to_pylist() == [{"samples": 29}]
    assert run.query("SELECT samples FROM tracks").to_pylist() == [{"samples": SAMPLES}]
    with pytest.warns(ferbeam.FerWarning):
        table = run.query("FROM faces", only_clear=True)
    assert table.num_rows == SAMPLES


def test_the_commands_say_how_many_they_are(output: Path, tmp_path: Path) -> None:
    for command in (
        ["query", str(output), "SELECT samples FROM tracks"],
        ["export", str(output), str(tmp_path / "tracks.csv"), "--view", "tracks"],
        ["report", str(output)],
    ):
        with pytest.warns(ferbeam.FerWarning, match=r"25 of 54 faces \(46.3 %\)"):
            done = CliRunner().invoke(cli, [*command, "--only-clear"], catch_exceptions=False)
        assert done.exit_code == 0, done.output
    assert "29" in (tmp_path / "tracks.csv").read_text()
    page = (output / "report.html").read_text()
    assert "25 of 54 (46" in page
    assert "10 turned aside and 20 blurred" in page
    CliRunner().invoke(cli, ["report", str(output)], catch_exceptions=False)
    assert "turned aside and" not in (output / "report.html").read_text()
