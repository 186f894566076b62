"""Puts the copies of a run in place, so that no kill leaves some that `run.json` does not tell of.

Until then they are kept aside. First goes what tells of the copies that were there: a report, and
what `run.json` says of them where the new ones look otherwise; then each group's note, its files,
and its note again. `run.json` of the run that made them is written after all of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import msgspec

from ferbeam.output.folder import Output
from ferbeam.output.notes import read_made
from ferbeam.output.remove_stale import sweep_copies, sweep_report
from ferbeam.output.run_file import Run, find_run, write_run

AT_ONCE = 16
"""Groups whose copies are put in place at once in a store, which takes its time for each."""


def place_copies(output: Output, run: Run, groups: Iterable[tuple[str, str]]) -> None:
    """Puts the copies of a run in place, and takes away those of an earlier one.

    Args:
        output: where they go.
        run: which made them, before its `run.json` is written.
        groups: the groups of its tables, each with the key of its copies.

    Raises:
        FerError: what is not ours has come where one is to lie, or the disk refuses its name.
    """
    sweep_report(output, run)
    _withdraw(output, run)
    sweep_copies(output, run)
    names = {*output.list_names(".spans", "made")}
    made = [(group, key) for group, key in groups if f"{key}.json" in names]
    if output.is_local:
        for group, key in made:
            _place_group(output, group, key)
        return
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda pair: _place_group(output, *pair), made))


def _withdraw(output: Output, run: Run) -> None:
    """Lets `run.json` of the earlier run say nothing of copies that will be others."""
    held = find_run(output)
    if held is not None and held.render is not None and held.render != run.render:
        write_run(output, msgspec.structs.replace(held, render=None))


def _place_group(output: Output, group: str, key: str) -> None:
    """Puts the copies of a group in place; what a killed run has put there already stays."""
    made = read_made(output, key)
    if made is None:
        return
    note = output.copies_path(group)
    with suppress(FileNotFoundError):
        output.remove(note)
    for name in made.sums:
        aside = output.made_path(key, name)
        if output.exists(aside):
            output.move(aside, output.path(name))
    output.write_json(note, msgspec.to_builtins(made))
    output.remove(output.made_path(key))
