"""How often expressions are expected: scores taken from one expectation to another.

A classifier's scores hold what it sees, and how often it expects each emotion. Where emotions come
otherwise, each score is multiplied by how much more often its emotion is expected
there, and they are made to sum to 1 again: Bayes' rule, for calibrated scores (Saerens, Latinne and
Decaestecker 2002, Neural Computation 14).
"""

from __future__ import annotations

from fer_core.errors import UsageError

LEARNT = "learnt"
"""As often as people called the training pictures so."""
WEB = "web"
"""Between both: the network's own scores, less a part of the logarithm of how often people called
the training pictures so."""
WEB_POWER = 0.7
"""That part: it serves posed and web pictures best together, see models/README.md."""
EVEN = "even"
"""All emotions alike."""
PRIORS = (LEARNT, WEB, EVEN)
DEFAULT_PRIOR = WEB
"""Chosen by pictures that are not FER2013's: see models/README.md."""


def score_factors(
    shares: tuple[float, ...], expected: tuple[float, ...], prior: str
) -> tuple[float, ...]:
    """Returns what scores are multiplied by for a prior, none where nothing is to be changed.

    Args:
        shares: how often people called the training pictures so, seven shares above 0.
        expected: how often the network's own scores expect each emotion, likewise: something else
            where it was shown rare emotions more often, or had teachers.
        prior: one of PRIORS.

    Raises:
        UsageError: the prior is unknown.
    """
    if prior not in PRIORS:
        raise UsageError(f"prior: '{prior}' is unknown, use one of {', '.join(PRIORS)}")
    if prior == LEARNT:
        told = zip(shares, expected, strict=True)
        return () if shares == expected else tuple(share / own for share, own in told)
    if prior == WEB:
        return tuple(share**-WEB_POWER for share in shares)
    return tuple(1 / own for own in expected)
