"""Images begin with what a digest names, and run as a user without rights."""

from __future__ import annotations

import re

from tests.pipelines.jobs import ROOT

LINES = (ROOT / "pipelines/ferbeam/deploy/Dockerfile").read_text(encoding="utf-8").splitlines()


def words_after(order: str) -> list[str]:
    """Returns what follows an instruction, each time it is there."""
    return [line.split()[1] for line in LINES if line.startswith(f"{order} ")]


def test_every_base_is_named_by_its_digest() -> None:
    bases = [base for base in words_after("FROM") if base != "worker"]
    assert len(bases) == 4
    for base in bases:
        name = base.removeprefix("${").removesuffix("}")
        assert base == f"${{{name}}}"
        given = f'"${name}"'  # none without a digest gets through the check
        assert any(line.startswith("RUN for image in") and given in line for line in LINES)
    named = [each.partition("=")[2] for each in words_after("ARG") if "_IMAGE=" in each]
    assert all(each == "scratch" or re.search(r"@sha256:[0-9a-f]{64}$", each) for each in named)
    assert len(named) == 2


def test_the_user_has_no_rights() -> None:
    users = words_after("USER")
    assert users[0] == users[-1] == "${WORKER_USER}"
    assert {arg for arg in words_after("ARG") if arg.startswith("WORKER_USER")} == {
        "WORKER_USER=ferbeam"
    }
