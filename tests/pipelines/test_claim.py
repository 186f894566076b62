"""Rows of other settings are refused with the difference, and the way out that fits it."""

from __future__ import annotations

import pytest

from fer_core.errors import SettingsError
from ferbeam.control.claim import SETTINGS, begin_anew, refuse_difference
from ferbeam.output.folder import Folder, Output
from ferbeam.output.put_tables import PUT

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


def test_what_was_begun_anew_goes_on_and_is_not_begun_again(
    claimed: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where `--overwrite` is in the command of every night, and one night it was killed."""
    span = claimed.span_path("0" * 32)
    names = ("run.json", PUT, "faces/part-00000.parquet")

    def fill() -> None:
        for name in names:
            claimed.write(claimed.path(name), b"")
        claimed.write_json(claimed.path(SETTINGS), HELD)
        claimed.write(span, b"")

    fill()
    removed, remove = list[str](), Folder.remove

    def stop_after_one(folder: Folder, *paths: str) -> None:
        remove(folder, *paths)
        removed.extend(paths)
        if len(removed) == 2:  # what is to be put in place, and the settings
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Folder, "remove", stop_after_one)
        with pytest.raises(KeyboardInterrupt):
            begin_anew(claimed, HELD)
    assert claimed.exists(span)
    begin_anew(claimed, HELD)
    assert not any(claimed.exists(claimed.path(name)) for name in names)
    assert not claimed.exists(span)
    claimed.write_json(claimed.path(SETTINGS), HELD)
    claimed.write(span, b"")
    begin_anew(claimed, HELD)
    assert claimed.exists(span)
    begin_anew(claimed, {**HELD, "sample_fps": "5"})
    assert not claimed.exists(span)
