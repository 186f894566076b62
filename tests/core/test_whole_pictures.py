"""Whole pictures: found, right of found, right of all, under every prior, in one report."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fer_core.errors import DataError, UsageError
from fer_core.faces import Box, Face
from fer_core.learn.report import EvaluationFacts, write_markdown
from fer_core.learn.whole_pictures import KEYS, analyse_set, picture_metrics
from fer_core.model import find_model_dir
from fer_core.picture_faces import PictureAnalyst
from ferbeam.training.evaluate import EvaluateRequest, run_evaluate
from tests.pipelines.labelled import fill

ANGRY, HAPPY, SAD = 0, 3, 5
PRIORS = {"learnt": (), "angry": (9.0, 1, 1, 1, 1, 1, 1)}


def bright(grey: NDArray[np.uint8], *others: object) -> list[Face]:
    """Finds a large face in bright pictures, and a small one beside it; none in dark ones."""
    if grey.mean() < 50:
        return []
    return [Face(box, box) for box in (Box(0, 0, 20, 20), Box(30, 0, 60, 60))]


def mostly_happy(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Calls what is white happy, and anything else angry by a little."""
    scores = np.full((len(crops), 7), 0.02, np.float32)
    white = crops.mean(axis=(1, 2)) > 220
    scores[:, ANGRY] = np.where(white, 0.1, 0.6)
    scores[:, HAPPY] = np.where(white, 0.8, 0.3)
    return scores


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Three angry faces, of which one is too dark and one white; two white happy ones."""
    for name, greys in (("angry", (30, 120, 250)), ("happy", (250, 250))):
        (tmp_path / "set" / name).mkdir(parents=True)
        for index, grey in enumerate(greys):
            picture = np.full((80, 100), grey, np.uint8)
            picture[:20, :20] = 120
            cv2.imwrite(str(tmp_path / "set" / name / f"{index}.png"), picture)
    (tmp_path / "set" / "happy" / "notes.txt").write_text("no picture")
    return tmp_path / "set"


def test_what_is_not_found_is_right_in_no_figure_of_all(pictures: Path) -> None:
    answers = analyse_set(pictures, PictureAnalyst(bright, mostly_happy))
    assert answers.truth.tolist() == [ANGRY, ANGRY, ANGRY, HAPPY, HAPPY]
    assert [line.partition(":")[0] for line in answers.skipped] == ["happy/notes.txt"]
    metrics = picture_metrics(answers, PRIORS)
    assert (metrics["pictures"], metrics["found"]) == (5, 4)
    assert metrics["learnt.accuracy"] == pytest.approx(3 / 4)
    assert metrics["learnt.accuracy_of_all"] == pytest.approx(3 / 5)
    assert metrics["learnt.recall_angry"] == pytest.approx(1 / 2)
    assert metrics["learnt.macro_f1"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    # With anger expected nine times as often, what is white is called angry: 0.9 to 0.8.
    assert metrics["angry.accuracy"] == pytest.approx(2 / 4)
    assert "learnt.recall_sad" not in metrics


def test_the_report_tells_the_worst_emotion_first(pictures: Path) -> None:
    answers = analyse_set(pictures, PictureAnalyst(bright, mostly_happy))
    metrics = {f"pictures.set.{k}": v for k, v in picture_metrics(answers, PRIORS).items()}
    facts = EvaluationFacts("m", "0", "litert", "valid", priors=tuple(PRIORS), sets=("set",))
    text = write_markdown(metrics, facts)
    assert "| set | 5 | 4 | learnt | 0.750 | 0.600 | 0.733 |" in text
    assert "angry 0.50, happy 1.00 |" in text
    assert all(f"`{key}`" in text for key in KEYS)
    assert "## Figures" not in text


def test_sets_are_measured_beside_each_other_with_the_shipped_network(tmp_path: Path) -> None:
    fill(tmp_path / "first")
    fill(tmp_path / "second", copies=2)
    folders = (tmp_path / "first", tmp_path / "second")
    lines: list[str] = []
    request = EvaluateRequest(None, find_model_dir(), report=tmp_path / "out", pictures=folders)
    run_evaluate(request, lines.append)
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["pictures.first.pictures"] == 7
    assert metrics["pictures.second.pictures"] == 14
    assert metrics["pictures.first.found"] >= 6
    for prior in ("learnt", "web", "even"):
        assert metrics[f"pictures.first.{prior}.accuracy"] > 0.5
    assert any(line.startswith("second, prior web: right of found ") for line in lines)


def test_what_cannot_be_measured_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to measure"):
        run_evaluate(EvaluateRequest(None, find_model_dir()), lambda line: None)
    (tmp_path / "a" / "set").mkdir(parents=True)
    (tmp_path / "b" / "set").mkdir(parents=True)
    same = (tmp_path / "a" / "set", tmp_path / "b" / "set")
    with pytest.raises(UsageError, match="set needs a name of its own"):
        run_evaluate(EvaluateRequest(None, find_model_dir(), pictures=same), lambda line: None)
    with pytest.raises(DataError, match="no picture in angry, disgust"):
        run_evaluate(EvaluateRequest(None, find_model_dir(), pictures=same[:1]), lambda line: None)
