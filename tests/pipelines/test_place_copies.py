"""Copies belong to a run: whenever it is killed, nothing says that bare faces are covered."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

import ferbeam
from fer_core.errors import FerError
from ferbeam.analysis.plan_rendering import find_copies
from ferbeam.control import run as control
from ferbeam.output.finish_tables import put_run
from ferbeam.output.folder import Folder, Output
from ferbeam.output.put_tables import PUT, finish_put
from ferbeam.output.run_file import Run, load_run
from ferbeam.report.build import write_report
from ferbeam.report.words import WORDS
from ferbeam.verify.verify_output import verify_output
from tests.pipelines.jobs import SAMPLES, analyze
from tests.pipelines.jobs import ferbeam as command

if TYPE_CHECKING:
    from fer_core.drawing.overlay import OverlayKind

pytestmark = pytest.mark.long
OVERLAYS: tuple[OverlayKind | Literal["none"], ...] = ("cover", "emoji")
STEPS = ("move", "remove", "write")
"""What changes an OUTPUT."""


class KilledError(Exception):
    """Stands for a kill."""


@dataclass
class Made:
    """An OUTPUT with copies of one overlay in place, and those of another made, and not there yet.

    Attributes:
        root: where it lies.
        run: that made the others.
        groups: that have them.
        before: SHA-256 of the copies and sheets in place.
    """

    root: Path
    run: Run
    groups: list[tuple[str, str]]
    before: dict[str, str]


def sums_below(root: Path) -> dict[str, str]:
    """Returns the copies and sheets in place, each with its SHA-256."""
    found = [path for name in ("annotated", "sheets") for path in (root / name).rglob("*")]
    return {
        path.relative_to(root).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in found
        if path.is_file()
    }


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture and a video, each with a face."""
    folder = tmp_path_factory.mktemp("in")
    shutil.copy(SAMPLES / "pictures/happy.jpg", folder)
    shutil.copy(SAMPLES / "videos/portrait.mp4", folder)
    return folder


@pytest.fixture(scope="module", params=[OVERLAYS, OVERLAYS[::-1]])
def made(
    request: pytest.FixtureRequest, source: Path, tmp_path_factory: pytest.TempPathFactory
) -> Made:
    """A finished OUTPUT with its report, and a second run that was stopped before its end."""
    first, second = request.param
    root = tmp_path_factory.mktemp("out")
    analyze(source, root, "--overlay", first, "--sample-fps", "1")
    write_report(Output(str(root)), "en")
    before = sums_below(root)
    seen: list[Made] = []

    def stop(_: Output, older: Run, run: Run, groups: list[tuple[str, str]]) -> None:
        assert older is not None
        seen.append(Made(root, run, groups, before))
        raise FerError("stopped")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(control, "put_run", stop)
        with pytest.raises(FerError, match="stopped"):
            ferbeam.analyze(source, root, overlay=second, sample_fps=1)
    assert sums_below(root) == before
    return seen[0]


def stop_at(step: int, patched: pytest.MonkeyPatch) -> None:
    """Lets the first so many changes of an OUTPUT happen, and no other."""
    left = [step]

    def limited(change: Callable[..., Any]) -> Callable[..., Any]:
        def changing(*given: Any) -> Any:
            if not left[0]:
                raise KilledError
            left[0] -= 1
            return change(*given)

        return changing

    for name in STEPS:
        patched.setattr(Folder, name, limited(getattr(Folder, name)))


def was_killed(step: int, work: Callable[..., None], *given: Any) -> bool:
    """Does work that is killed before so many changes of an OUTPUT; tells whether it came to it."""
    with pytest.MonkeyPatch.context() as patched:
        stop_at(step, patched)
        try:
            work(*given)
        except KilledError:
            return True
    return False


def finish(output: Output, made: Made) -> None:
    """Does what a run does once its job is through."""
    put_run(output, load_run(output), made.run, made.groups)


def says_covered(output: Output) -> bool:
    """Tells whether anything in an OUTPUT says that faces are covered."""
    report = Path(output.root) / "report.html"
    told = report.exists() and WORDS["covered"][0] in report.read_text()
    return told or (load_run(output).render or {}).get("overlay") == "cover"


def test_no_kill_leaves_bare_faces_that_are_said_to_be_covered(made: Made, tmp_path: Path) -> None:
    """And what was begun is all put in place by whatever command comes next, without INPUT."""
    covered_first = "cover" in (load_run(Output(str(made.root))).render or {}).values()
    whole = tmp_path / "whole"
    shutil.copytree(made.root, whole)
    finish(Output(str(whole)), made)
    after = sums_below(whole)
    assert after.keys() == made.before.keys()
    assert not after.items() & made.before.items()
    covered = made.before if covered_first else after
    begun = mixed = 0
    for step in range(100):
        root = tmp_path / str(step)
        shutil.copytree(made.root, root)
        output = Output(str(root))
        if not was_killed(step, finish, output, made):
            break
        lying, placed = sums_below(root), load_run(output).run_id == made.run.run_id
        mixed += bool(lying.items() - made.before.items()) and bool(lying.items() - after.items())
        assert lying.items() <= covered.items() or not says_covered(output), step
        others = {"copy-other"} if lying != made.before and not placed else set()
        assert {one.kind for one in verify_output(output).findings} == others, step
        # Nothing is lost: what was made is found, wherever the kill has left it.
        assert all(find_copies(output, *group) for group in made.groups), step
        if not output.exists(output.path(PUT)):
            assert lying == made.before
            assert not begun
            continue
        begun += 1
        if step % 6 == 0:
            write_report(output, "en")  # a report is of the run that is put in place, too
            assert covered == after or not says_covered(output), step
        finish_put(output)
        assert sums_below(root) == after, step
        assert not verify_output(output).findings, step
        assert not {"made", "next", "rows"} & set(os.listdir(root / ".spans")), step
        shutil.rmtree(root)
    assert begun > 10
    assert mixed > 2


def test_the_same_command_goes_on_and_draws_nothing_again(
    made: Made, source: Path, tmp_path: Path
) -> None:
    root = tmp_path / "out"
    shutil.copytree(made.root, root)
    overlay = str((made.run.render or {})["overlay"])
    assert was_killed(7, finish, Output(str(root)), made)
    run = analyze(source, root, "--overlay", overlay, "--sample-fps", "1")
    assert run["counts"]["render"]["frames"] == 0
    assert run["render"]["overlay"] == overlay
    assert not list((root / ".spans").glob("made/*"))
    assert "clean" in command("verify", root).stdout


def test_a_copy_of_another_run_is_told(made: Made, tmp_path: Path) -> None:
    root = tmp_path / "out"
    shutil.copytree(made.root, root)
    output = Output(str(root))
    other = next((root / ".spans").glob("made/*/annotated/happy.jpg"))
    (root / "annotated/happy.jpg").write_bytes(other.read_bytes())
    findings = [one for one in verify_output(output).findings if one.kind.startswith("copy")]
    assert [one.line() for one in findings] == [
        "copy-other: 1 annotated copies or contact sheets that this run has not made: "
        "run it again; first: annotated/happy.jpg"
    ]
    write_report(output, "en")
    assert WORDS["covered"][0] not in (root / "report.html").read_text()
