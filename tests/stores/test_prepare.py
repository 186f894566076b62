"""Labelled pictures in a store become DATA in a store."""

from __future__ import annotations

from pathlib import Path

from ferbeam.stores import store_of
from tests.pipelines.jobs import ferbeam
from tests.pipelines.labelled import fill
from tests.stores.media import upload
from tests.stores.servers import Server


def test_data_in_a_store_hold_the_faces_and_nothing_that_was_for_the_run_alone(
    server: Server, tmp_path: Path
) -> None:
    fill(tmp_path / "faces", copies=3)
    source, data = upload(tmp_path / "faces", server, "labelled"), server.uri("data")
    words = ("prepare", source, data, "--cropped", "--valid-share", "0.3")
    done = ferbeam(*words)
    assert (done.returncode, done.stderr) == (0, "")
    names = {found.uri.removeprefix(f"{data}/") for found in store_of(data).list(f"{data}/")}
    assert names == {".ferbeam/mark.json", "skipped.csv", "train.parquet", "valid.parquet"}
    assert ferbeam(*words).returncode == 2
    assert ferbeam(*words, "--overwrite").returncode == 0
