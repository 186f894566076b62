"""What a run notes below `.spans` for the next one: what it planned, and which copies are there.

A note that is damaged is as good as none: what it would have spared is done once more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct
from msgspec.json import decode

from fer_core.records import Failure
from ferbeam.output.checked_files import read_checked
from ferbeam.output.folder import Output

MOST_BYTES = 64 * 2**20
"""Enough for the plan of a video of weeks."""


class Plan(Struct, frozen=True):
    """The plan of a group of media.

    Attributes:
        media: name, size in bytes, time of change and identity of each that opened.
        listed: number of media of the group.
        spans: frames to sample, by the key of the span.
        readings: number of readings.
    """

    media: list[tuple[str, int, int, str]] = []
    listed: int = 0
    spans: dict[str, int] = {}
    readings: int = 0


class Copies(Struct, frozen=True):
    """The copies of a group that are there: in place, or aside until the run puts them there.

    Attributes:
        key: what they follow from.
        sums: SHA-256 of each copy and contact sheet, by its path below OUTPUT.
        lacking: what they lack, as rows of `failures`.
        failed: whether some could not be made, so that the next run tries all of them again.
    """

    key: str = ""
    sums: dict[str, str] = {}
    lacking: list[Failure] = []
    failed: bool = False


Facts = dict[str, str | int | float | bool | None]
"""The settings that an OUTPUT belongs to."""
Note = TypeVar("Note", Plan, Copies, Facts)


def read_plan(output: Output, group: str) -> Plan:
    """Reads the plan of a group; an empty one where there is none."""
    return _read(output, output.plan_path(group), Plan) or Plan()


def forget_spans(output: Output, group: str, which: Callable[[str], bool] | None = None) -> int:
    """Removes the committed spans of a group, so that they are made anew; returns how many.

    Args:
        output: that holds them.
        group: key of the group.
        which: tells by its key whether a span goes; None for all.
    """
    keys = [key for key in read_plan(output, group).spans if which is None or which(key)]
    paths = [output.span_path(key) for key in keys if output.exists(output.span_path(key))]
    output.remove(*paths)
    return len(paths)


def read_copies(output: Output, group: str) -> Copies:
    """Reads which copies of a group are in place; none where nothing says so."""
    return _read(output, output.copies_path(group), Copies) or Copies()


def read_made(output: Output, key: str) -> Copies | None:
    """Reads which copies of a key are made and not yet all in place; None where none are."""
    return _read(output, output.made_path(key), Copies)


def read_settings(output: Output, path: str) -> Facts | None:
    """Reads the settings that an OUTPUT belongs to; None where nothing says so."""
    return _read(output, path, Facts)


def _read(output: Output, path: str, kind: type[Note]) -> Note | None:
    try:
        return decode(read_checked(output, path[len(output.path("")) :], MOST_BYTES), type=kind)
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return None
