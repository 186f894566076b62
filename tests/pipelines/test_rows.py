"""Rows do not depend on workers, on the length of spans, or on which media come together."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.pipelines.jobs import SAMPLES, analyze, assert_same_rows, frames_of


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video that has faces and a stretch without any, and some pictures."""
    folder = tmp_path_factory.mktemp("media")
    shutil.copy(SAMPLES / "videos/two_faces.mp4", folder)
    for picture in ("group.png", "no_face.jpg", "rotated.jpg"):
        shutil.copy(SAMPLES / "pictures" / picture, folder)
    return folder


@pytest.fixture(scope="module")
def reference(media: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of one worker and spans of 10 s."""
    output = tmp_path_factory.mktemp("reference")
    analyze(media, output, "--workers", "1", "--sample-fps", "4")
    return output


def test_there_are_rows_to_compare(reference: Path) -> None:
    rows = frames_of(reference)
    assert len(rows["faces"]) > 30
    assert set(rows["frames"].status) == {"ok", "no_face"}
    assert len(rows["media"]) == 4


@pytest.mark.parametrize(
    "options", [("--workers", "2", "--span-s", "2"), ("--workers", "1", "--span-s", "1000")]
)
def test_rows_are_the_same_for_workers_and_span_lengths(
    options: tuple[str, ...], media: Path, reference: Path, tmp_path: Path
) -> None:
    analyze(media, tmp_path / "out", "--sample-fps", "4", *options)
    assert_same_rows(tmp_path / "out", reference)


def test_pictures_one_by_one_have_the_rows_of_pictures_together(
    media: Path, reference: Path, tmp_path: Path
) -> None:
    parts = []
    for picture in ("group.png", "rotated.jpg"):
        output = tmp_path / picture
        analyze(media / picture, output, "--workers", "1", "--sample-fps", "4")
        parts.append(frames_of(output)["faces"])
    together = frames_of(reference)["faces"]
    expected = together[together.media.isin(["group.png", "rotated.jpg"])].reset_index(drop=True)
    alone = pd.concat(parts).reset_index(drop=True)
    assert len(alone) == 4
    pd.testing.assert_frame_equal(alone, expected, check_exact=False, atol=1e-4)
