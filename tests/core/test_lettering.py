"""Text: accents are there, nothing is cut off, and no name can stop a run."""

from __future__ import annotations

import numpy as np
import pytest

from fer_core.drawing.lettering import draw_text, line_height, split_marks
from fer_core.emotions import EMOTIONS


@pytest.mark.parametrize("size", [10, 16, 40])
@pytest.mark.parametrize(("accented", "plain"), [("è", "e"), ("é", "e"), ("û", "u"), ("ô", "o")])
def test_an_accented_letter_is_the_letter_with_more_ink_above(
    accented: str, plain: str, size: int
) -> None:
    with_mark, without = draw_text(accented, size), draw_text(plain, size)
    assert with_mark.shape == without.shape
    extra = with_mark.astype(int) - without
    assert extra.min() == 0
    assert extra.sum() > 0.05 * without.sum()
    first_row = np.flatnonzero(without.any(axis=1))[0]
    assert extra[first_row + 1 :].sum() < 0.2 * extra.sum()


def test_accents_differ_and_are_no_sign_for_a_missing_letter() -> None:
    drawn = {letter: draw_text(letter, 32).tobytes() for letter in "eèéêë?"}
    assert len(set(drawn.values())) == len(drawn)
    assert draw_text("\u65e5", 32).tobytes() == drawn["?"]


@pytest.mark.parametrize("size", [8, 11, 17, 33, 64])
def test_nothing_is_cut_off(size: int) -> None:
    for text in [name for one in EMOTIONS for name in (one.name, one.french)] + ["Élan ÇÛ gj_|"]:
        mask = draw_text(text, size)
        assert mask.shape[0] == line_height(size)
        assert not mask[0].any()
        assert not mask[-1].any()
        assert not mask[:, 0].any()
        assert not mask[:, -1].any()


def test_letters_and_marks_are_split() -> None:
    assert split_marks("dégoût") == ("degout", [(1, "\u0301"), (4, "\u0302")])
    assert split_marks("œuf – ß") == ("oeuf - ss", [])
    assert split_marks("日a\u0301") == ("?a", [(1, "\u0301")])


@pytest.mark.parametrize(
    "text", ["", " ", "\u0301", "😀👩‍👩‍👧", "العربية", "\x00\n\t", "\udcff", "\uffff"]
)
def test_any_text_can_be_drawn(text: str) -> None:
    assert draw_text(text, 20).shape[0] == line_height(20)
