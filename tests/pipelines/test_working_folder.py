"""Nothing that lies in the working folder is imported, whatever it is called."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

from ferbeam import cli
from ferbeam.guard.apart import run_apart
from ferbeam.guard.fresh_python import away_from_here, fresh_environment, fresh_python
from ferbeam.runners import job_process
from tests.pipelines.jobs import SAMPLES

FOREIGN = [
    "PIL",
    "apache_beam",
    "av",
    "click",
    "cv2",
    "duckdb",
    "grpc",
    "jinja2",
    "numpy",
    "pyarrow",
    "rich",
    "scipy",
    "sitecustomize",
    "usercustomize",
    "websockets",
]
SPAWNING = """
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from ferbeam.runners import forked_workers

if __name__ == "__main__":
    forked_workers.HOW = "spawn"
    mode = ["--direct_num_workers=2", "--direct_running_mode=multi_processing"]
    options = PipelineOptions(["--runner=FnApiRunner", *mode])
    runner = forked_workers.forking_runner(options)
    with beam.Pipeline(runner=runner, options=options) as steps:
        numbers = steps | beam.Create(range(100)) | beam.Reshuffle() | beam.Map(lambda n: n + 1)
        numbers | beam.CombineGlobally(sum) | beam.Map(print)
"""


@pytest.fixture
def shadows(tmp_path: Path) -> Path:
    """A folder with a medium and modules of every name, each of which leaves a note when run."""
    folder = tmp_path / "work"
    for part in ("media/one", "media/two"):  # one for each worker
        (folder / part).mkdir(parents=True)
        shutil.copy(SAMPLES / "pictures/happy.jpg", folder / part)
    code = f"open({str(tmp_path / 'notes')!r}, 'a').write(__name__); raise SystemExit(77)"
    for name in {*sys.stdlib_module_names, *FOREIGN}:
        (folder / f"{name}.py").write_text(code)
    for name in ("pipelines", "ferbeam", "fer_core", "apache_beam"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(code)
    return folder


@pytest.fixture(autouse=True)
def none_was_run(tmp_path: Path) -> Iterator[None]:
    """Looks, after each test, whether a module has left its note."""
    yield
    assert not (tmp_path / "notes").exists(), (tmp_path / "notes").read_text()


def unsafe() -> dict[str, str]:
    """The environment as Python 3.10 understands it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}


def test_the_modules_are_such_as_python_would_run(shadows: Path, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", "import queue"], cwd=shadows, env=unsafe())
    assert done.returncode == 77
    (tmp_path / "notes").unlink()


def test_a_job_with_two_workers(shadows: Path) -> None:
    command = [str(Path(sys.executable).with_name("ferbeam")), "analyze", "media", "out"]
    more = ["--workers", "2", "--overlay", "none"]
    done = subprocess.run([*command, *more], cwd=shadows, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (shadows / "out/run.json").exists()


def test_the_module_as_far_as_python_lets_it(shadows: Path) -> None:
    for path in shadows.iterdir():  # Python itself imports some before it comes to ferbeam
        if path.stem not in ("PIL", "av", "click", "json", "media", "numpy", "queue", "signal"):
            path.unlink() if path.is_file() else shutil.rmtree(path)
    command = [sys.executable, "-m", "ferbeam", "analyze", "media", "out", "--overlay", "none"]
    done = subprocess.run(command, cwd=shadows, env=unsafe(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_job_of_python_3_10(shadows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shadows)
    monkeypatch.setattr(job_process, "fresh_environment", unsafe)
    with pytest.raises(SystemExit) as ended:
        cli.main(["analyze", "media", "out", "--workers", "2", "--overlay", "none"])
    assert ended.value.code == 0


def test_a_new_interpreter_finds_its_module_and_arguments(shadows: Path) -> None:
    for environment in (unsafe(), fresh_environment()):
        command = fresh_python("ferbeam.cli", "query", "--help")
        done = subprocess.run(command, cwd=shadows, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "OUTPUT" in done.stdout


def test_an_empty_part_of_the_path_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", "/mine", "", "/more"]))
    assert fresh_environment()["PYTHONPATH"] == os.pathsep.join(["/mine", "/more"])


def count_up(most: int) -> Iterator[int]:
    """Work to be done apart."""
    yield from range(most)


def test_work_that_is_done_apart(shadows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shadows)
    monkeypatch.setattr("ferbeam.guard.apart.fresh_environment", unsafe)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))  # for `count_up`
    assert list(run_apart(count_up, 3)) == [0, 1, 2]


@pytest.mark.long
def test_workers_that_cannot_be_forked(shadows: Path, tmp_path: Path) -> None:
    script = tmp_path / "elsewhere" / "run.py"
    script.parent.mkdir()
    script.write_text(SPAWNING)
    done = subprocess.run(
        [sys.executable, script], cwd=shadows, env=unsafe(), capture_output=True, text=True
    )
    assert done.stdout == "5050\n", done.stderr


@pytest.mark.long
def test_a_worker_pool(shadows: Path) -> None:
    command = fresh_python("ferbeam.deploy.worker_pool", "--port", "0")
    with subprocess.Popen(
        command, cwd=shadows, env=unsafe(), stderr=subprocess.PIPE, text=True
    ) as pool:
        try:
            assert pool.stderr is not None
            address = next(line for line in pool.stderr if "worker pool at" in line).split()[-1]
            order = beam_fn_api_pb2.StartWorkerRequest(worker_id="1")
            order.control_endpoint.url = "127.0.0.1:1"
            with grpc.insecure_channel(address) as channel:
                stub = beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel)
                assert not stub.StartWorker(order, timeout=120).error
            time.sleep(1)  # for what the worker imports
        finally:
            pool.kill()


def test_coming_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with away_from_here():
        assert Path.cwd() == Path("/")
    assert Path.cwd() == tmp_path
