"""What the model card says of the model that a run used."""

from __future__ import annotations

from typing import Any

from fer_core.emotions import EMOTIONS
from fer_core.model import ModelCard, find_model_dir, load_card
from ferbeam.output.run_file import Run

MEASURED = "without_copies.ferplus"


def describe_model(run: Run) -> dict[str, Any]:
    """Returns what is known of a run's model.

    Returns:
        `name` and `sha256`; where it is the one that ferbeam ships also `accuracy`, `pictures`
        and `recalls`: emotion, share recognised and how many there were of it.
    """
    known = {"name": run.model.name, "sha256": run.model.sha256[:12], "recalls": []}
    card = load_card(find_model_dir())
    if run.model.sha256 not in card.files.values():
        return known
    return {**known, **_figures_of(card)}


def _figures_of(card: ModelCard) -> dict[str, Any]:
    figures = {
        name.removeprefix(f"{MEASURED}."): value
        for name, value in card.metrics.items()
        if name.startswith(f"{MEASURED}.")
    }
    if not figures:
        return {}
    shown = [emotion.name for emotion in EMOTIONS]
    return {
        "accuracy": figures["accuracy"],
        "pictures": int(figures["pictures"]),
        "recalls": [
            (
                emotion,
                figures[f"recall_{emotion.name}"],
                int(sum(figures[f"confusion_{emotion.name}_as_{name}"] for name in shown)),
            )
            for emotion in EMOTIONS
        ],
    }
