"""A `run.json` that is damaged, or that somebody made up, ends every command in one line."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fer_core.errors import FerError
from ferbeam.output.folder import Output
from ferbeam.output.run_file import Run, find_run, load_run, write_run
from tests.pipelines.finished import make_failure, make_video, write_finished
from tests.pipelines.jobs import call

COMMANDS = (
    ("query", "{out}", "SELECT count(*) FROM faces"),
    ("export", "{out}", "{out}.csv"),
    ("failures", "{out}"),
    ("report", "{out}"),
    ("profile", "{out}"),
    ("verify", "{out}"),
)
Values = dict[str, Any]


def put(*path: str | int, value: Any) -> Callable[[bytes], bytes]:
    """Returns what puts a value somewhere into `run.json`."""

    def change(data: bytes) -> bytes:
        run = json.loads(data)
        place = run
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value
        return json.dumps(run).encode()

    return change


def without(name: str) -> Callable[[bytes], bytes]:
    return lambda data: json.dumps(
        {key: value for key, value in json.loads(data).items() if key != name}
    ).encode()


def insert(text: bytes) -> Callable[[bytes], bytes]:
    """Returns what puts text in front of the first key."""
    return lambda data: data.replace(b"{", b"{" + text, 1)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "no JSON": lambda data: b"analysed, all is well",
    "binary": lambda data: bytes(range(256)) * 4,
    "cut short": lambda data: data[: len(data) // 2],
    "something behind it": lambda data: data + b"}",
    "no UTF-8": lambda data: data.replace(b"analyze", b"anal\xff\xfeyze"),
    "half a letter": put("belongs_to", "INPUT", value="\ud800"),
    "a list": lambda data: b"[" + data + b"]",
    "text": lambda data: b'"run"',
    "nested deeply": insert(b'"a": ' + b"[" * 200_000 + b"]" * 200_000 + b","),
    "nested deeply in its place": put("tables", "faces", value=[[[[[]]]]]),
    "a key twice": insert(b'"span_s": 1,'),
    "a key twice within": lambda data: data.replace(b'"rows": {', b'"rows": {"faces": 1,'),
    "a key that is none": insert(b'"more": 1,'),
    "NaN": lambda data: data.replace(b'"whole": 1.0', b'"whole": NaN'),
    "infinite": lambda data: data.replace(b'"whole": 1.0', b'"whole": 1e999'),
    "huge": put("rows", "faces", value=10**400),
    "a number of 5,000 digits": lambda data: data.replace(
        b'"workers": 2', b'"workers": ' + b"9" * 5000
    ),
    "negative": put("rows", "faces", value=-1),
    "a fraction": put("rows", "faces", value=1.5),
    "true": put("rows", "faces", value=True),
    "text for a number": put("seconds", "whole", value="1"),
    "a number for text": put("command", value=7),
    "null": put("tables", value=None),
    "a table for a list": put("tables", "faces", value={"faces/000000.parquet": 1}),
    "tables that are none": put("tables", "more", value=[]),
    "no tables": without("tables"),
    "no sums": without("sums"),
    "no seconds": without("seconds"),
    "no INPUT": put("belongs_to", value={}),
    "sums of nothing": put("sums", value={}),
    "another version": put("schema_version", value="0"),
    "no date": put("started", value="yesterday"),
    "no model": put("model", value={"name": "x"}),
    "a path above": put("tables", "faces", value=["../faces/000000.parquet"]),
    "a path up and down": put("tables", "faces", value=["faces/../faces/000000.parquet"]),
    "an absolute path": put("tables", "faces", value=["/etc/passwd"]),
    "a path of another table": put("tables", "faces", value=["frames/000000.parquet"]),
    "an empty path": put("tables", "faces", value=[""]),
    "a path with a NUL": put("tables", "faces", value=["faces/\0.parquet"]),
    "a path with an escape": put("tables", "faces", value=["faces/\x1b[2J.parquet"]),
    "a file twice": put("tables", "frames", value=["frames/000000.parquet"] * 2),
    "a command with an escape": put("command", value="ferbeam analyze \x1b]0;x\x07 out"),
    "a command of two lines": put("command", value="ferbeam analyze in out\nrm -rf ~"),
    "a command that turns": put("command", value="ferbeam analyze '\u202egpj.a' out"),
    "a command and another": put("command", value="ferbeam analyze in out; rm -rf ~"),
    "a command in a command": put("command", value="ferbeam analyze $(rm -rf ~) out"),
    "a name with an escape": put("wall", value={"\x1b[31m": 1.0}),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    media = [make_video("a.mp4", 20), make_failure("b.mp4", "b.mp4: is empty")]
    return write_finished(tmp_path_factory.mktemp("run") / "out", media)


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_ends_every_command_in_one_line(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    out = tmp_path / "out"
    shutil.copytree(good, out)
    (out / "run.json").write_bytes(DAMAGE[damage]((out / "run.json").read_bytes()))
    for words in COMMANDS:
        code, said, error = call(capsys, *(word.format(out=out) for word in words))
        assert code == (1 if words[0] == "verify" else 2), words
        lines = (said + error).splitlines()
        assert all(line.isprintable() for line in lines), words
        if words[0] == "verify":
            assert lines[0].startswith(("run: 1 ", "path: 1 ", "schema: 1 ")), lines
            continue
        assert len(lines) == 1, words
        assert lines[0].startswith(f"ferbeam: OUTPUT {out}: "), lines
        assert "`ferbeam verify`" in lines[0]
        assert "`ferbeam analyze`" in lines[0]
    assert not (tmp_path / "out.csv").exists()


def test_what_is_written_is_read(good: Path, tmp_path: Path) -> None:
    run = load_run(Output(str(good)))
    write_run(Output(str(tmp_path)), run)
    assert find_run(Output(str(tmp_path))) == run


@pytest.mark.parametrize("seed", range(8))
def test_no_bytes_do_more_than_raise(good: Path, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    whole = (good / "run.json").read_bytes()
    bits = (b"\x00", b"\xff", b"[", b"{", b'"', b"1e999", b"-9", b"null", b"true", b"\\u0000", b",")
    read, refused = 0, []
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(data))
            kind = rng.randrange(4)
            if kind == 0:
                data[at] ^= 1 << rng.randrange(8)
            elif kind == 1:
                del data[at : at + rng.randrange(1, 40)]
            elif kind == 2:
                data[at:at] = rng.choice(bits)
            else:
                start = rng.randrange(len(data))
                data[at:at] = data[start : start + rng.randrange(1, 60)]
        (tmp_path / "run.json").write_bytes(bytes(data))
        try:
            read += isinstance(find_run(Output(str(tmp_path))), Run)
        except FerError as error:
            refused.append(str(error))
    assert read + len(refused) == 150
    assert len(refused) > 50
    assert all(reason.isprintable() for reason in refused)


def test_one_that_is_a_link_or_too_large_is_not_read(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run.json").symlink_to(good / "run.json")
    with pytest.raises(FerError, match="it leads out of OUTPUT"):
        load_run(Output(str(tmp_path)))
    monkeypatch.setattr("ferbeam.output.run_file.MOST_BYTES", 1000)
    with pytest.raises(FerError, match=r"bytes, more than 1,000"):
        load_run(Output(str(good)))
