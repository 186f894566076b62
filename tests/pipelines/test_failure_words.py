"""The reasons of failures are in French where the report is."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from ferbeam.report.failure_words import FRENCH, in_french
from tests.pipelines.jobs import ROOT

SOURCES = sorted(
    path
    for folder in ("fer_core", "pipelines/ferbeam/analysis")
    for path in (ROOT / folder).rglob("*.py")
    if "learn" not in path.parts
)
RAISES = {"MediaError", "list_failure", "CrashError"}


def reasons() -> Iterator[str]:
    """Yields the texts that are given to failures in the code, a 7 for whatever differs."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in RAISES:
                for given in node.args:
                    if isinstance(given, (ast.JoinedStr, ast.Constant)):
                        yield text_of(given)


def text_of(given: ast.JoinedStr | ast.Constant) -> str:
    parts = given.values if isinstance(given, ast.JoinedStr) else [given]
    text = "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts)
    return text.removeprefix("7: ")


def test_every_reason_in_the_code_has_its_french() -> None:
    found = [text for text in reasons() if " " in text]
    assert len(found) > 25
    assert [text for text in found if in_french("", text) == text] == []


@pytest.mark.parametrize(
    ("message", "french"),
    [
        ("a.mp4: its index (moov) is missing: the recording or copy was not finished, copy it "
         "again", "a.mp4\N{NO-BREAK SPACE}: son index (moov) manque"),
        ("a.mp4: it has no annotated copy: cannot be written as MP4: Input/output error",
         "ne peut pas être écrit en MP4\N{NO-BREAK SPACE}: erreur d’entrée-sortie"),
        ("a.mp4: its annotated copy is not complete: 3 of 40 frames could not be decoded",
         "3 images sur 40 n’ont pas pu être décodées"),
        ("a.mp4: what nobody foresaw", "a.mp4\N{NO-BREAK SPACE}: what nobody foresaw"),
    ],
)  # fmt: skip
def test_a_reason_keeps_its_name_and_its_numbers(message: str, french: str) -> None:
    assert french in in_french("a.mp4", message)


def test_both_say_as_much() -> None:
    assert {english.count("{}") - french.count("{}") for english, french in FRENCH} == {0}
