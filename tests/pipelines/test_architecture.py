"""Who may import what."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.pipelines.jobs import ROOT

MODULES = sorted(
    path
    for folder in ("fer_core", "pipelines", "sample_data", "tests")
    for path in (ROOT / folder).rglob("*.py")
)
CORE = [path for path in MODULES if path.is_relative_to(ROOT / "fer_core")]
SHELL = ROOT / "pipelines" / "ferbeam"
FLOORS = (
    {"__main__"},
    {"cli", "job_main"},
    {"api", "commands"},
    {"agreement"},
    {"control", "report", "training"},
    {"analysis", "live", "query", "terminal", "verify"},
    {"deploy", "output"},
    {"runners", "stores"},
    {"guard", "masking", "settings", "shell_words", "text", "versions"},
)
"""The rooms of the shell by floor: a room uses those below it and `fer_core`, no other."""
PIXELS = {"PIL", "av", "cv2"}
TENSORFLOW = (
    "fer_core/learn/",
    "fer_core/classify.py",
    "tests/train/",
    "tests/bench/peers/rivals/",
)


def loaded_by(statement: str) -> set[str]:
    """Returns the top-level packages that a statement loads in a fresh interpreter."""
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def imports_of(path: Path) -> set[str]:
    """Returns the modules that a file imports anywhere."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def test_the_core_loads_neither_beam_nor_click_nor_tensorflow() -> None:
    modules = [
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
        for path in CORE
        if "learn" not in path.parts and path.name != "__init__.py"
    ]
    assert len(modules) > 10
    loaded = loaded_by(f"import {', '.join(modules)}")
    assert "cv2" in loaded
    assert not loaded & {"apache_beam", "click", "rich", "tensorflow", "keras", "pipelines"}


def test_help_loads_nothing_heavy() -> None:
    loaded = loaded_by("import ferbeam.cli")
    assert not loaded & {"apache_beam", "cv2", "numpy", "pyarrow", "av", "tensorflow", "rich"}


def test_the_command_loads_neither_beam_nor_what_reads_pictures() -> None:
    modules = ("control.ask", "control.run", "terminal.progress", "terminal.summary")
    loaded = loaded_by(f"import {', '.join(f'ferbeam.{module}' for module in modules)}")
    assert not loaded & {"apache_beam", "av", "cv2", "PIL"}


def test_our_processes_load_neither_pandas_nor_databases() -> None:
    uses = "import apache_beam, pyarrow; pyarrow.array([1])"
    needless = {"pandas", "pymongo"}
    if find_spec("google.cloud") is None:  # what reads gs:// needs requests itself
        needless.add("requests")
    assert needless <= loaded_by(uses)
    ours = "from ferbeam.guard.left_out import BIGQUERY, leave_out"
    assert not needless & loaded_by(f"{ours}; leave_out('pandas', 'bson', BIGQUERY); {uses}")


def test_only_pipelines_knows_beam_and_the_command_line() -> None:
    for path in CORE:
        packages = {name.partition(".")[0] for name in imports_of(path)}
        assert not packages & {"apache_beam", "click", "rich", "pipelines"}, path


def test_only_learning_and_its_engine_know_tensorflow() -> None:
    for path in MODULES:
        packages = {name.partition(".")[0] for name in imports_of(path)}
        if packages & {"tensorflow", "keras"}:
            assert path.relative_to(ROOT).as_posix().startswith(TENSORFLOW), path


def test_rooms_use_only_those_below_them() -> None:
    floors = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
    arrows = set()
    for path in SHELL.rglob("*.py"):
        room = path.relative_to(SHELL).parts[0].removesuffix(".py")
        if room == "__init__":  # the public API
            continue
        used = {name.split(".")[1] for name in imports_of(path) if name.startswith("ferbeam.")}
        arrows |= {(room, other) for other in used if other != room}
    assert len(arrows) > 20
    assert not {arrow for arrow in arrows if floors[arrow[1]] <= floors[arrow[0]]}


def test_the_shell_knows_no_pixels() -> None:
    for path in SHELL.rglob("*.py"):
        packages = {name.partition(".")[0] for name in imports_of(path)}
        assert not packages & PIXELS or path.parent.name == "live", path


def test_no_test_takes_from_another() -> None:
    for path in MODULES:
        if path.is_relative_to(ROOT / "tests"):
            taken = {name.rpartition(".")[0] for name in imports_of(path)}
            assert not {name for name in taken if name.rpartition(".")[2].startswith("test_")}, path
