"""What the machine does to a job: it says so in one line, keeps what was there, and can go on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.pipelines.jobs import ROOT, SAMPLES, analyze, assert_same_rows, ferbeam, frames_of
from tests.pipelines.labelled import fill


def copy_samples(folder: Path, *names: str) -> Path:
    """Makes an INPUT of some of the samples."""
    folder.mkdir(exist_ok=True)
    for name in names:
        shutil.copy(SAMPLES / name, folder)
    return folder


def run_with_own_disk(script: str) -> subprocess.CompletedProcess[str]:
    """Runs a shell script in a name space of its own, where it may mount a small disk."""
    command = ["unshare", "-rm", "sh", "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="needs a name space for its own small disk")
def test_a_full_disk_leaves_the_tables_as_they_were_and_the_job_goes_on(tmp_path: Path) -> None:
    source = copy_samples(tmp_path / "in", "pictures/happy.jpg")
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    run = f"{sys.executable} -m ferbeam.cli analyze {source} {disk}/out"
    script = f"""
        set -e
        mount -t tmpfs -o size=400k none {disk}
        {run}
        cp -r {disk}/out {kept}
        cp {SAMPLES}/videos/one_face.mp4 {source}
        set +e; {run}; echo ended with $? ; set -e
        cp -r {disk}/out {kept}_full
        mount -o remount,size=50m {disk}
        {run}
        cp -r {disk}/out {kept}_done
    """
    done = run_with_own_disk(script)
    assert "ended with 75" in done.stdout
    assert errors_in(done.stderr) == 1
    assert "the disk is full; free some space" in done.stderr
    assert_same_rows(kept, tmp_path / "kept_full")
    assert not list((tmp_path / "kept_full").rglob("tmp-*"))
    analyze(source, tmp_path / "undisturbed")
    ours, theirs = frames_of(tmp_path / "kept_done"), frames_of(tmp_path / "undisturbed")
    assert ours["faces"].equals(theirs["faces"])


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="needs a name space for its own small disk")
def test_prepare_on_a_full_disk_leaves_no_data_that_look_whole(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    for part in ("train", "valid"):
        fill(tmp_path / "in" / part, copies=12)
    run = f"{sys.executable} -m ferbeam.cli prepare {tmp_path}/in {disk}/data"
    script = f"""
        set -e
        mount -t tmpfs -o size=60k none {disk}
        set +e; {run}; echo ended with $? ; set -e
        test ! -e {disk}/data/train.parquet
        mount -o remount,size=50m {disk}
        {run}
        cp {disk}/data/train.parquet {tmp_path}
    """
    done = run_with_own_disk(script)
    assert "ended with 75" in done.stdout
    assert done.stderr.count("\n") == 1
    assert "the disk is full; free some space" in done.stderr
    assert pq.read_table(tmp_path / "train.parquet").num_rows == 84


def errors_in(told: str) -> int:
    """Counts the lines that a command ends with; those of its progress begin otherwise."""
    return sum(line.startswith("ferbeam: ") for line in told.splitlines())


def test_an_output_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    source = copy_samples(tmp_path / "in", "pictures/happy.jpg")
    (tmp_path / "file").write_text("no folder")
    done = ferbeam("analyze", source, tmp_path / "file" / "out")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "cannot be written: Not a directory" in done.stderr


def test_an_input_that_vanishes_leaves_the_tables_as_they_were(tmp_path: Path) -> None:
    source = copy_samples(tmp_path / "in", "pictures/happy.jpg")
    output, before = tmp_path / "out", tmp_path / "before"
    analyze(source, output)
    shutil.copytree(output, before)
    copy_samples(source, "videos/one_face.mp4", "videos/two_faces.mp4")
    command = [sys.executable, "-m", "ferbeam.cli", "analyze", str(source), str(output)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        while not list(output.glob(".spans/started/*")) and process.poll() is None:
            time.sleep(0.005)
        shutil.rmtree(source)
        _, errors = process.communicate(timeout=100)
    assert process.returncode == 1
    assert errors_in(errors) == 1
    assert "INPUT changed: this is gone" in errors
    assert_same_rows(output, before)


def test_of_two_jobs_the_second_stops_and_names_the_first(tmp_path: Path) -> None:
    source = copy_samples(tmp_path / "in", "videos/one_face.mp4")
    output = tmp_path / "out"
    command = [sys.executable, "-m", "ferbeam.cli", "analyze", str(source), str(output)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as first:
        while not (output / ".lock").exists() and first.poll() is None:
            time.sleep(0.01)
        second = ferbeam("analyze", source, output, "--overwrite")
        assert first.wait(timeout=100) == 0
    assert second.returncode == 75
    assert f"process {first.pid} on " in second.stderr
    assert f"or end it: kill {first.pid}" in second.stderr
    assert not (output / ".lock").exists()


def test_a_lock_whose_owner_is_dead_does_not_hold(tmp_path: Path) -> None:
    source = copy_samples(tmp_path / "in", "pictures/happy.jpg")
    (tmp_path / "out").mkdir()
    lock = tmp_path / "out/.lock"
    lock.write_text(json.dumps({"pid": os.getpid(), "host": "here", "renewed": time.time()}))
    analyze(source, tmp_path / "out")
    assert not lock.exists()
