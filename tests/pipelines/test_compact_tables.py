"""The tables of a finished run are few files, whatever is added, changed or dropped, and whenever
a run is ended: whoever reads them, by `run.json` or by all files of a folder, finds each row once.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer_core.records import FRAMES, TABLES
from ferbeam.output import plan_parts as planning
from ferbeam.output.damage import DamageError
from ferbeam.output.finish_tables import put_run
from ferbeam.output.folder import Output
from ferbeam.output.local_folder import LocalFolder
from ferbeam.output.merge_rows import RowWriter, merge_rows
from ferbeam.output.put_tables import PUT, finish_put
from ferbeam.output.read_tables import read_rows, read_tables
from ferbeam.output.run_file import load_run
from ferbeam.output.table_parts import FAILURES_FILE, GROUP_ROWS
from ferbeam.output.tables import write_rows
from tests.pipelines.drawn_runs import Content, counted, expected, rows_of, run_once
from tests.pipelines.jobs import SAMPLES, analyze, ferbeam


def read_by_folder(output: Output, table: str) -> pa.Table:
    """Reads all files of a folder, as `faces/*.parquet` does."""
    files = sorted(Path(output.path(table)).glob("*.parquet"))
    empty = pa.Table.from_batches([], TABLES[table].remove_metadata())
    parts = [pq.ParquetFile(file).read().replace_schema_metadata(None) for file in files]
    return pa.concat_tables([empty, *parts])


def assert_holds(output: Output, content: Content) -> None:
    """Checks that both ways of reading give exactly the rows of these media."""
    run = load_run(output)
    for table, wanted in expected(content).items():
        assert counted(table, read_tables(output, run, table)) == wanted, table
        assert counted(table, read_by_folder(output, table)) == wanted, table


def media_of(count: int) -> Content:
    names = [f"{number % 7}/{number:05}" for number in range(count)]
    dice = random.Random(count)
    return {
        name + (".mp4" if number % 4 == 0 else ".jpg"): dice.randint(0, 99) or -1
        for number, name in enumerate(names)
    }


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Output:
    """An OUTPUT whose parts are full with 300 rows."""
    monkeypatch.setattr(planning, "FULL_ROWS", 300)
    return Output(str(tmp_path / "out"))


def change(content: Content, dice: random.Random) -> Content:
    """Adds, changes and drops some media; some no longer open, some do at last."""
    kept = {name: seed for name, seed in content.items() if dice.random() > 0.05}
    for name in [name for name in kept if dice.random() < 0.05]:
        kept[name] = dice.choice([-1 - dice.randint(0, 9), dice.randint(0, 99)])
    added = {f"{dice.randint(0, 9)}/n{dice.getrandbits(24)}.jpg": dice.randint(0, 99)}
    return {**kept, **added, f"new/{dice.getrandbits(24)}.mp4": dice.randint(0, 99)}


def test_tables_stay_few_and_right_over_many_nights(output: Output) -> None:
    dice, content = random.Random(1), media_of(120)
    run_once(output, "night00", content)
    assert_holds(output, content)
    first = len(load_run(output).tables["faces"])
    assert 1 < first < 10
    for night in range(1, 8):
        content = change(content, dice)
        run_once(output, f"night{night:02}", content)
        assert_holds(output, content)
    run = load_run(output)
    assert len(run.tables["faces"]) <= first + 2
    assert run.tables["failures"] == (FAILURES_FILE,)
    for table in TABLES:
        for file in run.tables[table]:
            names = pq.read_table(output.path(file))["media"].to_pylist()
            assert names == sorted(names)


def test_what_did_not_change_is_not_written_again(output: Output) -> None:
    content = media_of(120)
    run_once(output, "one", content)
    before = {file: os.stat(output.path(file)).st_mtime_ns for file in load_run(output).sums}
    run_once(output, "two", content)
    after = {file: os.stat(output.path(file)).st_mtime_ns for file in load_run(output).sums}
    assert after == before
    assert load_run(output).run_id == "two"
    run_once(output, "three", {**content, "new.jpg": 1})
    changed = [file for file in before if os.stat(output.path(file)).st_mtime_ns != before[file]]
    assert len({file.rpartition("/")[2] for file in changed}) == 1


def test_no_media_are_tables_without_rows(output: Output) -> None:
    run_once(output, "one", {"a.jpg": -1})
    assert_holds(output, {"a.jpg": -1})
    for table in TABLES:
        assert pq.read_table(output.path(table)).schema.names == TABLES[table].names
    run_once(output, "two", {})
    assert_holds(output, {})


class EndedError(Exception):
    """The command was ended here."""


@pytest.fixture
def end_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int | None], None]:
    """Ends the command before its n-th change of a file; None: never."""
    left: list[int | None] = [None]

    def step() -> None:
        if left[0] is not None:
            left[0] -= 1
            if left[0] < 0:
                raise EndedError

    def count(name: str) -> None:
        whole = getattr(LocalFolder, name)

        def counted_step(self: LocalFolder, *words: object) -> object:
            step()
            return whole(self, *words)

        monkeypatch.setattr(LocalFolder, name, counted_step)

    for name in ("move", "keep", "_put", "remove"):
        count(name)
    return lambda steps: left.__setitem__(0, steps)


def test_a_run_that_is_ended_anywhere_leaves_every_row_once(
    output: Output, tmp_path: Path, end_after: Callable[[int | None], None]
) -> None:
    dice, before = random.Random(3), media_of(36)
    # Failures of these are there before and after, of media that open and of media that do not.
    before |= {"opens.jpg": -2, "shuts.mp4": 40, "other.jpg": 35, "new/opens.mp4": -3}
    run_once(output, "before", before)
    after = change(change(before, dice), dice)
    after |= {"opens.jpg": 20, "shuts.mp4": -4, "other.jpg": 45, "new/opens.mp4": 15}
    whole, wanted = Path(output.root), (expected(before), expected(after))
    shutil.copytree(whole, tmp_path / "kept")
    states = set()
    for steps in range(10_000):
        shutil.rmtree(whole)
        shutil.copytree(tmp_path / "kept", whole)
        end_after(steps)
        try:
            run_once(output, "after", after)
        except EndedError:
            pass
        else:
            break
        finally:
            end_after(None)
        states.add(assert_whole(output, *wanted))
        if steps % 12 == 0:
            again = change(after, random.Random(steps))
            run_once(output, "again", again)
            assert_holds(output, again)
    assert states == {"before", "after"}
    assert steps > 40


def test_copies_that_a_kill_kept_from_their_places_are_put_there_by_the_next_command(
    output: Output, end_after: Callable[[int | None], None]
) -> None:
    """Also where INPUT is as it was before, so that the next run has nothing to do."""
    key, begun = "1" * 32, 0
    run_once(output, "before", {"a.jpg": 1})
    run = load_run(output)
    for steps in range(40):
        output.write(output.made_path(key, "annotated/a.jpg"), str(steps).encode())
        made = {"key": key, "sums": {"annotated/a.jpg": "0" * 64}}
        output.write_json(output.made_path(key), made)
        end_after(steps)
        with contextlib.suppress(EndedError):
            put_run(output, run, msgspec.structs.replace(run, run_id="after"), [("2" * 32, key)])
        end_after(None)
        if output.exists(output.path(PUT)):
            begun += 1
            finish_put(output)
            assert output.read(output.path("annotated/a.jpg")) == str(steps).encode()
            assert set(output.list_names(".spans")) <= {"copies", "kept", "known"}
            assert load_run(output).run_id == "after"
        put_run(output, load_run(output), run)
    assert begun > 5


def assert_whole(
    output: Output,
    before: dict[str, Counter[tuple[str, str]]],
    after: dict[str, Counter[tuple[str, str]]],
) -> str:
    """Checks that `run.json` gives one run, and every folder each medium once; tells which run."""
    run = load_run(output)
    wanted = before if run.run_id == "before" else after
    for table in TABLES:
        assert counted(table, read_tables(output, run, table)) == wanted[table]
        found = by_medium(counted(table, read_by_folder(output, table)))
        own = by_medium(before[table]), by_medium(after[table])
        for medium in {*found, *own[0], *own[1]}:
            assert found.get(medium) in (own[0].get(medium), own[1].get(medium)), (table, medium)
    return run.run_id


def by_medium(rows: Counter[tuple[str, str]]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for (medium, key), count in rows.items():
        found.setdefault(medium, Counter())[key] = count
    return found


KILLED = """
import random, sys
import tests.pipelines.test_compact_tables as own
own.planning.FULL_ROWS = 300
output = own.Output(sys.argv[1])
before = own.media_of(300)
after = own.change(own.change(before, random.Random(3)), random.Random(4))
print("ready", flush=True)
sys.stdin.readline()
own.run_once(output, "after", after)
"""


@pytest.mark.long
def test_a_run_that_is_killed_at_any_moment_leaves_every_row_once(output: Output) -> None:
    before = media_of(300)
    run_once(output, "before", before)
    after = change(change(before, random.Random(3)), random.Random(4))
    wanted = expected(before), expected(after)
    kept = Path(output.root).with_name("kept")
    shutil.copytree(output.root, kept)
    seconds, code = run_in_a_child(output, None)
    assert code == 0
    assert_holds(output, after)
    ended = set()
    for turn in range(20):
        shutil.rmtree(output.root)
        shutil.copytree(kept, output.root)
        _, code = run_in_a_child(output, seconds * (turn + 0.5) / 20)
        ended.add(code)
        assert_whole(output, *wanted)
        run_once(output, "again", after)
        assert_holds(output, after)
    assert -signal.SIGKILL in ended  # one that was quicker than the first may have ended
    assert ended <= {0, -signal.SIGKILL}


def run_in_a_child(output: Output, seconds: float | None) -> tuple[float, int]:
    """Has a child write the second run and kills it after `seconds`; how long it ran, its code."""
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, output.root],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        began = time.monotonic()
        process.stdin.write("\n")
        process.stdin.flush()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.kill()
    return time.monotonic() - began, process.returncode


def test_rows_whose_bytes_are_others_are_not_parsed(output: Output) -> None:
    """Arrow's format is not made for bytes from anywhere: it would believe what they claim."""
    files = write_rows(output, "0" * 32, rows_of("a.mp4", 5))
    assert read_rows(output, files.tables["faces"]).num_rows == files.rows["faces"]
    place = Path(output.path(files.tables["faces"]))
    data = bytearray(place.read_bytes())
    data[len(data) // 2] ^= 1
    place.write_bytes(data)
    with pytest.raises(DamageError, match="not those that were written"):
        read_rows(output, files.tables["faces"])
    shutil.copy(output.path(files.tables["frames"]), place)
    with pytest.raises(DamageError):
        read_rows(output, files.tables["faces"])


def test_merged_rows_are_in_order_and_row_groups_are_full(tmp_path: Path) -> None:
    def rows(name: str, count: int) -> pa.Table:
        columns = {"media": [name] * count, "frame_index": range(count), "timestamp_ms": 0}
        columns |= {"shown_ms": 1, "status": "ok", "face_count": 0}
        filled = {
            key: v if not isinstance(v, (int, str)) else [v] * count for key, v in columns.items()
        }
        return pa.table(filled, FRAMES)

    kept = [
        pa.concat_tables([rows("b", 70_000), rows("d", 70_000)]),
        pa.concat_tables([rows("d", 9), rows("f", 5)]),
    ]
    added = [
        (name, rows(name, count)) for name, count in (("a", 3), ("c", 60_000), ("e", 0), ("g", 1))
    ]
    with RowWriter(str(tmp_path / "frames.parquet"), FRAMES) as writer:
        for table in merge_rows(kept, added):
            writer.add(table)
    file = pq.ParquetFile(tmp_path / "frames.parquet")
    read = file.read()
    runs = [(name, count) for name, count in Counter(read["media"].to_pylist()).items()]
    assert runs == [("a", 3), ("b", 70_000), ("c", 60_000), ("d", 70_009), ("f", 5), ("g", 1)]
    groups = [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)]
    assert groups == [GROUP_ROWS, read.num_rows - GROUP_ROWS]
    assert read.schema.metadata[b"ferbeam.schema_version"] == b"2"


@pytest.mark.long
def test_an_input_that_was_moved_is_known_by_its_bytes(tmp_path: Path) -> None:
    first, second, out = tmp_path / "in", tmp_path / "elsewhere", tmp_path / "out"
    first.mkdir()
    for name in ("happy", "sad"):
        shutil.copy(SAMPLES / f"composites/{name}.png", first)
    analyze(first, out)
    made = find_origin(out)
    shutil.copytree(first, second, copy_function=shutil.copyfile)  # its times are of now
    refused = ferbeam("analyze", second, out, "--overlay", "none")
    assert refused.returncode == 2
    assert "INPUT was" in refused.stderr
    run = analyze(second, out, "--input-moved")
    assert run["counts"]["decode"]["frames"] == 0
    assert run["belongs_to"]["INPUT"] == str(second)
    assert find_origin(out) != made
    made = find_origin(out)
    shutil.rmtree(first)
    second.rename(first)
    run = analyze(first, out, "--input-moved")
    assert run["counts"]["probe"]["media"] == 0  # nothing is opened: the times are the same
    assert find_origin(out) == made
    assert run["counts"]["list"]["media"] == run["rows"]["media"] == 2
    since = made.pop()
    assert ferbeam("verify", out, "--since", since).returncode == 0
    unknown = ferbeam("verify", out, "--since", "nobody")
    assert (unknown.returncode, unknown.stderr.count(since)) == (2, 1)


def find_origin(out: Path) -> set[str]:
    """Returns the runs that made the rows of an OUTPUT."""
    return set(pq.read_table(out / "media")["run_id"].to_pylist())
