"""Whole runs from a store into it, with two workers: what a local run gives, by single PUTs."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ferbeam.output.commit_watch import STORE_SECONDS
from ferbeam.output.folder import Output
from ferbeam.output.lock import RENEW_SECONDS
from ferbeam.stores import store_of
from tests.pipelines.jobs import assert_same_rows, ferbeam, frames_of
from tests.stores.conftest import SETTINGS
from tests.stores.media import CHOSEN, LONG, download, hash_pixels, upload
from tests.stores.servers import Server

SOME_FAILED = 3


def analyze(source: str, output: str, *options: str, code: int = SOME_FAILED) -> dict[str, Any]:
    """Analyses to the end, checks the exit code, and returns `run.json`."""
    done = ferbeam("analyze", source, output, *SETTINGS, *options)
    assert done.returncode == code, done.stdout + done.stderr
    run = Output(output).read_json(f"{output}/run.json")
    assert isinstance(run, dict)
    return run


def test_a_run_in_a_store_equals_a_local_one(
    server: Server, folder: Path, local: Path, tmp_path: Path
) -> None:
    source, output = upload(folder, server, "in"), server.uri("out")
    server.asked.clear()
    began = time.monotonic()
    analyze(source, output)
    assert_single_puts(server, time.monotonic() - began)
    copy = download(output, tmp_path / "copy")
    assert_same_tables(copy, local)
    copies = {path.relative_to(local) for path in (local / "annotated").rglob("*.*")}
    assert {path.relative_to(copy) for path in (copy / "annotated").rglob("*.*")} == copies
    assert len(copies) == len(CHOSEN)  # all but the broken one
    for name in copies:
        assert hash_pixels(copy / name) == hash_pixels(local / name), name
    assert not list((copy / ".spans").glob("*.mp4"))
    assert not (copy / ".spans/started").exists()

    exported = f"{server.uri('exports')}/all of it"
    for words in ((f"{exported}.xlsx", "--view", "summary"), (f"{exported}/*.vtt",)):
        asked = ferbeam("export", output, *words)
        assert asked.returncode == 0, asked.stdout + asked.stderr
    assert {found.uri.rpartition(".")[2] for found in store_of(exported).list(exported)} == {
        *("xlsx", "vtt")
    }
    asked = ferbeam("export", output, f"{output}/media/x.csv")
    assert (asked.returncode, asked.stderr.count("is a part of OUTPUT itself")) == (2, 1)

    server.asked.clear()
    again = analyze(source, output)
    for command in (("verify",), ("report",), ("profile",), ("query", "SELECT * FROM media")):
        asked = ferbeam(command[0], output, *command[1:])
        assert asked.returncode == 0, asked.stdout + asked.stderr
    assert again["counts"]["decode"]["frames"] == again["counts"]["render"]["frames"] == 0
    assert again["rows"] == json.loads((local / "run.json").read_text())["rows"]
    if server.scheme == "s3":
        written = [asked.path for asked in server.asked if asked.method == "PUT"]
        assert not [path for path in written if "/annotated/" in path]


def assert_same_tables(copy: Path, local: Path) -> None:
    """Compares the rows; a store gives no sha256, and no message names a folder."""
    media = frames_of(copy)["media"]
    assert media["sha256"].isna().all()
    assert not frames_of(local)["media"]["sha256"].isna().any()
    assert_same_rows(copy, local, without=("sha256",))


def assert_single_puts(server: Server, seconds: float) -> None:
    """Checks that every object was written by one request, and never in parts; but for the lock."""
    if server.scheme == "s3":
        puts = Counter(asked.path for asked in server.asked if asked.method == "PUT")
        assert len(puts) > 20
        for name in (".lock", "progress.json"):  # they are renewed
            del puts[f"/media/out/{name}"]
        assert set(puts.values()) == {1}
        assert not [asked for asked in server.asked if "uploads" in asked.query]
    else:  # the names are in the requests' bodies
        # A note is removed before it is first written, and the lock made where there may be one.
        done = [asked for asked in server.asked if asked.status < 400]
        uploads = [asked for asked in done if asked.path.startswith("/upload")]
        removed = [asked for asked in done if asked.method == "DELETE"]
        there = list(store_of(server.uri()).list(server.uri("out/")))
        placed = [asked for asked in done if asked.path.endswith("/compose")]
        renewed = len(uploads) + len(placed) - len(there) - len(removed)
        told = 2 * (seconds / STORE_SECONDS + 3)  # progress.json, asked for before it is replaced
        assert 0 <= renewed <= seconds / RENEW_SECONDS + told
        # The lock is made where there is none.
        queries = {asked.query.replace("&ifGenerationMatch=0", "") for asked in uploads}
        assert queries == {"uploadType=multipart"}


@pytest.mark.parametrize("running", ["s3"], indirect=True)
def test_what_is_committed_is_kept_and_the_rest_done(
    server: Server, folder: Path, local: Path, tmp_path: Path
) -> None:
    source, output = upload(folder, server, "in"), server.uri("resumed")
    first = analyze(source, output, "--overlay", "none")
    spans = list(Output(output).list_files(".spans"))
    spans = [name for name in spans if name.endswith(".parquet")]
    store_of(output).remove([f"{output}/{spans[0]}", f"{output}/run.json"])
    second = analyze(source, output, "--overlay", "none")
    frames = [run["counts"]["decode"]["frames"] for run in (first, second)]
    assert 0 < frames[1] < frames[0]
    copy = download(output, tmp_path / "copy")
    assert_same_rows(copy, local, without=("sha256", "annotated"))

    removed = f"{source}/{LONG}"
    store_of(source).remove([removed])
    refused = ferbeam("analyze", source, output, *SETTINGS, "--overlay", "none")
    assert refused.returncode == 2
    assert "OUTPUT holds 1 medium that INPUT no longer has" in refused.stderr
    store_of(output).write(f"{output}/mine.txt", b"kept")
    analyze(source, output, "--overlay", "none", "--overwrite")
    names = list(Output(output).list_files())
    assert "mine.txt" in names
    assert [name for name in names if name.startswith("media/")] == ["media/part-00000.parquet"]
