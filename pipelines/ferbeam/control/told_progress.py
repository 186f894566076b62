"""Tells a function of the caller's how far a run is."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ferbeam.output.commit_watch import CommitWatch
from ferbeam.output.run_file import Run

log = logging.getLogger("ferbeam")


class ToldProgress:
    """Tells what has changed; notes go to the log `ferbeam`.

    Args:
        tell: takes how much is done, of how much, and of what; None for nobody.
    """

    def __init__(self, tell: Callable[[int, int, str], object] | None) -> None:
        self._tell = tell
        self._told: dict[str, tuple[int, int]] = {}

    def start(self, watch: CommitWatch, media: int, renders: bool) -> None:
        """Begins; see `Progress`."""
        self._watch, self._media, self._renders = watch, media, renders

    def update(self) -> None:
        """Tells every stage that has come further."""
        if self._tell is None:
            return
        for stage, (done, total) in self._watch.stages(self._media, self._renders).items():
            if total and self._told.get(stage) != (done, total):
                self._told[stage] = done, total
                self._tell(done, total, stage)

    def note(self, line: str) -> None:
        """Logs a line that a person should read."""
        log.warning(line)

    def stop(self) -> None:
        """Tells the last state."""
        self.update()

    def ended(self, run: Run | None, error: BaseException | None) -> None:
        """Tells nothing: the call returns, or raises."""
