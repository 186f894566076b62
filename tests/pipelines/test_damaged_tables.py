"""Table files that are damaged, or made to burst: one line from every command, and no memory."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer_core.errors import FerError
from fer_core.records import FACES, FRAMES, TABLES
from ferbeam.output.folder import Output, encode_table
from ferbeam.output.read_tables import read_tables
from ferbeam.output.run_file import load_run
from ferbeam.query.tables import open_tables
from tests.pipelines.finished import make_failure, make_video, write_finished
from tests.pipelines.jobs import call

ROWS = 2_000_000
FILE = {name: f"{name}/000000.parquet" for name in TABLES} | {"failures": "failures/000001.parquet"}
COMMANDS = (("query", "{out}", "SELECT count(*) FROM {table}"), ("verify", "{out}"))
OTHERS = (("export", "{out}", "{out}.csv", "--view", "{table}"), ("report", "{out}"))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    media = [make_video("a.mp4", 200), make_failure("b.mp4", "b.mp4: is empty")]
    return write_finished(tmp_path_factory.mktemp("tables") / "out", media)


@pytest.fixture
def out(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "out"))


def put(out: Path, name: str, data: bytes, rows: int | None = None) -> None:
    """Puts bytes in place of a table file, as somebody would who makes `run.json` fit them."""
    (out / FILE[name]).write_bytes(data)
    run: dict[str, Any] = json.loads((out / "run.json").read_text(encoding="utf-8"))
    run["sums"][FILE[name]] = sha256(data).hexdigest()
    if rows is not None:
        run["rows"][name] = rows
    (out / "run.json").write_text(json.dumps(run), encoding="utf-8")


def encode(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True, **options)
    return sink.getvalue()


def same_rows(schema: pa.Schema, rows: int, text: str = "a.mp4") -> pa.Table:
    """Returns a table of rows that are all the same, of which Parquet keeps next to nothing."""
    columns = [
        pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), [text]).cast(pa.string())
        if pa.types.is_string(field.type)
        else pa.array(np.zeros(rows)).cast(field.type)
        for field in schema
    ]
    return pa.table(columns, schema)


def claim_rows(out: Path) -> None:
    put(out, "frames", encode(same_rows(FRAMES, ROWS)), ROWS)


def claim_long_names(out: Path) -> None:
    put(out, "frames", encode(same_rows(FRAMES, 4_000, "a" * 20_000)), 4_000)


def claim_one_text(out: Path) -> None:
    table = same_rows(TABLES["failures"], 1, "x" * 64_000_000)
    put(out, "failures", encode(table, use_dictionary=False), 1)


def spoil_text(out: Path) -> None:
    """Makes a name that is no UTF-8, in a file that is whole otherwise."""
    table = pq.ParquetFile(out / FILE["frames"]).read()
    raw = pa.array([b"\xff\xfe"] * len(table), pa.binary()).view(pa.string())
    put(out, "frames", encode(table.set_column(0, FRAMES.field("media"), raw)))


def lose_column(out: Path) -> None:
    table = pq.ParquetFile(out / FILE["faces"]).read()
    put(out, "faces", encode(table.drop_columns(["p_fear"])))


def lose_text(out: Path) -> None:
    table = pq.ParquetFile(out / FILE["faces"]).read()
    put(out, "faces", encode(table.drop_columns(["emotion"])))


def change_type(out: Path) -> None:
    table = pq.ParquetFile(out / FILE["frames"]).read()
    put(out, "frames", encode(table.set_column(1, "frame_index", pa.array(["x"] * len(table)))))


def age(out: Path) -> None:
    table = pq.ParquetFile(out / FILE["frames"]).read()
    put(out, "frames", encode(table.replace_schema_metadata({"ferbeam.schema_version": "0"})))


def flip(out: Path) -> None:
    data = bytearray((out / FILE["faces"]).read_bytes())
    data[len(data) // 2] ^= 1
    (out / FILE["faces"]).write_bytes(bytes(data))


def replace_by(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def change(out: Path) -> None:
        path = out / FILE["frames"]
        path.unlink()
        make(path)

    return change


def link_away(path: Path) -> None:
    outside = path.parent.parent.parent / "outside.parquet"
    outside.write_bytes(b"x")
    path.symlink_to(outside)


DAMAGE: dict[str, tuple[str, Callable[[Path], None]]] = {
    "a bit": ("faces", flip),
    "cut short": ("frames", lambda out: os.truncate(out / FILE["frames"], 500)),
    "no Parquet, with its checksum": ("frames", lambda out: put(out, "frames", b"PAR1 no PAR1")),
    "nothing, with its checksum": ("frames", lambda out: put(out, "frames", b"")),
    "gone": ("frames", replace_by(lambda path: None)),
    "a folder": ("frames", replace_by(Path.mkdir)),
    "a pipe": ("frames", replace_by(os.mkfifo)),
    "a link": ("frames", replace_by(link_away)),
    "a column less": ("faces", lose_column),
    "a text less": ("faces", lose_text),
    "a column of another type": ("frames", change_type),
    "another version": ("frames", age),
    "a name that is no text": ("frames", spoil_text),
    "more rows than are counted": (
        "frames",
        lambda out: put(out, "frames", (out / FILE["frames"]).read_bytes(), 199),
    ),
    "very many rows": ("frames", claim_rows),
    "a long name in every row": ("frames", claim_long_names),
    "one text of 64 MB": ("failures", claim_one_text),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_ends_every_command_in_one_line(
    out: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    table, change = DAMAGE[damage]
    change(out)
    pool = pa.default_memory_pool()
    pool.release_unused()
    for words in (*COMMANDS, *(OTHERS if damage == "a bit" else ())):
        held = pool.bytes_allocated()
        code, said, error = call(capsys, *(word.format(out=out, table=table) for word in words))
        assert code == (1 if words[0] == "verify" else 2), words
        lines = (said + error).splitlines()
        assert all(line.isprintable() for line in lines)
        if words[0] == "verify":
            assert f"; first: {table}" in said
            continue
        assert len(lines) == 1, words
        assert lines[0].startswith(f"ferbeam: OUTPUT {out}: {table}/") or "run.json" in lines[0]
        assert "`ferbeam verify`" in lines[0]
        assert "`ferbeam analyze`" in lines[0]
        assert pool.bytes_allocated() - held < 2**20
    assert not out.with_name("out.csv").exists()


def test_a_table_that_would_burst_takes_no_memory(out: Path) -> None:
    """By the highest mark of a fresh process: 2 million rows would take 150 MB."""
    import subprocess
    import sys

    claim_rows(out)
    code = (
        "import resource, sys; from ferbeam.cli import main\n"
        "import duckdb, pyarrow.dataset, scipy.special, ferbeam.query.tables\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"try: main(['query', {str(out)!r}, 'SELECT count(*) FROM frames'])\n"
        "except SystemExit as ended: print(ended.code)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    exit_code, grown = map(int, done.stdout.split())
    assert exit_code == 2
    assert "claims 2,000,000 rows" in done.stderr
    assert grown < 50_000, grown  # kB


@pytest.mark.parametrize("where", ["MOST_IN_MEMORY", "MOST_COPIED"])
def test_a_large_table_is_checked_before_it_is_asked(
    out: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    for name in ("MOST_IN_MEMORY", where):
        monkeypatch.setattr(f"ferbeam.query.tables.{name}", 10)
    with open_tables(Output(str(out))) as tables:
        assert tables.execute("SELECT count(*) FROM frames").fetchall() == [(200,)]
    os.truncate(out / FILE["frames"], 500)
    damage = r"frames/000000\.parquet: .*`ferbeam verify`"
    with pytest.raises(FerError, match=damage), open_tables(Output(str(out))):
        pass


def test_a_query_reads_copies_of_large_tables_which_go_with_it(
    out: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("ferbeam.query.tables.MOST_IN_MEMORY", 10)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = {file: (out / file).read_bytes() for file in FILE.values()}
    with open_tables(Output(str(out))) as tables:
        copies = [*tmp_path.glob("ferbeam-*/*.parquet")]
        assert len(copies) == 2  # of `faces` and `frames`
        for path in (*copies, *(out / file for file in before)):
            with suppress(duckdb.Error):
                tables.execute(f"COPY (SELECT 1) TO '{path}' (USE_TMP_FILE false)")
    assert {file: (out / file).read_bytes() for file in FILE.values()} == before
    assert not [*tmp_path.glob("ferbeam-*")]


@pytest.mark.parametrize("seed", range(4))
def test_no_bytes_do_more_than_raise(out: Path, seed: int) -> None:
    """Also where the checksum fits them; but not in the footer, over which Arrow ends processes."""
    rng = random.Random(seed)
    whole = (out / FILE["faces"]).read_bytes()
    end = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    refused = 0
    for _ in range(40):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(4, end)] ^= 1 << rng.randrange(8)
        put(out, "faces", bytes(data))
        output = Output(str(out))
        try:
            read_tables(output, load_run(output), "faces")
        except FerError:
            refused += 1
    assert refused > 20


def test_tables_of_real_shape_are_read(tmp_path: Path) -> None:
    """The frames of a still hour without a face, under a long name, shrink most."""
    count = 216_000
    frames = {
        "media": ["a" * 250] * count,
        "frame_index": np.arange(count),
        "timestamp_ms": np.arange(count) * 17,
        "shown_ms": np.full(count, 17),
        "status": ["no_face"] * count,
        "face_count": np.zeros(count, np.int32),
    }
    table = pa.table(frames, FRAMES)
    video = make_video("a" * 250, 20)
    write_finished(tmp_path, [{**video, "frames": table, "faces": video["faces"].cast(FACES)}])
    output = Output(str(tmp_path))
    read = read_tables(output, load_run(output), "frames")
    assert read.equals(table.replace_schema_metadata(None))
    assert encode_table(table)
