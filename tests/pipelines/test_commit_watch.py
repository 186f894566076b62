"""How far a run is, read from what it commits."""

from __future__ import annotations

import os

import pytest

from ferbeam.output.commit_watch import watch_commits
from ferbeam.output.folder import Output


def test_a_span_that_its_job_takes_back_ends_no_watch(
    claimed: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkdir(claimed.path(".spans"))
    watch = watch_commits(claimed)
    listed = os.listdir
    ghost = [f"{'a' * 32}.parquet"]  # of a medium that changed: gone once it was listed
    monkeypatch.setattr(os, "listdir", lambda path: ghost + listed(path))
    watch.look()
    assert watch.frames == 0
