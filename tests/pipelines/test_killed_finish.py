"""A run that is killed while it finishes, with readers of the folders beside it all the time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import psutil
import pyarrow.parquet as pq
import pytest

from tests.pipelines.jobs import ROOT, SAMPLES, analyze, assert_same_rows, tables_of

pytestmark = pytest.mark.long
KILLS = 2 * int(os.environ.get("FERBEAM_KILLS", "2"))
OPTIONS = ("--overlay", "none", "--workers", "1", "--prune", "--quiet")
COLUMNS = ["media", "frame_index", "face_index", "emotion", "box_x"]
Rows = dict[str, list[tuple[object, ...]]]
"""The rows of each medium, in order."""


def put(folder: Path, number: int, emotion: str) -> None:
    shutil.copy(SAMPLES / f"composites/{emotion}.png", folder / f"{number:02}.png")


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of one face, as they are in the first run."""
    folder = tmp_path_factory.mktemp("media") / "in"
    folder.mkdir()
    for number in range(8):
        put(folder, number, "happy" if number % 2 else "sad")
    return folder


@pytest.fixture(scope="module")
def before(media: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OUTPUT of the first run; then media are changed, added and dropped."""
    output = tmp_path_factory.mktemp("before") / "out"
    analyze(media, output, *OPTIONS)
    for number in (1, 4, 9, 10):
        put(media, number, "surprise")
    (media / "03.png").unlink()
    return output


@pytest.fixture(scope="module")
def after(
    media: Path, before: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, float]:
    """The OUTPUT of the second run that nobody disturbed, and the seconds that its end took."""
    output = tmp_path_factory.mktemp("after") / "out"
    shutil.copytree(before, output)
    return output, run_and_kill(media, output, None)


def run_and_kill(media: Path, output: Path, seconds: float | None) -> float:
    """Runs the command, kills it so long after its tables are begun; tells how long it then ran."""
    command = [sys.executable, "-m", "ferbeam.cli", "analyze", str(media), str(output), *OPTIONS]
    with subprocess.Popen(command, cwd=ROOT) as process:
        limit = time.monotonic() + 200
        while not list((output / ".spans/next").glob("order-*")) and process.poll() is None:
            assert time.monotonic() < limit
            time.sleep(0.002)
        began = time.monotonic()
        started = psutil.Process(process.pid).children(recursive=True)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.kill()
    took = time.monotonic() - began
    _, alive = psutil.wait_procs(started, timeout=20)
    assert not alive
    return took


def of_media(rows: list[tuple[object, ...]]) -> Rows:
    found: Rows = {}
    for row in sorted(rows, key=str):
        found.setdefault(str(row[0]), []).append(row)
    return found


def read_duckdb(output: Path) -> Rows:
    """Asks DuckDB, and again where a file was replaced meanwhile: it opens each twice, and then
    ends with an error."""
    query = f"SELECT {', '.join(COLUMNS)} FROM '{output}/faces/*.parquet'"
    while True:
        lay = inodes(output / "faces")
        try:
            with duckdb.connect() as opened:
                return of_media(opened.sql(query).fetchall())
        except duckdb.Error:
            if inodes(output / "faces") == lay:
                raise


def inodes(folder: Path) -> dict[str, int]:
    return {entry.name: entry.inode() for entry in os.scandir(folder)}


def read_pyarrow(output: Path) -> Rows:
    files = sorted((output / "faces").glob("*.parquet"))
    tables = [pq.ParquetFile(file).read(COLUMNS, use_threads=False) for file in files]
    return of_media([tuple(row.values()) for table in tables for row in table.to_pylist()])


def assert_whole(found: Rows, old: Rows, new: Rows) -> None:
    """Checks that every medium is there as one of the two runs has it, with all its rows once."""
    for medium in {*found, *old, *new}:
        assert found.get(medium) in (old.get(medium), new.get(medium)), medium


@contextmanager
def readers(output: Path, old: Rows, new: Rows) -> Iterator[None]:
    """Reads the folder again and again within the block, in both ways."""
    stop = threading.Event()

    def keep_reading(read: Callable[[Path], Rows]) -> int:
        times = 0
        while not stop.is_set():
            assert_whole(read(output), old, new)
            times += 1
        return times

    with ThreadPoolExecutor() as pool:
        reading = [pool.submit(keep_reading, read) for read in (read_duckdb, read_pyarrow)]
        try:
            yield
        finally:
            stop.set()
    assert min(one.result() for one in reading) > 1


@pytest.mark.parametrize("turn", range(KILLS))
def test_readers_see_every_row_once_whenever_the_end_of_a_run_is_killed(
    turn: int, media: Path, before: Path, after: tuple[Path, float], tmp_path: Path
) -> None:
    undisturbed, seconds = after
    old, new = read_pyarrow(before), read_pyarrow(undisturbed)
    assert set(old) - set(new) == {"03.png"}
    assert old["01.png"] != new["01.png"]
    output = tmp_path / "out"
    shutil.copytree(before, output)
    with readers(output, old, new):
        run_and_kill(media, output, seconds * (turn + 0.5) / KILLS)
        told = tables_of(output)["faces"].select(COLUMNS).to_pylist()
        assert of_media([tuple(row.values()) for row in told]) in (old, new)
        analyze(media, output, *OPTIONS)
    assert read_duckdb(output) == new
    assert_same_rows(output, undisturbed)
