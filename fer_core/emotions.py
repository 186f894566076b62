"""The seven emotions, in the one order used everywhere, with their names, emoji and colours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Emotion:
    """One emotion.

    Attributes:
        index: position in every score vector, from 0.
        name: the English name, as written to the tables.
        french: the French name.
        emoji: one Unicode emoji.
        colour: `#rrggbb`, told apart by colour-blind readers too (after Okabe and Ito, 2008).
    """

    index: int
    name: str
    french: str
    emoji: str
    colour: str


EMOTIONS: tuple[Emotion, ...] = (
    Emotion(0, "angry", "colère", "😠", "#d55e00"),
    Emotion(1, "disgust", "dégoût", "🤢", "#009e73"),
    Emotion(2, "fear", "peur", "😨", "#cc79a7"),
    Emotion(3, "happy", "joie", "😄", "#e69f00"),
    Emotion(4, "neutral", "neutre", "😐", "#7f7f7f"),
    Emotion(5, "sad", "tristesse", "😢", "#0072b2"),
    Emotion(6, "surprise", "surprise", "😲", "#56b4e9"),
)
NAMES: tuple[str, ...] = tuple(emotion.name for emotion in EMOTIONS)
"""English names in order: what the column `emotion` holds."""


def emotion_named(name: str) -> Emotion:
    """Returns the emotion with this English name.

    Raises:
        KeyError: no emotion has this name.
    """
    for emotion in EMOTIONS:
        if emotion.name == name:
            return emotion
    raise KeyError(name)
