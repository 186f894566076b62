"""What the model card says of the model that a run used."""

from __future__ import annotations

from typing import Any

from fer_core.emotions import EMOTIONS
from fer_core.model import ModelCard, find_model_dir, load_card

MEASURED = ("valid_without_copies", "ferplus")


def describe_model(run: dict[str, Any]) -> dict[str, Any]:
    """Returns what is known of a run's model.

    Returns:
        `name` and `sha256`; where it is the one that ferbeam ships also `accuracy`, `pictures`
        and `recalls`: emotion, share recognised and how many there were of it.
    """
    known = {"name": run["model"]["name"], "sha256": run["model"]["sha256"][:12], "recalls": []}
    card = load_card(find_model_dir())
    if run["model"]["sha256"] not in card.files.values():
        return known
    return {**known, **_figures_of(card)}


def _figures_of(card: ModelCard) -> dict[str, Any]:
    figures: dict[str, Any] = card.metrics
    for name in MEASURED:
        figures = figures.get(name, {})
    if not figures:
        return {}
    return {
        "accuracy": figures["accuracy"],
        "pictures": figures["pictures"],
        "recalls": [
            (emotion, figures["emotions"][emotion.name]["recall"], int(of["pictures"]))
            for emotion in EMOTIONS
            if (of := figures["emotions"].get(emotion.name))
        ],
    }
