"""How often expressions are expected: scores taken from one expectation to another.

A classifier's scores hold what it sees, and how often each emotion came when it learnt. Where
emotions come otherwise, each score is multiplied by how much more often its emotion is expected
there, and they are made to sum to 1 again: Bayes' rule, for calibrated scores (Saerens, Latinne and
Decaestecker 2002, Neural Computation 14).
"""

from __future__ import annotations

from fer_core.errors import UsageError

LEARNT = "learnt"
PRIORS = {LEARNT: 0.0, "web": 0.5, "even": 1.0}
"""How far each goes from the shares that the network learnt (0) to all emotions alike (1).

`web` is half way, the geometric mean of both.
"""
DEFAULT_PRIOR = "web"
"""Chosen by pictures that are not FER2013's: see models/README.md."""


def score_factors(learnt: tuple[float, ...], prior: str) -> tuple[float, ...]:
    """Returns what scores are multiplied by for a prior, none for LEARNT.

    Args:
        learnt: how often each emotion came when the network learnt, seven shares above 0.
        prior: one of PRIORS.

    Raises:
        UsageError: the prior is unknown.
    """
    if prior not in PRIORS:
        raise UsageError(f"prior: '{prior}' is unknown, use one of {', '.join(PRIORS)}")
    return () if prior == LEARNT else tuple(share ** -PRIORS[prior] for share in learnt)
