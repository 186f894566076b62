"""Rows of other settings are refused with the difference, and the way out that fits it."""

from __future__ import annotations

import pytest

from fer_core.errors import SettingsError
from ferbeam.control.claim import refuse_difference

HELD = {"INPUT": "/a", "sample_fps": "10", "detector": "yunet", "detector.revision": 12}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"INPUT": "/b"}, "INPUT was /a, is /b. .* where INPUT has moved, add --input-moved$"),
        ({"INPUT": "/b", "sample_fps": "5"}, "sample_fps was 10, is 5. .* with --overwrite$"),
        (
            {"detector.revision": 13},
            "this version finds faces in another way: detector.revision was 12, is 13",
        ),
        (
            {"detector": "haar", "detector.revision": 3},
            "another run: detector was yunet, is haar. Choose",
        ),
    ],
)
def test_each_difference_has_its_way_out(changed: dict[str, object], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        refuse_difference(HELD, {**HELD, **changed}, moved=False)


def test_what_has_moved_is_no_difference_where_that_is_said() -> None:
    refuse_difference(HELD, {**HELD, "INPUT": "/b"}, moved=True)
