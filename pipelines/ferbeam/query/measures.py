"""What is measured of a viewer: the seven emotions, and what is made of them."""

from __future__ import annotations

from fer_core.emotions import NAMES

POSITIVE, NEGATIVE = ("happy",), ("angry", "disgust", "fear", "sad")
"""What a service team reads as satisfied or not; neutral and surprise are neither."""

MEASURES = (*NAMES, "positive", "negative", "valence")
