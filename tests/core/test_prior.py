"""How often expressions are expected: Bayes' rule, the card's word, and what a run remembers."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from fer_core.classify import weigh_scores
from fer_core.detection.detector_settings import HAAR
from fer_core.errors import ModelError, UsageError
from fer_core.learn.calibration import fit_expected
from fer_core.model import find_model_dir, load_card, load_classifier, write_card
from fer_core.prior import PRIORS, score_factors
from ferbeam.settings import RowSettings
from tests.core.faces import draw_faces

LEARNT = (0.1, 0.05, 0.05, 0.3, 0.3, 0.1, 0.1)


def posterior(likelihood: np.ndarray, prior: np.ndarray) -> np.ndarray:
    joint = likelihood * prior
    return np.asarray(joint / joint.sum(axis=1, keepdims=True))


@pytest.mark.parametrize(("prior", "power"), [("web", 0.3), ("even", 0.0), ("learnt", 1.0)])
def test_scores_become_what_the_same_likelihoods_give_under_the_other_prior(
    prior: str, power: float
) -> None:
    likelihood = np.random.default_rng(0).random((50, 7))
    learnt, expected = np.array(LEARNT), np.array(LEARNT) ** power
    scores = posterior(likelihood, learnt).astype(np.float32)
    weighed = weigh_scores(scores, score_factors(LEARNT, LEARNT, prior) or (1.0,) * 7)
    assert weighed.dtype == np.float32
    np.testing.assert_allclose(weighed, posterior(likelihood, expected), rtol=1e-5)


def test_scores_of_a_network_that_expects_something_else_come_to_what_people_said() -> None:
    """Fitted on what people say where emotions come in the shares LEARNT."""
    expected = (0.2, 0.1, 0.1, 0.2, 0.2, 0.1, 0.1)
    rng = np.random.default_rng(1)
    truth = rng.choice(7, 20_000, p=LEARNT)
    # What is seen is the emotion in three of four pictures, else anything.
    seen = np.where(rng.random(len(truth)) < 0.75, truth, rng.integers(0, 7, len(truth)))
    likelihood = np.full((7, 7), 0.25 / 7) + 0.75 * np.eye(7)
    scores = posterior(likelihood[seen], np.array(expected)).astype(np.float32)
    fitted = fit_expected(scores, np.eye(7, dtype=np.float32)[truth], LEARNT)
    assert sum(fitted) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(fitted, expected, rtol=0.15)
    weighed = weigh_scores(scores, score_factors(LEARNT, fitted, "learnt"))
    np.testing.assert_allclose(weighed.mean(axis=0), np.bincount(truth) / len(truth), atol=1e-3)


def test_the_shipped_network_says_rare_emotions_more_often_the_more_they_are_expected() -> None:
    crops, card = draw_faces(30, seed=3), load_card(find_model_dir())
    assert sum(card.shares) == pytest.approx(1, abs=1e-4)
    rare = int(np.argmin(card.shares))
    said = [load_classifier(find_model_dir(), prior=prior)(crops)[:, rare] for prior in PRIORS]
    assert (said[0] < said[1]).all()
    assert (said[1] < said[2]).all()


def test_a_card_without_shares_has_the_learnt_prior_alone(tmp_path: Path) -> None:
    card = dataclasses.replace(load_card(find_model_dir()), shares=(), expected=(), files={})
    write_card(tmp_path, card)
    assert load_card(tmp_path).factors_for("learnt") == ()
    with pytest.raises(ModelError, match="its card has no shares; use --prior learnt"):
        load_card(tmp_path).factors_for("even")
    with pytest.raises(UsageError, match="prior: 'flat' is unknown, use one of learnt, web, even"):
        load_card(find_model_dir()).factors_for("flat")


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.0, *[1 / 6] * 6), ("many",) * 7])
def test_shares_that_make_no_sense_are_refused(shares: tuple[object, ...], tmp_path: Path) -> None:
    card = load_card(find_model_dir())
    write_card(tmp_path, dataclasses.replace(card, shares=shares, files={}))  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=r"card\.json"):
        load_card(tmp_path)


def test_rows_of_another_prior_are_of_another_run() -> None:
    card = load_card(find_model_dir())
    others = {"sample_fps": None, "detector": HAAR, "max_pixels": 1}
    web, even = (RowSettings.of_model(card, "litert", name, **others) for name in ("web", "even"))
    differing = {key for key, value in web.flat().items() if even.flat()[key] != value}
    assert differing == {"prior", "prior.factors"}
    assert RowSettings.from_dict(web.to_dict()) == web
