"""`bench-scale` names the stage that grows worst, and calls linear what is."""

from __future__ import annotations

import pytest

from tests.bench.growth import find_worst, grow, print_growth


def test_the_stage_that_grows_worst_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    sizes = 1000, 4000, 16_000
    spent = {
        size: {
            "start": 2.0,
            "even": 0.003 * size,
            "square": 1e-7 * size**2,
            "small": 1e-10 * size**2,
        }
        for size in sizes
    }
    growth = grow(spent)
    assert growth["even"] == pytest.approx((3.0, 1.0))
    assert growth["square"] == pytest.approx((2.0, 4.0))
    assert growth["start"][0] == 0
    assert find_worst(growth) == "square"
    del growth["square"]
    assert find_worst(growth) is None
    print_growth("clips", spent)
    assert "even takes most; square grows worst" in capsys.readouterr().out


def test_two_sizes_are_compared_with_the_first_itself() -> None:
    growth = grow({100: {"a": 1.0, "b": 1.0}, 200: {"a": 2.0, "b": 4.0}})
    assert growth == {"a": (10.0, 1.0), "b": (30.0, 3.0)}
