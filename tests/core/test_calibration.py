"""The temperature, and the error of a confidence."""

from __future__ import annotations

import numpy as np
import pytest

from fer_core.learn.calibration import calibration_error, fit_temperature, vote_calibration_error


def test_the_temperature_brings_confidence_to_the_share_of_votes() -> None:
    rng = np.random.default_rng(0)
    true_logits = rng.normal(0, 1.5, (4000, 7)).astype(np.float32)
    powers = np.exp(true_logits)
    shares = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    assert fit_temperature(true_logits * 3, shares) == pytest.approx(3, abs=0.01)
    assert vote_calibration_error(shares, shares) == pytest.approx(0, abs=1e-6)


def test_calibration_error_of_a_constant_overconfidence() -> None:
    confidence = np.linspace(0.5, 0.9, 150, dtype=np.float32)
    assert calibration_error(confidence, confidence - 0.2) == pytest.approx(0.2, abs=1e-6)
