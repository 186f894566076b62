"""`import ferbeam`: what it offers, what it loads, and that it does what the command does."""

from __future__ import annotations

import dataclasses
import inspect
import shutil
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest
from PIL import Image

import fer_core
import fer_core.errors
import ferbeam
from ferbeam.commands.analyze import TELLING
from ferbeam.commands.analyze import analyze as analyze_command
from ferbeam.control.analyze_options import AnalyzeOptions, sample_rate
from tests.pipelines.jobs import ROOT, SAMPLES

PICTURES = SAMPLES / "pictures"
SHOWN = ("dry_run", *TELLING)
"""Options that say what the command prints: a call returns it."""


def run_python(code: str, *arguments: str | Path) -> str:
    """Runs code from standard input, as a notebook does: there is no file `__main__`."""
    command = [sys.executable, "-", *map(str, arguments)]
    done = subprocess.run(
        command, input=code, cwd=ROOT, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_importing_loads_nothing_but_itself_and_the_standard_library() -> None:
    code = """
import sys
before = set(sys.modules)
import ferbeam
assert all(getattr(ferbeam, name) is not None for name in ferbeam.__all__ if name != "__version__")
print(*{name.partition(".")[0] for name in set(sys.modules) - before})
"""
    loaded = set(run_python(code).split())
    assert loaded - set(sys.stdlib_module_names) == {"ferbeam", "fer_core"}
    assert not loaded & {"multiprocessing", "asyncio", "subprocess"}


def test_all_names_are_there_and_say_what_they_are() -> None:
    assert ferbeam.__version__.count(".") >= 1
    for name in ferbeam.__all__:
        assert getattr(ferbeam, name).__doc__, name
    errors = {
        name
        for name, value in vars(fer_core.errors).items()
        if isinstance(value, type) and issubclass(value, ferbeam.FerError)
    }
    assert errors <= set(ferbeam.__all__)
    for package in (ferbeam, fer_core):
        assert (Path(str(package.__file__)).parent / "py.typed").exists()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = ferbeam.nothing  # type: ignore[attr-defined]


def test_analyze_takes_every_option_of_the_command_with_its_default() -> None:
    taken = inspect.signature(ferbeam.analyze).parameters
    plain = AnalyzeOptions(input="in", output="out")
    assert set(taken) == {each.name for each in dataclasses.fields(plain)} | {"progress"}
    typed = analyze_command.make_context("analyze", ["in", "out"]).params
    assert [typed.pop(name) for name in SHOWN] == [False, False, False, "text", "text"]
    assert AnalyzeOptions(**typed) == plain
    defaults = {name: each.default for name, each in taken.items()}
    defaults["sample_fps"] = sample_rate(defaults["sample_fps"])
    for name in set(taken) - {"input", "output", "workers", "progress"}:
        assert defaults[name] == getattr(plain, name), name
    of_faces = inspect.signature(ferbeam.faces).parameters
    for name in set(of_faces) - {"picture", "order"}:
        assert of_faces[name].default == getattr(plain, name), name


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"sample_fps": None, "overlay": "none", "prune": True, "people": 1},
        {"sample_fps": Fraction(30000, 1001), "span_s": 2.5, "detector": "haar"},
        {"model": "models/fer_cnn", "lang": "fr", "beam_options": ("--a=b", "--c")},
        {"input": "-odd name", "redetect_ms": 500, "overwrite": True, "max_pixels": 9},
    ],
)
def test_the_command_of_a_call_asks_for_the_same(others: dict[str, Any]) -> None:
    options = AnalyzeOptions(**{"input": "in", "output": "out", **others})
    parsed = analyze_command.make_context("analyze", options.words()[1:]).params
    assert not parsed.pop("dry_run")
    parsed = {name: value for name, value in parsed.items() if name not in SHOWN}
    parsed["input"] = parsed["input"].removeprefix("./")
    assert AnalyzeOptions(**parsed) == options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"overlay": "blur"}, "overlay 'blur': is unknown, use one of emoji"),
        ({"workers": 0}, "workers 0: is too small"),
        ({"video_quality": 52}, "video_quality 52: at most 51"),
        ({"sample_fps": "often"}, "'often' is not a number of frames"),
        ({"sample_fps": 0}, "0 is out of range"),
        ({"runner": "DaskRunner"}, "refused"),
        ({"beam_options": ["--dry_run=True"]}, "they only check the job"),
        ({"detector": "haar", "detector_model": "a.onnx"}, "goes with --detector yunet"),
    ],
)
def test_what_cannot_be_is_an_error_and_nothing_is_written(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ferbeam.UsageError, match=message):
        ferbeam.analyze(PICTURES, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


NOTEBOOK = """
import signal, sys, threading
import ferbeam

told, runs = [], []

def work():
    runs.append(ferbeam.analyze(sys.argv[1], sys.argv[2], overlay="none",
                                progress=lambda *state: told.append(state)))

handlers = [signal.getsignal(number) for number in signal.valid_signals()]
thread = threading.Thread(target=work)
thread.start()
thread.join()
(run,) = runs
assert [signal.getsignal(number) for number in signal.valid_signals()] == handlers
assert "apache_beam" not in sys.modules
assert all(type(done) is type(total) is int and done <= total for done, total, _ in told), told
assert (3, 3, "opening") in told
assert {what for *_, what in told} <= {"opening", "analysing", "rendering", "writing"}
assert run.failures.num_rows == 1 and run.media.num_rows == 2, run
again = ferbeam.analyze(sys.argv[1], sys.argv[2], overlay="none", progress=True)
assert again.faces.equals(run.faces)
"""


def test_works_in_a_notebook_and_in_a_thread(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("group.png", "no_face.jpg"):
        shutil.copy(PICTURES / name, folder)
    (folder / "empty.jpg").touch()
    shown = run_python(NOTEBOOK, folder, tmp_path / "out")
    assert "0 media to analyse" in shown  # the second time
    run = ferbeam.open_output(tmp_path / "out")
    assert run.facts.command == f"ferbeam analyze {folder} {tmp_path / 'out'} --overlay none"
    found = ferbeam.faces(folder / "group.png")
    rows = run.query("SELECT * FROM faces ORDER BY media, face_index").to_pylist()
    assert len(found) == len(rows) == 3
    for face, row in zip(found, rows, strict=True):
        assert face.box == tuple(row[f"box_{name}"] for name in face.box._fields)
        assert (face.emotion, face.detector_score) == (row["emotion"], row["detector_score"])
        assert face.confidence == pytest.approx(row["confidence"], abs=1e-5)
        for name in ("roll", "yaw", "sharpness", "brightness"):
            assert getattr(face, name) == pytest.approx(row[name], rel=1e-5)
        scores = [row[f"p_{each.name}"] for each in ferbeam.EMOTIONS]
        assert list(face.scores.values()) == pytest.approx(scores, abs=1e-5)
        assert max(face.scores, key=lambda name: face.scores[name]) == face.emotion


def test_what_progress_raises_ends_the_analysis_with_all_it_started(tmp_path: Path) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    mine = psutil.Process()
    before = set(mine.children(recursive=True))
    with pytest.raises(KeyboardInterrupt):
        ferbeam.analyze(PICTURES, tmp_path / "out", overlay="none", progress=interrupt)
    assert not set(mine.children(recursive=True)) - before
    assert not (tmp_path / "out" / ".lock").exists()
    with pytest.raises(ferbeam.UsageError, match="holds no finished run"):
        ferbeam.open_output(tmp_path / "out")


def test_an_output_opens_as_its_tables(small_output: Path) -> None:
    run = ferbeam.open_output(small_output)
    assert run.media.num_rows == 3
    assert set(run.failures["media"].to_pylist()) == {"broken.mp4", "cut.jpg"}
    assert run.frames.num_rows == run.query("SELECT * FROM frames").num_rows > 2
    assert run.faces is run.faces
    assert repr(run).startswith(f"<ferbeam.Run '{small_output}': faces={run.faces.num_rows},")
    assert run.verify() == []
    with pytest.raises(ferbeam.UsageError, match="query: Catalog Error"):
        run.query("SELECT * FROM nowhere")
    with pytest.raises(ferbeam.UsageError, match="viewers"):
        run.query("SELECT 1", viewers=small_output / "run.json")


def test_a_report_is_written_in_the_language_asked_for(small_output: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(small_output, tmp_path / "out")
    page = ferbeam.open_output(copied).report(lang="fr")
    assert 'lang="fr"' in Path(page).read_text(encoding="utf-8")


def test_a_picture_is_the_same_by_path_bytes_and_pixels() -> None:
    path = PICTURES / "group.png"
    found = ferbeam.faces(path)
    assert found[0].emotion == "happy"
    assert ferbeam.faces(str(path)) == found == ferbeam.faces(path.read_bytes())
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    bgr = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    bgr[..., 0] //= 2  # so that the order of the colours tells
    assert ferbeam.faces(bgr[..., ::-1]) == ferbeam.faces(bgr, order="bgr") != found
    assert len(ferbeam.faces(grey)) == len(found)


def test_threads_find_the_same_faces() -> None:
    expected, found = ferbeam.faces(PICTURES / "happy.jpg"), list[object]()
    threads = [
        threading.Thread(target=lambda: found.append(ferbeam.faces(PICTURES / "happy.jpg")))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 3


@pytest.mark.parametrize(
    ("picture", "error", "message"),
    [
        (b"no picture", ferbeam.MediaError, "no picture in a known format"),
        (b"", ferbeam.MediaError, "empty"),
        ("nowhere.jpg", ferbeam.MediaError, "nowhere.jpg: cannot be read"),
        (np.zeros((9, 9), np.float32), ferbeam.UsageError, r"float32 \(9, 9\), needs uint8"),
        (Image.new("P", (9, 9)), ferbeam.UsageError, r"Image, needs a path.*image\.convert"),
        (np.zeros((9, 9, 4), np.uint8), ferbeam.UsageError, r"uint8 \(9, 9, 4\), needs uint8"),
        (np.zeros((0, 9), np.uint8), ferbeam.UsageError, r"uint8 \(0, 9\), needs uint8"),
    ],
)
def test_what_is_no_picture_is_an_error(
    picture: Any, error: type[ferbeam.FerError], message: str
) -> None:
    with pytest.raises(error, match=message):
        ferbeam.faces(picture)


def test_colours_have_one_of_two_orders() -> None:
    with pytest.raises(ferbeam.UsageError, match="order 'rbg': is unknown"):
        ferbeam.faces(np.zeros((9, 9, 3), np.uint8), order="rbg")  # type: ignore[arg-type]


def test_the_package_runs_as_the_command() -> None:
    command = [sys.executable, "-m", "ferbeam", "--version"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ferbeam.__version__ in done.stdout
