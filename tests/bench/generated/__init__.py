"""Clips with known faces for the benches: who is seen where in every frame follows from a seed."""

from tests.bench.generated.clip import make_clip, paste_clip
from tests.bench.generated.scenarios import ENCOUNTERS, SCENARIOS, Scenario
from tests.bench.generated.truth import Score, TrueFace, Truth, score_boxes

__all__ = [
    "ENCOUNTERS",
    "SCENARIOS",
    "Scenario",
    "Score",
    "TrueFace",
    "Truth",
    "make_clip",
    "paste_clip",
    "score_boxes",
]
