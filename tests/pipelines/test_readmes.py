"""What is written for readers: the README stays short, and all links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pipelines.jobs import ROOT

LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)")
DOCUMENTS = (
    "README.md",
    "fer_core/README.md",
    "models/README.md",
    "pipelines/README.md",
    "sample_data/README.md",
    ".github/CONTRIBUTING.md",
    ".github/CHANGELOG.md",
    ".github/SECURITY.md",
)


def anchors_of(document: Path) -> set[str]:
    """Returns the anchors that a page of Markdown gives its headings."""
    headings = re.findall(r"(?m)^#+ (.+)$", document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_the_readme_is_read_in_one_go() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 220


def test_the_readme_begins_with_commands_of_the_makefile() -> None:
    block = (ROOT / "README.md").read_text(encoding="utf-8").split("```")[1]
    targets = re.findall(r"(?m)^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"))
    called = re.findall(r"(?m)^make ([\w-]+)", block)
    assert {"run-local", "report", "test"} <= set(called) <= set(targets)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    document = ROOT / name
    for path, anchor in LINK.findall(document.read_text(encoding="utf-8")):
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), path
        if anchor:
            assert anchor in anchors_of(target), (path, anchor)


def test_every_page_beside_the_code_is_linked_from_the_readme() -> None:
    linked = {path for path, _ in LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))}
    assert {"fer_core/README.md", "models/README.md", "pipelines/README.md"} <= linked
